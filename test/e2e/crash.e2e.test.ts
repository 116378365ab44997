// @promise chain:recorded-before-run
// @promise chain:no-silent-loss
import { beforeAll, describe, expect, test } from "vitest";
import { type AgentHost, silent, type TestAgent } from "../support/server/agent.ts";
import { type Chain, NOTHING } from "../support/server/client.ts";
import type { MeshServer } from "../support/server/mesh.ts";
import { staged } from "../support/server/staged.ts";
import { until } from "../support/server/until.ts";

const ROUNDS = 10;
const CALLS = 100;
const WAVE = 4;
/** The caller's lease is 13 seconds, the leaf's six, and a restart may give one more. */
const LEASES_MS = 40_000;

let mesh: MeshServer;
let host: AgentHost;

staged((stage) => ({ mesh, host } = stage));

function ended(id: string): () => Promise<Chain | false> {
  return async () => {
    const chain = await mesh.client.chain(id);
    return chain.hops.open === 0 && chain;
  };
}

describe("kill -9 in the middle of a chain of a hundred hops, ten times over", () => {
  let leaf: TestAgent;
  /** Asked at every call of the leaf, before it answers. */
  let atLeaf: () => void = () => undefined;
  let caller: TestAgent;
  const chains: string[] = [];

  beforeAll(async () => {
    const answer = (input: unknown) => {
      atLeaf();
      return input;
    };
    leaf = await host.agent("leaf", answer, { timeoutMs: 1_000, estimate: { tokens: 10, costMicros: 3 } });
    const handler = async (_: unknown, call: { invoke: (agent: string, input: unknown) => Promise<unknown> }) => {
      for (let done = 0; done < CALLS; done += WAVE) {
        await Promise.all(Array.from({ length: WAVE }, (_, place) => call.invoke("leaf", done + place)));
      }
    };
    caller = await host.agent("caller", handler, { timeoutMs: 8_000 });
  });

  /** Starts a chain, and crashes the server when its leaf was reached `after` times. */
  async function crashAfter(after: number): Promise<string> {
    const known = leaf.calls.length;
    const invoked = mesh.client.invoke("caller", null, { budget: { hops: 200 } }).then(
      (reply) => reply.status,
      () => "the connection broke",
    );
    await new Promise<void>((crashed) => {
      atLeaf = () => {
        if (leaf.calls.length === known + after) crashed(mesh.crash());
      };
    });
    expect(await invoked).toBe("the connection broke");
    return leaf.calls[known]?.chainId ?? "";
  }

  test("every callee that was reached has its hop in the ledger", async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const id = await crashAfter(5 + round * 9);
      chains.push(id);
      await mesh.restart();
      const recorded = new Set((await mesh.client.graph(id)).hops.map((hop) => hop.hopId));
      const reached = [...caller.callsOf(id), ...leaf.callsOf(id)].map((call) => call.hopId);
      expect(reached.length).toBeGreaterThan(5 + round * 9);
      expect(reached.filter((hopId) => !recorded.has(hopId))).toEqual([]);
    }
    expect(new Set(chains).size).toBe(ROUNDS);
  });

  test("once the leases are over no hop is open, nothing is reserved, and every hop is accounted for", async () => {
    for (const id of chains) {
      const chain = await until(`chain ${id} has no open hop`, ended(id), LEASES_MS);
      expect(chain.status).not.toBe("running");
      expect(chain.reserved).toEqual(NOTHING);
      expect(chain.overrun).toEqual(NOTHING);
      const { hops } = await mesh.client.graph(id);
      expect(hops.map((hop) => hop.status)).not.toContain("open");
      expect(chain.spent.hops).toBe(hops.length);
      expect(hops.filter((hop) => hop.status === "lost").length).toBeGreaterThan(0);
      // Whoever was lost is charged its whole reservation: 10 tokens for each leaf of which nothing is known.
      const unknown = hops.filter((hop) => hop.callee === "leaf" && hop.status !== "done");
      expect(chain.spent.tokens).toBe(10 * unknown.length);
    }
  });

  test("the server still runs new chains", async () => {
    atLeaf = () => undefined;
    const reply = await mesh.client.invoke("caller", null, { budget: { hops: 200 } });
    expect(reply.result.usage.hops).toBe(CALLS + 1);
  });
});

describe("an Idempotency-Key after kill -9", () => {
  const under = (key: string) => ({ headers: { "idempotency-key": key } });

  test("answers a request that had settled with the same answer, and runs nothing", async () => {
    const once = await host.agent("once", (_, call) => ({ ran: call.hopId, text: "Grüße \u0000" }));
    const first = await mesh.client.invoke("once", { a: 1 }, {}, under("settled-1"));
    expect(first.status).toBe(200);
    await mesh.crash();
    await mesh.restart();
    const again = await mesh.client.invoke("once", { a: 1 }, {}, under("settled-1"));
    expect([again.status, again.text]).toEqual([200, first.text]);
    expect(once.calls).toHaveLength(1);
  });

  test("answers a request that was in flight with its loss, and never runs it a second time", async () => {
    const slow = await host.agent("slow", silent, { timeoutMs: 1_000 });
    const broken = mesh.client.invoke("slow", { a: 1 }, {}, under("in-flight-1")).catch(() => "broken");
    const { chainId } = await until("the agent is reached", () => slow.calls[0]);
    await mesh.crash();
    expect(await broken).toBe("broken");
    await mesh.restart();
    const again = await mesh.client.invoke("slow", { a: 1 }, {}, under("in-flight-1"));
    expect(again.problem.status).toBeGreaterThanOrEqual(500);
    expect(again.chainId).toBe(chainId);
    expect((await mesh.client.invoke("slow", { a: 1 }, {}, under("in-flight-1"))).text).toBe(again.text);
    expect(slow.calls).toHaveLength(1);
    const chain = await mesh.client.chain(chainId);
    expect(chain).toMatchObject({ status: "failed", reserved: NOTHING, hops: { open: 0, lost: 1 } });
  });
});
