import { describe, expect, it } from "vitest";
import type { GraphHop } from "../../mesh/chain/lineage.ts";
import { fitting } from "../../src/console/graph/fit.ts";
import { layoutOf } from "../../src/console/graph/layout.ts";
import { bytes } from "../../src/console/parts/amount.ts";
import { nextOf } from "../../src/console/parts/tree-keys.ts";
import { href, parseRoute } from "../../src/console/session/route.ts";
import { rowsOf, ticksOf } from "../../src/console/timeline/rows.ts";

function hop(hopId: string, parentHopId: string | null, callee: string, more: Partial<GraphHop> = {}): GraphHop {
  const usage = { hops: 1, bytes: 1, tokens: 0, costMicros: 0, wallMs: 1 };
  return {
    hopId,
    parentHopId,
    depth: 1,
    kind: "agent",
    caller: "admin",
    callee,
    skill: "",
    status: "done",
    code: null,
    detail: null,
    path: [callee],
    startedAt: 0,
    endedAt: 1,
    usage,
    attempt: 1,
    late: false,
    inputDigest: "",
    outputDigest: null,
    ...more,
  };
}

const few = [hop("a", null, "root"), hop("b", "a", "left"), hop("c", "a", "right"), hop("d", "b", "leaf")];

describe("the layout of the graph", () => {
  it("puts every caller left of what it called, and no card on another", () => {
    for (const wide of [2, 60]) {
      const hops = [
        hop("a", null, "root"),
        ...Array.from({ length: wide }, (_, n) => hop(`m${n}`, "a", `mid-${n}`)),
        ...Array.from({ length: 3 * wide }, (_, n) => hop(`l${n}`, `m${n % wide}`, `leaf-${n}`)),
      ];
      const { cards, width, height } = layoutOf(hops, "admin");
      expect(cards).toHaveLength(hops.length + 1);
      for (const card of cards) {
        if (card.parent !== undefined) expect(card.x).toBeGreaterThan(card.parent.x + card.parent.width);
        expect(card.x + card.width).toBeLessThanOrEqual(width);
        expect(card.y + card.height).toBeLessThanOrEqual(height);
      }
      for (const column of Map.groupBy(cards, ({ x }) => x).values()) {
        const tops = column.map(({ y }) => y).sort((one, other) => one - other);
        for (const [place, top] of tops.entries()) {
          if (place > 0) expect(top - (tops[place - 1] ?? 0)).toBeGreaterThanOrEqual(column[0]?.height ?? 0);
        }
      }
    }
  });

  it("draws alike calls as one card that holds all of them", () => {
    const { cards } = layoutOf(
      [few[0] as GraphHop, ...Array.from({ length: 37 }, (_, n) => hop(`h${n}`, "a", "same"))],
      "x",
    );
    expect(cards).toHaveLength(3);
    expect(cards[2]?.hops).toHaveLength(37);
    expect(cards[2]?.card.times).toBe("×37");
  });

  it("draws 5,000 hops in a moment, as few enough cards", () => {
    const hops = [
      hop("a", null, "root"),
      ...Array.from({ length: 4_999 }, (_, n) => hop(`h${n}`, n < 500 ? "a" : `h${n % 500}`, `agent-${n % 9}`)),
    ];
    const before = performance.now();
    const { cards, isFolded } = layoutOf(hops, "admin");
    expect(performance.now() - before).toBeLessThan(1_000);
    expect(isFolded).toBe(true);
    expect(cards.length).toBeLessThan(300);
    expect(cards.reduce((sum, card) => sum + card.hops.length, 0)).toBe(5_000);
  });

  it("fits both ways while it stays legible, and only across when it has to be scrolled", () => {
    const room = { width: 1_000, height: 400 };
    expect(fitting({ width: 500, height: 200 }, room)).toBe(1);
    expect(fitting({ width: 1_250, height: 200 }, room)).toBeCloseTo(0.8);
    expect(fitting({ width: 500, height: 500 }, room)).toBeCloseTo(0.8);
    expect(fitting({ width: 500, height: 5_000 }, room)).toBe(1);
    expect(fitting({ width: 9_000, height: 100 }, room)).toBe(0.75);
    expect(fitting({ width: 100, height: 100 }, { width: 0, height: 0 })).toBe(1);
  });
});

describe("the rows of the timeline", () => {
  it("stand below their caller, in the order of the calls", () => {
    const rows = rowsOf(few, new Set());
    expect(rows.map(({ hop: { hopId }, indent }) => `${indent}${hopId}`)).toEqual(["0a", "1b", "2d", "1c"]);
  });

  it("are folded away with all below them", () => {
    expect(rowsOf(few, new Set(["b"])).map(({ hop: { hopId } }) => hopId)).toEqual(["a", "b", "c"]);
    expect(rowsOf(few, new Set(["a"]))).toMatchObject([{ isFolded: true, hasChildren: true }]);
    expect(rowsOf(few, new Set(["d"])).at(2)).toMatchObject({ isFolded: false, hasChildren: false });
  });

  it("keep a hop whose caller is not known", () => {
    expect(rowsOf([hop("z", "elsewhere", "x")], new Set())).toHaveLength(1);
  });

  it.each([
    [692, 5, [0, 200, 400, 600]],
    [100, 5, [0, 20, 40, 60, 80, 100]],
    [0, 5, [0]],
    [3_600_000, 2, [0, 2_000_000]],
  ])("have lines at round times over %i ms", (span, most, ticks) => {
    expect(ticksOf(span, most)).toEqual(ticks);
  });
});

describe("the keys of a tree", () => {
  const items = [
    { id: "a", parent: undefined, hasChildren: true, isFolded: false },
    { id: "b", parent: "a", hasChildren: true, isFolded: true },
    { id: "c", parent: "a", hasChildren: false, isFolded: false },
  ];
  it.each([
    ["a", "ArrowDown", { does: "move", id: "b" }],
    ["c", "ArrowDown", { does: "move", id: "c" }],
    ["c", "ArrowUp", { does: "move", id: "b" }],
    ["b", "Home", { does: "move", id: "a" }],
    ["a", "End", { does: "move", id: "c" }],
    ["a", "ArrowRight", { does: "move", id: "b" }],
    ["b", "ArrowRight", { does: "fold", isFolded: false }],
    ["c", "ArrowRight", { does: "move", id: "c" }],
    ["a", "ArrowLeft", { does: "fold", isFolded: true }],
    ["b", "ArrowLeft", { does: "move", id: "a" }],
    ["c", "Enter", { does: "pick" }],
    ["c", " ", { does: "pick" }],
    ["c", "x", undefined],
    ["gone", "Enter", undefined],
  ])("standing on %s, %s", (active, key, step) => {
    expect(nextOf(items, active, key)).toEqual(step);
  });
});

describe("the route", () => {
  it("is read as it was written", () => {
    const link = href("/chains/1a", { hop: "2b", view: undefined, note: "a&b=c" });
    expect(link).toBe("#/chains/1a?hop=2b&note=a%26b%3Dc");
    expect(parseRoute(link)).toEqual({ page: "chain", id: "1a", params: { hop: "2b", note: "a&b=c" } });
  });

  it.each([
    ["", "chains", ""],
    ["#/", "chains", ""],
    ["#/chains", "chains", ""],
    ["#/agents", "agents", ""],
    ["#/agents/a%20b", "agent", "a b"],
    ["#/agents/%", "agent", "%"],
    ["#/nowhere", "unknown", ""],
  ])("of %j is %s %j", (fragment, page, id) => {
    expect(parseRoute(fragment)).toMatchObject({ page, id });
  });
});

it("bytes have the unit that their size asks for", () => {
  expect([0, 172, 91_262, 64 * 2 ** 20, 10 * 2 ** 30].map(bytes)).toEqual([
    "0 B",
    "172 B",
    "89.1 KiB",
    "64 MiB",
    "10 GiB",
  ]);
});
