/** The index object: what the ledgers feed it, counted once, and what it says of a mesh. */
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import type { ChainNews, HopNews, LateNews, News } from "../../../mesh/chain/events.ts";
import {
  countEdges,
  deleteEdges,
  hasEdges,
  isRolled,
  readEdge,
  readPiece,
  readRolled,
  readUnrolled,
} from "../../../mesh/index/edge-rows.ts";
import type { MeshEdges, MeshIndex } from "../../../mesh/index/index.ts";
import { SPANS } from "../../../mesh/index/spans.ts";
import { type ChainItem, type ChainSearch, readHeard, searchChains } from "../../../mesh/index/store.ts";
import type { Sql, SqlValue } from "../../../mesh/sql.ts";
import { bindings, eventually, newChainId, rows } from "../../support/workers/ledger.ts";
import { freshMesh } from "../../support/workers/mesh.ts";

function freshIndex() {
  const stub = bindings.INDEX.getByName(crypto.randomUUID());
  return {
    stub,
    feed: (ledger: string, news: News) => stub.feed(ledger, news) as Promise<void>,
    edges: async (since = 0) => ((await stub.edges(since)) as MeshEdges).edges,
    chains: async (search: Partial<ChainSearch> = {}) =>
      (await stub.searchChains({ since: 0, limit: 100, ...search })) as ChainItem[],
  };
}

/** The start of a minute not long ago, so that times near it fall into it. */
const MINUTE = 60_000 * (Math.floor(Date.now() / 60_000) - 20);

/** The news of (after, upTo]. */
function news(after: number, upTo: number, more: Partial<Omit<News, "after" | "upTo">> = {}): News {
  return { after, upTo, chains: [], hops: [], late: [], removed: [], ...more };
}

function hop(seq: number, more: Partial<HopNews> = {}): HopNews {
  const times = { startedAt: MINUTE, endedAt: MINUTE + 100 };
  return { seq, caller: "a", callee: "b", status: "done", code: null, tokens: 10, costMicros: 2, ...times, ...more };
}

function late(seq: number, at: number, tokens: number): LateNews {
  return { seq, caller: "a", callee: "b", at, tokens, costMicros: 1 };
}

function chain(chainId: string, more: Partial<ChainNews> = {}): ChainNews {
  return { chainId, status: "running", agent: "root", principal: "admin", startedAt: MINUTE, endedAt: null, ...more };
}

describe.concurrent("feeding", () => {
  it("the same news twice, or again in a longer batch, count once", async () => {
    const { feed, edges } = freshIndex();
    await feed("ledger", news(0, 2, { hops: [hop(1), hop(2)] }));
    await feed("ledger", news(0, 2, { hops: [hop(1), hop(2)] }));
    await feed("ledger", news(0, 4, { hops: [hop(1), hop(2), hop(3)], late: [late(4, MINUTE, 5)] }));
    await feed("ledger", news(2, 4, { hops: [hop(3)], late: [late(4, MINUTE, 5)] }));
    expect(await edges()).toMatchObject([{ from: "a", to: "b", calls: 3, tokens: 35, costMicros: 7 }]);
  });

  it("news of two ledgers with the same numbers are two", async () => {
    const { feed, edges } = freshIndex();
    await Promise.all(["one", "two"].map((ledger) => feed(ledger, news(0, 1, { hops: [hop(1)] }))));
    expect(await edges()).toMatchObject([{ calls: 2 }]);
  });

  it("what was heard survives an eviction, and is still dropped when it comes again", async () => {
    const { stub, feed, edges, chains } = freshIndex();
    await feed("ledger", news(0, 2, { chains: [chain("c")], hops: [hop(2)] }));
    await evictDurableObject(stub);
    await feed("ledger", news(0, 3, { chains: [chain("c")], hops: [hop(2), hop(3)] }));
    expect(await edges()).toMatchObject([{ calls: 2 }]);
    expect(await chains()).toHaveLength(1);
  });

  it("what comes late and is older does not undo what is known of a chain", async () => {
    const { feed, chains } = freshIndex();
    await feed("ledger", news(0, 9, { chains: [chain("c", { status: "done", endedAt: MINUTE + 5 })] }));
    await feed("ledger", news(0, 5, { chains: [chain("c")] }));
    expect(await chains()).toMatchObject([{ status: "done", endedAt: MINUTE + 5 }]);
  });

  it("news that fail leave nothing behind, and can be sent again", async () => {
    const { stub, feed, edges } = freshIndex();
    const bad = hop(2, { tokens: 0.5 });
    const failed = await runInDurableObject<MeshIndex, unknown>(stub, (index) =>
      index.feed("ledger", news(0, 2, { hops: [hop(1), bad] })).catch(() => "failed"),
    );
    expect(failed).toBe("failed");
    expect(await rows(stub, "SELECT * FROM ledger")).toEqual([]);
    await feed("ledger", news(0, 2, { hops: [hop(1), hop(2)] }));
    expect(await edges()).toMatchObject([{ calls: 2 }]);
  });
});

describe.concurrent("edges", () => {
  it("count calls, errors, and refusals by their code, and tell the latency of what ran", async () => {
    const { feed, edges } = freshIndex();
    const rejected = (seq: number, code: "cycle_detected" | "budget_exceeded") =>
      hop(seq, { status: "rejected", code, tokens: 0, endedAt: MINUTE });
    const hops = [
      hop(1),
      hop(2, { status: "error", endedAt: MINUTE + 1_000 }),
      hop(3, { status: "lost" }),
      hop(4, { status: "cancelled" }),
      rejected(5, "cycle_detected"),
      rejected(6, "cycle_detected"),
      rejected(7, "budget_exceeded"),
      hop(8, { caller: "admin" }),
    ];
    await feed("ledger", news(0, 8, { hops }));
    const [first, second] = (await edges()).toSorted((a, b) => b.calls - a.calls);
    expect(first).toMatchObject({
      from: "a",
      to: "b",
      calls: 7,
      errors: 3,
      rejected: 3,
      rejections: { cycle_detected: 2, budget_exceeded: 1 },
      tokens: 40,
      firstAt: MINUTE,
      lastAt: MINUTE + 1_000,
    });
    expect(Math.abs((first?.latencyMs.p50 ?? 0) - 100)).toBeLessThanOrEqual(2.5);
    expect(Math.abs((first?.latencyMs.p99 ?? 0) - 1_000)).toBeLessThanOrEqual(25);
    expect(second).toMatchObject({ from: "admin", to: "b", calls: 1 });
  });

  it("a late result corrects the tokens and counts no further call, also in another minute", async () => {
    const { feed, edges } = freshIndex();
    await feed("ledger", news(0, 2, { hops: [hop(1, { status: "error" })], late: [late(2, MINUTE + 5, -7)] }));
    expect(await edges()).toMatchObject([{ calls: 1, errors: 1, tokens: 3, costMicros: 3 }]);
    await feed("ledger", news(2, 3, { late: [late(3, MINUTE + 120_000, 5)] }));
    expect(await edges()).toMatchObject([{ calls: 1, errors: 1, tokens: 8, costMicros: 4 }]);
  });

  it("are summed over their minutes, from the minute of `since` on", async () => {
    const { feed, edges } = freshIndex();
    const hops = [1, 2, 3].map((n) => hop(n, { endedAt: MINUTE + (n - 1) * 60_000 }));
    await feed("ledger", news(0, 3, { hops }));
    expect(await edges()).toMatchObject([{ calls: 3, firstAt: MINUTE, lastAt: MINUTE + 120_000 }]);
    expect(await edges(MINUTE + 60_000)).toMatchObject([{ calls: 2, firstAt: MINUTE + 60_000 }]);
    expect(await edges(MINUTE + 180_000)).toEqual([]);
  });

  it("are rolled up by the alarm, and say the same before, after, and after an eviction", async () => {
    const { stub, feed, edges } = freshIndex();
    await feed("ledger", news(0, 3, { hops: [1, 2, 3].map((n) => hop(n, { endedAt: MINUTE + n * 60_000 })) }));
    const before = await edges();
    expect(before).toMatchObject([{ calls: 3 }]);
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    expect(await rows(stub, "SELECT DISTINCT span FROM edge ORDER BY span")).toEqual(
      SPANS.map(({ minutes }) => ({ span: minutes })),
    );
    expect(await edges()).toEqual(before);
    await evictDurableObject(stub);
    expect(await edges()).toEqual(before);
    // What comes for a minute that was rolled up is added everywhere, once.
    await feed("ledger", news(3, 4, { hops: [hop(4)] }));
    expect(await edges()).toMatchObject([{ calls: 4 }]);
    await evictDurableObject(stub);
    expect(await edges()).toMatchObject([{ calls: 4 }]);
  });

  it("that are no longer kept are removed by the alarm, and it rests when none is left", async () => {
    const { stub, feed, edges } = freshIndex();
    await feed("ledger", news(0, 1, { hops: [hop(1)] }));
    await runDurableObjectAlarm(stub);
    const week = 9 * 24 * 60;
    await rows(stub, "UPDATE edge SET start = start - ?", week);
    await evictDurableObject(stub);
    expect(await edges()).toEqual([]);
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    expect(await rows(stub, "SELECT * FROM edge")).toEqual([]);
    expect(await runDurableObjectAlarm(stub)).toBe(false);
  });
});

describe.concurrent("the list of chains", () => {
  it("is newest first, by status, by agent, by time, in pages that neither lose nor repeat one", async () => {
    const { feed, chains } = freshIndex();
    const ids = Array.from({ length: 10 }, newChainId);
    // Two chains start in each millisecond: the id tells them apart.
    const started = ids.map((id, n) =>
      chain(id, { startedAt: MINUTE + Math.floor(n / 2), agent: n % 3 === 0 ? "x" : "y" }),
    );
    await feed("ledger", news(0, 10, { chains: started }));
    const ended = started.slice(0, 4).map((one, n) => ({ ...one, status: "done" as const, endedAt: MINUTE + 11 + n }));
    await feed("ledger", news(10, 14, { chains: ended }));
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
    await feed("ledger", news(0, 2, { chains: [chain("c"), chain("d")] }));
    await feed("ledger", news(2, 3, { removed: ["c"] }));
    expect(await chains()).toMatchObject([{ chainId: "d" }]);
  });

  it("is read by its indexes", async () => {
    const { stub } = freshIndex();
    const scans = await runInDurableObject<MeshIndex, string[]>(stub, (_, { storage }) => {
      const seen = new Map<string, (string | number | null)[]>();
      const sql: Sql = {
        exec<Row extends Record<string, SqlValue>>(query: string, ...values: (string | number | null)[]) {
          seen.set(query, values);
          return storage.sql.exec<Row>(query, ...values);
        },
      };
      for (const search of [{}, { status: "done" }, { agent: "x" }])
        searchChains(sql, { since: 0, limit: 5, ...search });
      searchChains(sql, { since: 0, limit: 5, before: { startedAt: 1, chainId: "c" } });
      // One row, so that what removes reads and then removes.
      sql.exec("INSERT INTO edge VALUES (1, 0, 'a', 'b', 0, 0, '{}', '{}', 0, 0, 0, 0)");
      for (const span of SPANS) readPiece(sql, { span, from: 0, to: 9 });
      readEdge(sql, 1, 0, "a", "b");
      readUnrolled(sql, 0, 9, 9);
      countEdges(sql, 1, 0);
      readRolled(sql);
      isRolled(sql, 0, "a", "b");
      hasEdges(sql);
      readHeard(sql, "ledger");
      deleteEdges(sql, 1, 9, 9);
      return [...seen].flatMap(([query, values]) =>
        [...storage.sql.exec<{ detail: string }>(`EXPLAIN QUERY PLAN ${query}`, ...values)]
          // What is always one row may be scanned.
          .filter(({ detail }) => /^SCAN|TEMP B-TREE/.test(detail) && !/^SCAN (rolled|CONSTANT ROW)/.test(detail))
          .filter(() => !query.endsWith("LIMIT 1"))
          .map(({ detail }) => `${detail}: ${query}`),
      );
    });
    expect(scans).toEqual([]);
  });
});

it("is at most a second behind what has happened in a mesh", async () => {
  const { mesh, call } = freshMesh();
  const outcome = await call("relay-a", { path: ["relay-b", "relay-a"], input: 1 });
  const edges = await eventually(1_000, async () => {
    const found = ((await mesh.index.edges(0)) as MeshEdges).edges;
    return found.length === 3 ? found.toSorted((a, b) => (a.from < b.from ? -1 : 1)) : undefined;
  });
  expect(edges).toMatchObject([
    { from: "caller:admin", to: "relay-a", calls: 1, rejected: 0 },
    { from: "relay-a", to: "relay-b", calls: 1, rejected: 0 },
    { from: "relay-b", to: "relay-a", calls: 1, rejected: 1, rejections: { cycle_detected: 1 } },
  ]);
  const [chain] = (await mesh.index.searchChains({ since: 0, limit: 9 })) as ChainItem[];
  expect(chain).toMatchObject({ chainId: outcome.chainId, status: "done", agent: "relay-a", principal: "admin" });
});
