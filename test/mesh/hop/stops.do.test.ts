/** Hops that are stopped: by their deadline, by their caller's end, by a cancellation, by a place that does not come free. */
import { describe, expect, it } from "vitest";
import { takeSlot } from "../../../mesh/hop/slots.ts";
import type { ChainItem } from "../../../mesh/index/store.ts";
import { eventually } from "../../support/workers/ledger.ts";
import { freshMesh, rejectionOf, type TestMesh } from "../../support/workers/mesh.ts";

/** What the listener has heard under a word: nothing, listening, aborted. */
function hears({ output }: TestMesh, word: string, what: string): Promise<true> {
  return eventually(
    2_000,
    async () => (await output("listener", { word }, { skill: "heard" })) === what || undefined,
  ) as Promise<true>;
}

describe.concurrent("a request", () => {
  it("is kept alive until the hop that it has begun has ended, once for all that the hop calls", async () => {
    const { call, deferred } = freshMesh();
    const running = call("relay-a", { path: ["sleeper"], input: { ms: 300 } });
    await scheduler.wait(100);
    expect(deferred).toHaveLength(1);
    let ended = false;
    void running.then(() => {
      ended = true;
    });
    await deferred[0];
    expect(ended).toBe(true);
    expect(await running).toMatchObject({ ok: true });
  });
});

describe.concurrent("a deadline", () => {
  it("of the agent makes the hop an error of 504, whose late result is booked once", async () => {
    const { call, chain, graph } = freshMesh();
    const outcome = await call("sleeper", { ms: 900 });
    expect(rejectionOf(outcome).code).toBe("deadline_exceeded");
    expect(await chain(outcome)).toMatchObject({ status: "failed", hops: { error: 1 }, spent: { tokens: 5 } });
    expect((await graph(outcome)).hops).toMatchObject([{ status: "error", code: "deadline_exceeded", late: false }]);

    const late = await eventually(2_000, async () => (await graph(outcome)).hops.find((hop) => hop.late));
    expect(late).toMatchObject({ status: "error", code: "deadline_exceeded", usage: { tokens: 7, hops: 1 } });
    await scheduler.wait(100);
    expect(await chain(outcome)).toMatchObject({ status: "failed", spent: { hops: 1, tokens: 7 }, hops: { error: 1 } });
  });

  it("of the chain makes the hop an error of 504 too, whoever sees it first, and the chain expired", async () => {
    const mesh = freshMesh();
    const call = () => mesh.call("listener", { word: "wall" }, { budget: { wallMs: 400 } });
    const outcomes = await Promise.all(Array.from({ length: 8 }, call));
    expect(outcomes.map((outcome) => rejectionOf(outcome).code)).toEqual(outcomes.map(() => "deadline_exceeded"));
    for (const outcome of outcomes) {
      expect((await mesh.graph(outcome)).hops).toMatchObject([{ status: "error", code: "deadline_exceeded" }]);
      expect(await mesh.chain(outcome)).toMatchObject({ status: "expired", hops: { error: 1, lost: 0 } });
    }
    await hears(mesh, "wall", "aborted");
  });

  it("of an allowance makes the callee an error, and the caller goes on", async () => {
    const { call, graph } = freshMesh();
    const input = { agent: "listener", times: 1, input: { word: "allowed" }, allowance: { wallMs: 300 } };
    const outcome = await call("fan", input);
    expect(outcome).toMatchObject({ ok: true, output: { deadline_exceeded: 1 } });
    expect((await graph(outcome)).hops).toMatchObject([
      { status: "done" },
      { status: "error", code: "deadline_exceeded" },
    ]);
  });
});

describe.concurrent("a cancellation", () => {
  it("comes to a callee that still runs when its caller has answered", async () => {
    const mesh = freshMesh();
    const outcome = await mesh.call("forgetful", { word: "forgotten" });
    expect(outcome).toMatchObject({ ok: true, output: "gone", usage: { hops: 2, tokens: 11 } });
    await hears(mesh, "forgotten", "aborted");
    const { hops } = await mesh.graph(outcome);
    expect(hops).toMatchObject([{ status: "done" }, { status: "cancelled", code: "chain_cancelled" }]);
    expect(await mesh.chain(outcome)).toMatchObject({ status: "done", hops: { open: 0, cancelled: 1 } });
  });

  it("of the chain comes to its open hops at once, whatever their depth, and to who waits", async () => {
    const mesh = freshMesh();
    const waiting = mesh.call("fan", { agent: "listener", times: 2, input: { word: "stop" } });
    await hears(mesh, "stop", "listening");
    // The dispatchers begin to watch their hops after 250 ms.
    await scheduler.wait(400);
    const chainId = await eventually(2_000, async () => {
      const items = (await mesh.mesh.index.searchChains({ since: 0, limit: 9, agent: "fan" })) as ChainItem[];
      return items[0]?.chainId;
    });
    const cancelledAt = Date.now();
    await mesh.mesh.ledger(chainId).cancel(chainId);
    const outcome = await waiting;
    expect(rejectionOf(outcome).code).toBe("chain_cancelled");
    await hears(mesh, "stop", "aborted");
    expect(Date.now() - cancelledAt).toBeLessThan(500);
    expect(await mesh.chain(outcome)).toMatchObject({ status: "cancelled", hops: { open: 0, cancelled: 3 } });
  });

  it("by the caller's own signal ends this call alone", async () => {
    const mesh = freshMesh();
    const controller = new AbortController();
    const waiting = mesh.call("listener", { word: "own" }, { signal: controller.signal });
    await hears(mesh, "own", "listening");
    controller.abort();
    expect(rejectionOf(await waiting).code).toBe("chain_cancelled");
    await hears(mesh, "own", "aborted");
  });
});

describe.concurrent("places at an agent", () => {
  it("of an agent with two places never more than two calls run, and all have their turn", async () => {
    const { output } = freshMesh();
    const calls = Array.from({ length: 10 }, () => output("narrow", { ms: 30 }) as Promise<{ running: number }>);
    const running = (await Promise.all(calls)).map((answer) => answer.running);
    expect(running).toHaveLength(10);
    expect(Math.max(...running)).toBe(2);
  });

  it("a call that has waited a second for a place is refused, recorded, and told when to come again", async () => {
    const { mesh, call, graph, chain } = freshMesh();
    const taken = [await takeSlot(`${mesh.name}/crowded`, 2, 0), await takeSlot(`${mesh.name}/crowded`, 2, 0)];
    const startedAt = Date.now();
    const outcome = await call("crowded", { ms: 0 });
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(1_000);
    expect(rejectionOf(outcome)).toMatchObject({ code: "rate_limited", limit: 2, retryAfterMs: 1_000 });
    expect((await graph(outcome)).hops).toMatchObject([
      { status: "rejected", code: "rate_limited", callee: "crowded" },
    ]);
    expect(await chain(outcome)).toMatchObject({ status: "failed", spent: { hops: 0 } });
    for (const release of taken) release?.();
    expect(await call("crowded", { ms: 0 })).toMatchObject({ ok: true });
  });

  it("a refused call and a failed one give their places back", async () => {
    const { call, output } = freshMesh();
    for (let n = 0; n < 3; n++) expect((await call("crowded", { ms: 0 }, { budget: { hops: 0 } })).ok).toBe(false);
    for (let n = 0; n < 3; n++) expect((await call("crowded", { ms: "no" })).ok).toBe(false);
    expect(await output("crowded", { ms: 0 })).toMatchObject({ running: expect.any(Number) });
  });
});
