import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { statusText } from "../../../../mesh/chain/render/status.ts";
import { noteOf, renderTree, type TreeHop } from "../../../../mesh/chain/render/tree.ts";

function hop(hopId: string, parentHopId: string | null, callee: string, more: Partial<TreeHop> = {}): TreeHop {
  return { hopId, parentHopId, callee, status: "done", startedAt: 0, endedAt: 5, ...more };
}

const many = (count: number, make: (place: number) => TreeHop): TreeHop[] =>
  Array.from({ length: count }, (_, place) => make(place));

describe("the call graph as a tree", () => {
  test("stands children below their parent, with sign and status, duration, and why", () => {
    const hops = [
      hop("1", null, "desk", { skill: "ask", endedAt: 1_234 }),
      hop("4", "1", "reader", {
        startedAt: 3,
        status: "rejected",
        code: "budget_exceeded",
        detail: "The call would bring hops to 4, and the limit of the chain is 3.",
      }),
      hop("2", "1", "reader", { startedAt: 1, endedAt: 9 }),
      hop("3", "2", "fetcher", { startedAt: 2, status: "error", code: "upstream_error", endedAt: 8 }),
      hop("5", "1", "slow", { startedAt: 4, status: "open", endedAt: null }),
    ];
    expect(renderTree(hops)).toEqual([
      "desk/ask       ✓ done      1.2 s  4 hops",
      "├─ reader      ✓ done       8 ms  2 hops",
      "│  └─ fetcher  ✗ error      6 ms  upstream_error",
      "├─ reader      ⊘ rejected  budget_exceeded: The call would bring hops to 4, and the limit of the chain is 3.",
      "└─ slow        ● open          …",
    ]);
  });

  test("names the whole path of the loop that was refused", () => {
    const [, line] = renderTree([
      hop("1", null, "desk"),
      hop("2", "1", "desk", {
        status: "rejected",
        code: "cycle_detected",
        path: ["desk", "critic", "desk"],
        detail: "…",
      }),
    ]);
    expect(line).toBe("└─ desk  ⊘ rejected  cycle_detected: desk → critic → desk");
  });

  test("adds up what a hop and all below it used, and refused hops are none", () => {
    const usage = (tokens: number, costMicros: number) => ({ usage: { hops: 1, tokens, costMicros } });
    const hops = [
      hop("1", null, "a", usage(1_000, 200)),
      hop("2", "1", "b", usage(240, 1_000)),
      hop("3", "1", "c", { status: "rejected", usage: { hops: 0, tokens: 0, costMicros: 0 } }),
    ];
    expect(renderTree(hops)).toEqual([
      "a     ✓ done      5 ms  2 hops  1,240 tokens  $0.0012",
      "├─ b  ✓ done      5 ms            240 tokens  $0.0010",
      "└─ c  ⊘ rejected",
    ]);
  });

  test("tells of retries and late results", () => {
    expect(noteOf(hop("1", null, "a", { attempt: 3 }))).toBe("attempt 3");
    expect(noteOf(hop("1", null, "a", { status: "lost", code: "internal", late: true }))).toBe(
      "internal, its result came late",
    );
  });

  test("shows how long an open hop has been running, when it is told the time", () => {
    const [line] = renderTree([hop("1", null, "a", { status: "open", endedAt: null, startedAt: 1_000 })], {
      now: 3_500,
    });
    expect(line).toBe("a  ● open  2.5 s…");
  });

  test("has siblings in the order of their start, whatever the order they come in", () => {
    const hops = [
      hop("a", "1", "third", { startedAt: 3 }),
      hop("1", null, "root"),
      hop("b", "1", "second", { startedAt: 2 }),
    ];
    const names = (lines: string[]): string[] => lines.map((line) => line.replace(/^\W+/, "").split(" ")[0] ?? "");
    expect(names(renderTree(hops))).toEqual(["root", "second", "third"]);
    expect(renderTree(hops.toReversed())).toEqual(renderTree(hops));
  });

  test("shows every hop once when expanded, whatever is missing of the graph", () => {
    const id = fc.constantFrom(..."abcdefgh");
    const hops = fc.uniqueArray(fc.record({ hopId: id, parent: fc.option(id) }), { selector: ({ hopId }) => hopId });
    fc.assert(
      fc.property(hops, (graph) => {
        // A parent stands before its children in the alphabet or is absent: the ledger's graphs have no loops.
        const shown = graph.map(({ hopId, parent }) =>
          hop(hopId, parent !== null && parent < hopId ? parent : null, hopId),
        );
        const names = renderTree(shown, { expand: true }).map((line) => /\w/.exec(line)?.[0]);
        expect(names.toSorted()).toEqual(graph.map(({ hopId }) => hopId).toSorted());
      }),
    );
  });

  test("of no hops is empty", () => {
    expect(renderTree([])).toEqual([]);
  });

  test("lets no name, code or detail steer the terminal", () => {
    const evil = hop("1", null, "evil\u001b[2J\n", { status: "error", code: "a\u0007\u202e", detail: "b\u009b1m" });
    expect(renderTree([evil])).toEqual(["evil\\u001b[2J\\n  ✗ error  5 ms  a\\u0007\\u202e: b\\u009b1m"]);
    expect(statusText("new\u001b")).toBe("· new\\u001b");
  });

  test("is painted by its status, and aligned all the same", () => {
    const painted = renderTree([hop("1", null, "a"), hop("2", "1", "b", { status: "lost", code: "c" })], {
      paint: (style, text) => `<${style}>${text}</>`,
    });
    expect(painted).toEqual(["a     <green>✓ done</>  5 ms  2 hops", "└─ b  <red>? lost</>  5 ms  <red>c</>"]);
  });
});

describe("equal siblings share a line", () => {
  test("with their number and the range of their durations", () => {
    const hops = [
      hop("root", null, "desk", { endedAt: 500 }),
      ...many(37, (place) =>
        hop(`r${place}`, "root", "reader", { endedAt: 210 + place, usage: { hops: 1, tokens: 10 } }),
      ),
    ];
    expect(renderTree(hops)).toEqual([
      "desk           ✓ done      500 ms  38 hops  370 tokens",
      "└─ reader ×37  ✓ done  210–246 ms           370 tokens",
    ]);
  });

  test("but not with one that ended differently, has another skill, or came late", () => {
    const hops = [
      hop("root", null, "desk"),
      hop("1", "root", "reader"),
      hop("2", "root", "reader", { status: "error" }),
      hop("3", "root", "reader", { skill: "other" }),
      hop("4", "root", "reader", { late: true }),
      hop("5", "root", "reader"),
      hop("6", "root", "reader", { status: "rejected", code: "budget_exceeded" }),
      hop("7", "root", "reader", { status: "rejected", code: "cycle_detected" }),
    ];
    const labels = renderTree(hops).map((line) => line.split("  ")[0]);
    const one = "├─ reader";
    expect(labels).toEqual(["desk", "├─ reader ×2", one, "├─ reader/other", one, one, "└─ reader"]);
  });

  test("whatever is below them, when that is of the same kinds; then it is added up", () => {
    const hops = [
      hop("root", null, "desk"),
      hop("a", "root", "team"),
      hop("b", "root", "team"),
      hop("a1", "a", "echo"),
      hop("b1", "b", "echo"),
      hop("b2", "b", "echo"),
      hop("c", "root", "team"),
      hop("c1", "c", "critic"),
    ];
    expect(renderTree(hops).map((line) => line.split(/ +✓/)[0])).toEqual([
      "desk",
      "├─ team ×2",
      "│  └─ echo ×3",
      "└─ team",
      "   └─ critic",
    ]);
  });

  test("their durations are a range in one unit, in two, or one duration", () => {
    const took = (...times: number[]) =>
      renderTree(times.map((endedAt, place) => hop(String(place), null, "a", { endedAt })))[0]?.split("  ")[2];
    expect(took(5, 5)).toBe("5 ms");
    expect(took(210, 340)).toBe("210–340 ms");
    expect(took(210, 1_200)).toBe("210 ms – 1.2 s");
    expect(took(62_000, 125_000)).toBe("1 min 2 s – 2 min 5 s");
  });

  test("each has a line of its own when expanded", () => {
    const hops = [hop("root", null, "desk"), ...many(3, (place) => hop(`r${place}`, "root", "reader"))];
    expect(renderTree(hops, { expand: true })).toHaveLength(4);
  });
});

describe("a large graph", () => {
  const large = [hop("root", null, "desk"), ...many(5_000, (place) => hop(`h${place}`, "root", `agent-${place}`))];

  test("is cut off where it is told to, and says how many hops are missing", () => {
    const lines = renderTree(large, { mostLines: 100 });
    expect(lines).toHaveLength(100);
    expect(lines.at(-1)).toBe("… and 4,902 more hops");
    expect(renderTree(large)).toHaveLength(5_001);
    expect(renderTree(large.slice(0, 100), { mostLines: 100 }).at(-1)).toMatch(/^└─ agent-/);
  });

  test("counts the hops of collapsed lines among the missing ones", () => {
    const hops = [hop("root", null, "desk"), hop("a", "root", "a"), ...many(9, (n) => hop(`b${n}`, "root", "b"))];
    expect(renderTree(hops, { mostLines: 2 }).at(-1)).toBe("… and 10 more hops");
  });

  test("of 5,000 hops is drawn in less than a second", () => {
    const startedAt = performance.now();
    renderTree(large);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  test("of equal hops is two lines, and as fast", () => {
    const hops = [hop("root", null, "desk"), ...many(100_000, (place) => hop(`h${place}`, "root", "reader"))];
    expect(renderTree(hops)).toHaveLength(2);
  });
});
