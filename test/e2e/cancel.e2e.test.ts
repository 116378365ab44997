import { describe, expect, test } from "vitest";
import { type AgentHost, type Handler, relay, silent, sleep } from "../support/server/agent.ts";
import { NOTHING } from "../support/server/client.ts";
import type { MeshServer } from "../support/server/mesh.ts";
import { staged } from "../support/server/staged.ts";
import { until } from "../support/server/until.ts";

const SECOND = 1_000;

let mesh: MeshServer;
let host: AgentHost;

staged((stage) => ({ mesh, host } = stage));

/** Calls on, and answers nothing whatever comes of it. */
function stubborn(next: string): Handler {
  return (input, call) => {
    call.invoke(next, input).catch(() => undefined);
    return silent(input, call);
  };
}

describe.concurrent("a hop that runs", () => {
  test("is aborted within a second when its chain is cancelled, and so is all below it", async ({ expect }) => {
    const bottom = await host.agent("cancel-bottom", silent);
    const middle = await host.agent("cancel-middle", stubborn("cancel-bottom"));
    const top = await host.agent("cancel-top", stubborn("cancel-middle"), { estimate: { tokens: 100 } });
    const invoked = mesh.client.invoke("cancel-top", null);
    const { chainId, token } = await until("the bottom is reached", () => bottom.calls[0]);
    await sleep(SECOND);
    const cancelledAt = Date.now();
    const cancelled = await mesh.client.cancel(chainId);
    expect(cancelled.body).toMatchObject({ chainId, status: "cancelled" });

    const reply = await invoked;
    expect(Date.now() - cancelledAt).toBeLessThan(SECOND);
    expect(reply.problem).toMatchObject({ code: "chain_cancelled", status: 409, chainId });
    for (const agent of [top, middle, bottom]) {
      const closedAt = await until(`${agent.name} is let go`, () => agent.calls[0]?.closedAt(), SECOND);
      expect(closedAt - cancelledAt).toBeLessThan(SECOND);
    }
    const chain = await mesh.client.chain(chainId);
    expect(chain).toMatchObject({ status: "cancelled", reserved: NOTHING, hops: { open: 0, cancelled: 3 } });
    // Nobody knows what it used: the estimate is charged.
    expect(chain.spent.tokens).toBe(100);
    const { hops } = await mesh.client.graph(chainId);
    expect(hops.map((hop) => hop.status)).toEqual(["cancelled", "cancelled", "cancelled"]);
    expect((await mesh.client.as(token).invoke("echo", 1)).problem.code).toBe("token_invalid");
  });

  test("and says nothing times out with 504", async ({ expect }) => {
    const mute = await host.agent("mute", silent, { timeoutMs: SECOND });
    const startedAt = Date.now();
    const reply = await mesh.client.invoke("mute", null);
    expect(reply.problem).toMatchObject({ code: "deadline_exceeded", status: 504 });
    expect(Date.now() - startedAt).toBeLessThan(3 * SECOND);
    await until("its connection is closed", () => mute.calls[0]?.closedAt(), SECOND);
    const chain = await mesh.client.chain(reply.chainId);
    expect(chain).toMatchObject({ status: "failed", reserved: NOTHING, hops: { open: 0, error: 1 } });
    const [hop] = (await mesh.client.graph(reply.chainId)).hops;
    expect(hop).toMatchObject({ status: "error", code: "deadline_exceeded" });
  });

  test("below another one times out alone: its caller hears 504 and goes on", async ({ expect }) => {
    await host.agent("mute-below", silent, { timeoutMs: SECOND });
    await host.agent("patient", relay("mute-below"));
    const reply = await mesh.client.invoke("patient", null);
    expect(reply.result.output).toMatchObject({ status: 504, body: { code: "deadline_exceeded" } });
    expect((await mesh.client.chain(reply.result.chainId)).status).toBe("done");
  });

  test("is cancelled when its caller answers without waiting for it", async ({ expect }) => {
    const abandoned = await host.agent("abandoned", silent);
    let heard: Promise<number> | undefined;
    await host.agent("hasty", async (_, call) => {
      heard = call.invoke("abandoned", null).then((reply) => reply.status);
      await until("the callee runs", () => abandoned.calls[0]);
      await sleep(SECOND);
      return "done without you";
    });
    const reply = await mesh.client.invoke("hasty", null);
    const answeredAt = Date.now();
    expect(reply.result.output).toBe("done without you");
    const closedAt = await until("the callee is let go", () => abandoned.calls[0]?.closedAt(), 2 * SECOND);
    expect(closedAt - answeredAt).toBeLessThan(SECOND);
    expect(await heard).toBe(409);
    const { hops } = await mesh.client.graph(reply.result.chainId);
    expect(hops.map((hop) => [hop.callee, hop.status, hop.code])).toEqual([
      ["hasty", "done", null],
      ["abandoned", "cancelled", "chain_cancelled"],
    ]);
    const chain = await mesh.client.chain(reply.result.chainId);
    expect(chain).toMatchObject({ status: "done", reserved: NOTHING });
  });

  test("goes on when the client of a JSON call leaves", async ({ expect }) => {
    const steady = await host.agent("steady", async () => sleep(2 * SECOND, "nobody listens"));
    const client = new AbortController();
    const left = mesh.client.invoke("steady", null, {}, { signal: client.signal }).catch(() => "left");
    const { chainId } = await until("the agent is reached", () => steady.calls[0]);
    client.abort();
    expect(await left).toBe("left");
    await until("the chain is done", async () => (await mesh.client.chain(chainId)).status === "done");
    expect(steady.calls[0]?.closedAt()).toBeUndefined();
  });
});

describe("a chain that has ended", () => {
  test("can't be cancelled", async () => {
    const { chainId } = (await mesh.client.invoke("echo", 1)).result;
    expect((await mesh.client.cancel(chainId)).problem).toMatchObject({ code: "chain_closed", status: 409 });
    expect((await mesh.client.chain(chainId)).status).toBe("done");
  });
});
