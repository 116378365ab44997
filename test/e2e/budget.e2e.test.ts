// @promise chain:budget-exact
import { beforeAll, describe, expect, test } from "vitest";
import { type AgentHost, gate, type Handler, type TestAgent, Used } from "../support/server/agent.ts";
import { NOTHING, type Problem, type Reply } from "../support/server/client.ts";
import type { MeshServer } from "../support/server/mesh.ts";
import { staged } from "../support/server/staged.ts";
import { until } from "../support/server/until.ts";

const WIDE = { maxConcurrency: 1_000 };

let mesh: MeshServer;
let host: AgentHost;
let leaf: TestAgent;
let scripts = 0;

staged((stage) => ({ mesh, host } = stage));
beforeAll(async () => {
  leaf = await host.agent("leaf", (input) => input, WIDE);
  await host.agent("fan", async (input, call) => {
    const { calls } = input as { calls: number };
    const replies = await Promise.all(Array.from({ length: calls }, (_, place) => call.invoke("leaf", place)));
    return { done: replies.filter((reply) => reply.status === 200).length, problems: problemsOf(replies) };
  });
});

function problemsOf(replies: readonly Reply[]): Problem[] {
  return replies.filter((reply) => reply.status !== 200).map((reply) => reply.problem);
}

describe("hops", () => {
  test("200 parallel calls against a budget of 50 run exactly 50", async () => {
    const reply = await mesh.client.invoke("fan", { calls: 200 }, { budget: { hops: 51, concurrency: 1_000 } });
    const { done, problems } = reply.result.output as { done: number; problems: Problem[] };
    expect(done).toBe(50);
    expect(problems).toHaveLength(150);
    for (const problem of problems) {
      expect(problem).toMatchObject({ code: "budget_exceeded", status: 402, dimension: "hops", limit: 51, actual: 52 });
      expect(problem.retryable).toBe(false);
    }
    expect(leaf.callsOf(reply.result.chainId)).toHaveLength(50);
    const chain = await mesh.client.chain(reply.result.chainId);
    expect(chain.hops).toMatchObject({ open: 0, done: 51, rejected: 150 });
    expect([chain.spent.hops, chain.overrun.hops, chain.reserved]).toEqual([51, 0, NOTHING]);
    expect((await mesh.client.graph(chain.chainId)).hops.filter((hop) => hop.status === "rejected")).toHaveLength(150);
  });

  test("the root hop counts as one of them", async () => {
    expect((await mesh.client.invoke("leaf", 1, { budget: { hops: 1 } })).status).toBe(200);
    const problem = (await mesh.client.invoke("leaf", 1, { budget: { hops: 0 } })).problem;
    expect(problem).toMatchObject({ code: "budget_exceeded", dimension: "hops", limit: 0, actual: 1 });
  });
});

describe("an allowance", () => {
  /** Calls `leaf` until it is refused. */
  const exhaust: Handler = async (_, call) => {
    for (let done = 0; ; done++) {
      const reply = await call.invoke("leaf", done);
      if (reply.status !== 200) return { done, problem: reply.problem };
    }
  };
  beforeAll(async () => {
    await host.agent("spender", exhaust);
  });

  test("holds for the callee and all below it, the callee itself included", async () => {
    await host.within(async (call) => {
      const reply = await call.invoke("spender", null, { allowance: { hops: 4 } });
      expect(reply.result.output).toMatchObject({ done: 3, problem: { dimension: "hops", limit: 4, actual: 5 } });
      expect(reply.result.usage.hops).toBe(4);
    });
  });

  test("that is larger than what is left is refused, and nothing runs", async () => {
    await host.within(
      async (call) => {
        const { problem } = await call.invoke("spender", null, { allowance: { hops: 10 } });
        expect(problem).toMatchObject({ code: "budget_exceeded", dimension: "hops" });
        expect((await call.invoke("leaf", 1)).status).toBe(200);
      },
      { budget: { hops: 10 } },
    );
  });

  test("within an allowance takes from that one, and gives back what it did not use", async () => {
    await host.agent("middle", async (_, call) => {
      const tooMuch = await call.invoke("leaf", 1, { allowance: { hops: 5 } });
      const held = gate();
      const inner = await host.agent(`inner-${scripts++}`, held.handler);
      const running = call.invoke(inner.name, 1, { allowance: { hops: 4 } });
      await until("the inner hop runs", () => inner.calls[0]);
      const beside = await call.invoke("leaf", 2);
      const chain = await mesh.client.chain(call.chainId);
      held.open();
      await running;
      const after = (await exhaust(null, call)) as { done: number };
      return { tooMuch: tooMuch.status, beside: beside.status, chain, after: after.done };
    });
    const { chain } = await host.within(async (call) => {
      const { output } = (await call.invoke("middle", null, { allowance: { hops: 5 } })).result;
      expect(output).toMatchObject({ tooMuch: 402, beside: 402, after: 3 });
      // Root, middle and inner are spent; the three that inner may still make are held.
      expect(output).toMatchObject({ chain: { spent: { hops: 3 }, reserved: { hops: 3 } } });
    });
    expect(chain.reserved).toEqual(NOTHING);
  });

  test("that was overrun takes from above, and stops further calls under it alone", async () => {
    await host.agent("greedy", () => new Used("ate", { tokens: 150 }), WIDE);
    await host.agent("parent", async (_, call) => {
      await call.invoke("greedy", null);
      return (await call.invoke("leaf", null)).problem;
    });
    const { chain } = await host.within(async (call) => {
      const { output } = (await call.invoke("parent", null, { allowance: { tokens: 100 } })).result;
      expect(output).toMatchObject({ code: "budget_exceeded", dimension: "tokens" });
      expect((await call.invoke("leaf", null)).status).toBe(200);
    });
    const { spent, overrun } = chain;
    expect([spent.tokens, overrun.tokens]).toEqual([150, 0]);
  });
});

describe("tokens and cost", () => {
  test("that callees report are summed up to the root", async () => {
    await host.agent("paid", () => new Used(1, { tokens: 300, costMicros: 7_000 }));
    const { chain, result } = await host.within(async (call) => {
      const { usage } = (await call.invoke("paid", null)).result;
      expect(usage).toMatchObject({ hops: 1, tokens: 300, costMicros: 7_000 });
      await call.invoke("paid", null);
    });
    expect(result.usage).toMatchObject({ hops: 3, tokens: 600, costMicros: 14_000 });
    const { spent } = chain;
    expect(spent).toMatchObject({ hops: 3, tokens: 600, costMicros: 14_000 });
  });

  test("are reserved by the callee's estimate while it runs", async () => {
    const held = gate();
    const estimated = await host.agent("estimated", held.handler, { estimate: { tokens: 400, costMicros: 50 } });
    const { chain } = await host.within(
      async (call) => {
        const two = [call.invoke("estimated", 1), call.invoke("estimated", 2)];
        await until("both run", () => estimated.calls.length === 2);
        const { reserved, spent } = await mesh.client.chain(call.chainId);
        expect([reserved.tokens, reserved.costMicros, spent.tokens]).toEqual([800, 100, 0]);
        const { problem } = await call.invoke("estimated", 3);
        expect(problem).toMatchObject({ dimension: "tokens", limit: 1_000, actual: 1_200 });
        held.open();
        await Promise.all(two);
        expect((await call.invoke("estimated", 4)).status).toBe(200);
      },
      { budget: { tokens: 1_000 } },
    );
    expect([chain.reserved, chain.spent.tokens]).toEqual([NOTHING, 0]);
  });

  test("beyond the budget are recorded as overrun, and the next call is refused", async () => {
    await host.agent("glutton", () => new Used("burp", { tokens: 1_500 }));
    const { chain } = await host.within(
      async (call) => {
        expect((await call.invoke("glutton", null)).result.usage.tokens).toBe(1_500);
        expect((await call.invoke("leaf", null)).problem).toMatchObject({ code: "budget_exceeded", status: 402 });
      },
      { budget: { tokens: 1_000 } },
    );
    const { spent, overrun, reserved } = chain;
    expect([spent.tokens, overrun.tokens]).toEqual([1_000, 500]);
    expect(reserved).toEqual(NOTHING);
  });

  test("that a hop gives back cover what another one overran, once the chain has ended", async () => {
    const held = gate();
    const estimated = await host.agent("returns", held.handler, { estimate: { tokens: 400 } });
    await host.agent("hungry", () => new Used("ate", { tokens: 900 }));
    const { chain } = await host.within(
      async (call) => {
        const running = call.invoke("returns", null);
        await until("it runs", () => estimated.calls[0]);
        await call.invoke("hungry", null);
        const { spent, reserved, overrun } = await mesh.client.chain(call.chainId);
        expect([spent.tokens, reserved.tokens, overrun.tokens]).toEqual([600, 400, 300]);
        held.open();
        await running;
      },
      { budget: { tokens: 1_000 } },
    );
    const { spent, reserved, overrun } = chain;
    expect([spent.tokens, reserved.tokens, overrun.tokens]).toEqual([900, 0, 0]);
  });
});
