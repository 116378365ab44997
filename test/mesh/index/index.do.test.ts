/** The index object: what the ledgers feed it, counted once, and what it says of a mesh. */
import { evictDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import type { OutboxEvent } from "../../../mesh/chain/events.ts";
import type { EdgeView } from "../../../mesh/index/edges.ts";
import type { ChainItem, ChainSearch } from "../../../mesh/index/store.ts";
import { bindings, eventually, newChainId, rows } from "../../support/workers/ledger.ts";
import { freshMesh } from "../../support/workers/mesh.ts";

function freshIndex() {
  const stub = bindings.INDEX.getByName(crypto.randomUUID());
  return {
    stub,
    feed: (ledger: string, events: readonly OutboxEvent[]) => stub.feed(ledger, events) as Promise<void>,
    edges: async (since = 0) => (await stub.edges(since)) as EdgeView[],
    chains: async (search: Partial<ChainSearch> = {}) =>
      (await stub.searchChains({ since: 0, limit: 100, ...search })) as ChainItem[],
  };
}

/** The start of some minute, so that times near it fall into it. */
const MINUTE = 60_000 * 29_000_000;

function event(seq: number, type: OutboxEvent["type"], more: Partial<OutboxEvent> = {}): OutboxEvent {
  return {
    seq,
    type,
    at: MINUTE + seq,
    chainId: "chain",
    chainStatus: "running",
    agent: "root",
    principal: "admin",
    startedAt: MINUTE,
    caller: null,
    callee: null,
    status: null,
    code: null,
    hopStartedAt: null,
    hopEndedAt: null,
    tokens: null,
    costMicros: null,
    body: null,
    ...more,
  };
}

function settled(seq: number, more: Partial<OutboxEvent> = {}): OutboxEvent {
  const body = JSON.stringify({ tokens: 10, costMicros: 2 });
  const times = { hopStartedAt: MINUTE, hopEndedAt: MINUTE + 100 };
  return event(seq, "settled", { caller: "a", callee: "b", status: "done", body, ...times, ...more });
}

describe.concurrent("feeding", () => {
  it("the same events twice, or again in a longer batch, count once", async () => {
    const { feed, edges } = freshIndex();
    await feed("ledger", [settled(1), settled(2)]);
    await feed("ledger", [settled(1), settled(2)]);
    await feed("ledger", [settled(2), settled(3)]);
    expect(await edges()).toMatchObject([{ from: "a", to: "b", calls: 3, tokens: 30, costMicros: 6 }]);
  });

  it("events of two ledgers with the same numbers are two", async () => {
    const { feed, edges } = freshIndex();
    await Promise.all([feed("one", [settled(1)]), feed("two", [settled(1)])]);
    expect(await edges()).toMatchObject([{ calls: 2 }]);
  });

  it("what was heard survives an eviction, and is still dropped when it comes again", async () => {
    const { stub, feed, edges, chains } = freshIndex();
    await feed("ledger", [event(1, "started"), settled(2)]);
    await evictDurableObject(stub);
    await feed("ledger", [event(1, "started"), settled(2), settled(3)]);
    expect(await edges()).toMatchObject([{ calls: 2 }]);
    expect(await chains()).toHaveLength(1);
  });

  it("a batch that fails leaves nothing behind, and can be sent again", async () => {
    const { stub, feed, edges } = freshIndex();
    const bad = settled(2, { body: "{" });
    await expect((async () => await feed("ledger", [settled(1), bad]))()).rejects.toThrow();
    expect(await rows(stub, "SELECT * FROM ledger")).toEqual([]);
    await feed("ledger", [settled(1), settled(2)]);
    expect(await edges()).toMatchObject([{ calls: 2 }]);
  });
});

describe.concurrent("edges", () => {
  it("count calls, errors, and refusals by their code, and tell the latency of what ran", async () => {
    const { feed, edges } = freshIndex();
    const rejected = (seq: number, code: string) =>
      event(seq, "rejected", { caller: "a", callee: "b", status: "rejected", code });
    await feed("ledger", [
      settled(1),
      settled(2, { status: "error", hopEndedAt: MINUTE + 1_000 }),
      settled(3, { status: "lost" }),
      settled(4, { status: "cancelled" }),
      rejected(5, "cycle_detected"),
      rejected(6, "cycle_detected"),
      rejected(7, "budget_exceeded"),
      settled(8, { caller: null }),
    ]);
    const [first, second] = (await edges()).toSorted((a, b) => b.calls - a.calls);
    expect(first).toMatchObject({
      from: "a",
      to: "b",
      calls: 7,
      errors: 3,
      rejected: 3,
      rejections: { cycle_detected: 2, budget_exceeded: 1 },
      tokens: 40,
      firstAt: MINUTE + 1,
      lastAt: MINUTE + 7,
    });
    expect(Math.abs((first?.latencyMs.p50 ?? 0) - 100)).toBeLessThanOrEqual(2.5);
    expect(Math.abs((first?.latencyMs.p99 ?? 0) - 1_000)).toBeLessThanOrEqual(25);
    // The caller of a root hop is who started the chain.
    expect(second).toMatchObject({ from: "admin", to: "b", calls: 1 });
  });

  it("a late result corrects the tokens and counts no further call, also in another minute", async () => {
    const { feed, edges } = freshIndex();
    const late = (seq: number, at: number, tokens: number) =>
      event(seq, "late", {
        caller: "a",
        callee: "b",
        at,
        body: JSON.stringify({ difference: { tokens, costMicros: 1 } }),
      });
    await feed("ledger", [settled(1, { status: "error" }), late(2, MINUTE + 5, -7)]);
    expect(await edges()).toMatchObject([{ calls: 1, errors: 1, tokens: 3, costMicros: 3 }]);
    await feed("ledger", [late(3, MINUTE + 120_000, 5), event(4, "late", { caller: "a", callee: "b" })]);
    expect(await edges()).toMatchObject([{ calls: 1, errors: 1, tokens: 8, costMicros: 4 }]);
  });

  it("are summed over their minutes, from the minute of `since` on", async () => {
    const { feed, edges } = freshIndex();
    const minute = (n: number) => settled(n, { at: MINUTE + (n - 1) * 60_000 });
    await feed("ledger", [minute(1), minute(2), minute(3)]);
    expect(await edges()).toMatchObject([{ calls: 3, firstAt: MINUTE, lastAt: MINUTE + 120_000 }]);
    expect(await edges(MINUTE + 60_000)).toMatchObject([{ calls: 2, firstAt: MINUTE + 60_000 }]);
    expect(await edges(MINUTE + 180_000)).toEqual([]);
  });
});

describe.concurrent("the list of chains", () => {
  it("is newest first, by status, by agent, by time, in pages that neither lose nor repeat one", async () => {
    const { feed, chains } = freshIndex();
    const ids = Array.from({ length: 10 }, newChainId);
    // Two chains start in each millisecond: the id tells them apart.
    const started = ids.map((chainId, n) =>
      event(n + 1, "started", { chainId, startedAt: MINUTE + Math.floor(n / 2), agent: n % 3 === 0 ? "x" : "y" }),
    );
    const ended = ids
      .slice(0, 4)
      .map((chainId, n) =>
        event(11 + n, "ended", {
          chainId,
          startedAt: MINUTE + Math.floor(n / 2),
          agent: n % 3 === 0 ? "x" : "y",
          chainStatus: "done",
        }),
      );
    await feed("ledger", [...started, ...ended]);
    const newestFirst = ids.toReversed();
    expect((await chains()).map(({ chainId }) => chainId)).toEqual(newestFirst);

    const paged: string[] = [];
    for (let before: ChainSearch["before"]; paged.length < 10; ) {
      const page = await chains({ limit: 3, before });
      expect(page.length).toBeGreaterThan(0);
      paged.push(...page.map(({ chainId }) => chainId));
      before = page.at(-1);
    }
    expect(paged).toEqual(newestFirst);
    expect(await chains({ status: "done" })).toHaveLength(4);
    expect(await chains({ status: "done", agent: "x" })).toMatchObject([
      { endedAt: MINUTE + 14 },
      { endedAt: MINUTE + 11 },
    ]);
    expect(await chains({ since: MINUTE + 4 })).toHaveLength(2);
  });

  it("a chain that is removed leaves it", async () => {
    const { feed, chains } = freshIndex();
    await feed("ledger", [event(1, "started"), event(2, "ended", { chainStatus: "done" })]);
    expect(await chains()).toMatchObject([{ chainId: "chain", status: "done" }]);
    await feed("ledger", [event(3, "removed", { chainId: null, body: '{"chainId":"chain"}' })]);
    expect(await chains()).toEqual([]);
  });
});

it("is at most a second behind what has happened in a mesh", async () => {
  const { mesh, call } = freshMesh();
  const outcome = await call("relay-a", { path: ["relay-b", "relay-a"], input: 1 });
  const edges = await eventually(1_000, async () => {
    const found = (await mesh.index.edges(0)) as EdgeView[];
    return found.length === 3 ? found.toSorted((a, b) => (a.from < b.from ? -1 : 1)) : undefined;
  });
  expect(edges).toMatchObject([
    { from: "admin", to: "relay-a", calls: 1, rejected: 0 },
    { from: "relay-a", to: "relay-b", calls: 1, rejected: 0 },
    { from: "relay-b", to: "relay-a", calls: 1, rejected: 1, rejections: { cycle_detected: 1 } },
  ]);
  const [chain] = (await mesh.index.searchChains({ since: 0, limit: 9 })) as ChainItem[];
  expect(chain).toMatchObject({ chainId: outcome.chainId, status: "done", agent: "relay-a", principal: "admin" });
});
