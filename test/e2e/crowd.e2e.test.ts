import { describe, expect, test } from "vitest";
import type { AgentHost } from "../support/server/agent.ts";
import type { MeshServer } from "../support/server/mesh.ts";
import { staged } from "../support/server/staged.ts";

/** Requests of one isolate share flights to the ledger and places at agents: what only a crowd shows. */
let mesh: MeshServer;
let host: AgentHost;

staged((stage) => ({ mesh, host } = stage));

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe("a crowd of root calls", () => {
  test("is answered to the last, each with its own output", async () => {
    const replies = await Promise.all(Array.from({ length: 300 }, (_, place) => mesh.client.invoke("echo", place)));
    expect(replies.map((reply) => reply.result.output)).toEqual(replies.map((_, place) => place));
  });

  test("never has more calls open at an agent than its maxConcurrency, and the others wait their turn", async () => {
    let open = 0;
    let most = 0;
    const answer = async (input: unknown) => {
      open += 1;
      most = Math.max(most, open);
      await pause(50);
      open -= 1;
      return input;
    };
    await host.agent("narrow", answer, { maxConcurrency: 2 });
    const replies = await Promise.all(Array.from({ length: 10 }, (_, place) => mesh.client.invoke("narrow", place)));
    expect(replies.map((reply) => reply.status)).toEqual(Array(10).fill(200));
    expect(most).toBe(2);
  });

  test("is told to come back later when an agent stays busy for longer than a second", async () => {
    await host.agent("slow", () => pause(1_800), { maxConcurrency: 1 });
    const replies = await Promise.all([1, 2].map((input) => mesh.client.invoke("slow", input)));
    const refused = replies.find((reply) => reply.status !== 200);
    expect(replies.filter((reply) => reply.status === 200)).toHaveLength(1);
    expect(refused?.status).toBe(429);
    expect(refused?.headers.get("retry-after")).toBe("1");
    expect(refused?.headers.get("ratelimit")).toMatch(/r=0;t=1/);
  });
});
