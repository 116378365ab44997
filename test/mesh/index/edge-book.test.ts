/** The sums of edges against a plain model: whatever comes, in whatever order, with whatever crash between. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { HopNews, LateNews } from "../../../mesh/chain/events.ts";
import { EdgeBook } from "../../../mesh/index/edge-book.ts";
import { INDEX_MIGRATIONS } from "../../../mesh/index/migrations.ts";
import { keptFrom, MINUTE_MS, SPANS, startOf, windowSince } from "../../../mesh/index/spans.ts";
import { Windows } from "../../../mesh/index/windows.ts";
import { EDGE_TURN, EDGES_PER_SPAN } from "../../../mesh/limits.ts";
import type { RejectionCode } from "../../../mesh/rejection.ts";
import { byEnds, EdgeIndex, modelOf } from "../../support/edge-index.ts";
import { memoryDatabase } from "../../support/sqlite.ts";

const DAY_MS = 24 * 3_600_000;
const START = Date.UTC(2026, 10, 20, 11, 58, 30);

function hop(endedAt: number, more: Partial<HopNews> = {}): HopNews {
  const ends = { caller: "a", callee: "b", startedAt: endedAt - 100, endedAt };
  return { seq: 1, status: "done", code: null, tokens: 10, costMicros: 2, ...ends, ...more };
}

const name = fc.constantFrom("a", "b", "c", "caller:admin");
const ended = fc.record({
  caller: name,
  callee: fc.constantFrom("a", "b", "c"),
  status: fc.constantFrom<HopNews["status"][]>("done", "error", "rejected", "lost"),
  ageMs: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 0, max: 90_000 }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 6 * DAY_MS }) },
  ),
  tookMs: fc.integer({ min: 0, max: 5_000 }),
  tokens: fc.nat(100),
});
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ what: fc.constant("feed" as const), hops: fc.array(ended, { maxLength: 12 }) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("late" as const), one: ended }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("fail" as const), hops: fc.array(ended, { minLength: 1 }) }) },
  { weight: 4, arbitrary: fc.record({ what: fc.constant("turn" as const), fails: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("evict" as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({ what: fc.constant("wait" as const), ms: fc.constantFrom(1_000, 61_000, 3_700_000, DAY_MS) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ what: fc.constant("read" as const), ageMs: fc.integer({ min: 0, max: 8 * DAY_MS }) }),
  },
);

function newsOf(
  { ageMs, tookMs, status, ...ends }: typeof ended extends fc.Arbitrary<infer T> ? T : never,
  now: number,
) {
  const endedAt = now - ageMs;
  const code: RejectionCode | null = status === "rejected" ? "cycle_detected" : null;
  const used = status === "rejected" ? { tokens: 0, costMicros: 0 } : { costMicros: tookMs };
  return hop(endedAt, { ...ends, status, code, startedAt: endedAt - tookMs, ...used });
}

describe("the sums of edges", () => {
  it("for every `since` are those of a plain model, whatever is fed, fails, is rolled up, removed and evicted", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const index = new EdgeIndex(START);
        const [hops, lates]: [HopNews[], LateNews[]] = [[], []];
        const check = (since: number) => {
          const { now } = index;
          const told = index.views(since).map(({ latencyMs: _, ...view }) => view);
          expect(told).toEqual(modelOf(hops, lates, since, now).toSorted((a, b) => byEnds(a as never, b as never)));
        };
        for (const one of steps) {
          switch (one.what) {
            case "feed": {
              const news = one.hops.map((some) => newsOf(some, index.now));
              index.feed(news);
              hops.push(...news);
              break;
            }
            case "late": {
              const { caller, callee, tokens, costMicros, endedAt: at } = newsOf(one.one, index.now);
              const late = { seq: 1, caller, callee, tokens, costMicros, at };
              index.feed([], [late]);
              lates.push(late);
              break;
            }
            case "fail":
              index.failToFeed(one.hops.map((some) => newsOf(some, index.now)));
              break;
            case "turn":
              if (one.fails) index.failToTurn();
              else while (index.turn() === "more");
              break;
            case "evict":
              index.evict();
              break;
            case "wait":
              index.now += one.ms;
              break;
            case "read":
              check(index.now - one.ageMs);
              break;
            default:
              one satisfies never;
          }
        }
        check(0);
        check(index.now);
        index.evict();
        check(0);
      }),
      { numRuns: 500 },
    );
  });

  it("keep the latencies of all minutes together, as one histogram", () => {
    const index = new EdgeIndex(START);
    for (let minute = 0; minute < 100; minute++) {
      const endedAt = index.now;
      index.feed([hop(endedAt, { startedAt: endedAt - (minute < 90 ? 10 : 1_000) })]);
      index.now += MINUTE_MS;
      while (index.turn() === "more");
    }
    index.evict();
    const [edge] = index.views(0);
    expect(edge?.calls).toBe(100);
    expect(Math.abs((edge?.latencyMs.p50 ?? 0) - 10)).toBeLessThan(0.5);
    expect(Math.abs((edge?.latencyMs.p95 ?? 0) - 1_000)).toBeLessThan(25);
  });

  it("of one agent are those from it and those to it", () => {
    const index = new EdgeIndex(START);
    const ends = [
      ["a", "b"],
      ["b", "c"],
      ["c", "a"],
      ["c", "c"],
    ] as const;
    index.feed(ends.map(([caller, callee]) => hop(index.now, { caller, callee })));
    expect(index.views(0, "b").map(({ from, to }) => `${from}${to}`)).toEqual(["ab", "bc"]);
    expect(index.views(0, "nobody")).toEqual([]);
  });

  it("stay few rows when a mesh is busy for weeks, and go when it is not", () => {
    const index = new EdgeIndex(START);
    const until = START + 9 * DAY_MS;
    let most = 0;
    for (; index.now < until; index.now += 7 * MINUTE_MS) {
      index.feed([hop(index.now), hop(index.now, { callee: "c" })]);
      while (index.turn() === "more");
      most = Math.max(most, index.rows());
    }
    // Minutes of an hour, tens of six, hours of two days, days of a week and a day, for each of two edges.
    expect(most).toBeLessThan(2 * (61 / 7 + 37 + 49 + 9));
    index.now += 9 * DAY_MS;
    while (index.turn() === "more");
    expect([index.rows(), index.turn(), index.views(0)]).toEqual([0, "nothing", []]);
  });

  it("are rolled up and removed in turns of a bounded number of rows", () => {
    const index = new EdgeIndex(START);
    const edges = 2 * EDGE_TURN + 50;
    index.feed(Array.from({ length: edges }, (_, place) => hop(index.now, { caller: `agent-${place}` })));
    index.now += 2 * MINUTE_MS;
    const counts: number[] = [index.rows()];
    for (let left = index.turn(); left === "more"; left = index.turn()) counts.push(index.rows());
    counts.push(index.rows());
    expect(counts).toEqual([edges, edges + 3 * EDGE_TURN, edges + 6 * EDGE_TURN, 4 * edges]);
    index.now += 30 * DAY_MS;
    for (let left = 4 * edges; left > 0; left = Math.max(0, left - EDGE_TURN)) {
      expect(index.rows()).toBe(left);
      index.turn();
    }
    expect([index.rows(), index.turn()]).toEqual([0, "nothing"]);
  });

  it("of what was called and is no agent are one, so that made-up names don't fill the index", () => {
    const index = new EdgeIndex(START);
    const refused = { status: "rejected", tokens: 0, costMicros: 0 } as const;
    index.feed([
      hop(index.now, { ...refused, callee: "made-up-1", code: "agent_not_found" }),
      hop(index.now, { ...refused, callee: "made-up-2", code: "agent_not_found" }),
      hop(index.now, { ...refused, callee: "<script>", code: "invalid_request" }),
      hop(index.now, { ...refused, callee: "b", code: "cycle_detected" }),
    ]);
    expect(index.views(0)).toMatchObject([
      { to: "?", calls: 3, rejections: { agent_not_found: 2, invalid_request: 1 } },
      { to: "b", calls: 1 },
    ]);
  });

  it("beyond the most that a span tells apart are one, and nothing is lost", () => {
    const index = new EdgeIndex(START);
    const many = EDGES_PER_SPAN + 20;
    const hops = Array.from({ length: many }, (_, place) => hop(index.now, { caller: `agent-${place}` }));
    for (let from = 0; from < many; from += 500) index.feed(hops.slice(from, from + 500));
    const calls = () => index.views(0).reduce((sum, edge) => sum + edge.calls, 0);
    const check = () => {
      expect([index.views(0).length, calls()]).toEqual([EDGES_PER_SPAN + 1, many]);
      expect(index.views(0).find(({ from }) => from === "…")).toMatchObject({ to: "…", calls: 20 });
    };
    check();
    index.evict();
    index.now += 2 * MINUTE_MS;
    while (index.turn() === "more");
    check();
  });

  it("that stood in minutes alone, as an earlier version wrote them, are rolled up like any others", () => {
    const database = memoryDatabase(INDEX_MIGRATIONS.slice(0, 2));
    const minute = startOf(SPANS[1], Math.floor(START / MINUTE_MS));
    for (const [place, caller] of ["admin", "key:abc", "a"].entries()) {
      database.sql.exec(
        "INSERT INTO edge VALUES (?, ?, 'b', 2, 1, '{}', '{\"5\":2}', 3, 4, 5, 6)",
        minute + place,
        caller,
      );
    }
    database.sql.exec(INDEX_MIGRATIONS[2] ?? "");
    const book = new EdgeBook(database.sql);
    while (book.turn(START + 10 * MINUTE_MS) === "more");
    const views = new Windows(database.sql).views(windowSince(0, START + 10 * MINUTE_MS), undefined);
    expect(views.map(({ from, calls, errors }) => [from, calls, errors]).toSorted()).toEqual([
      ["a", 2, 1],
      ["caller:admin", 2, 1],
      ["caller:key:abc", 2, 1],
    ]);
    expect(keptFrom(SPANS[3], START)).toBeLessThan(minute);
  });
});
