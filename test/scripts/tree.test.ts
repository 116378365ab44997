import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type GraphHop, renderTree } from "../../scripts/demo/tree.ts";

function hop(hopId: string, parentHopId: string | null, callee: string, more: Partial<GraphHop> = {}): GraphHop {
  return { hopId, parentHopId, callee, status: "done", startedAt: 0, endedAt: 5, ...more };
}

describe("the call graph as a tree", () => {
  test("stands children below their parent, with status, duration and code", () => {
    const hops = [
      hop("1", null, "desk", { skill: "ask", endedAt: 412 }),
      hop("4", "1", "reader", { startedAt: 3, status: "rejected", code: "budget_exceeded", endedAt: 3 }),
      hop("2", "1", "reader", { startedAt: 1, endedAt: 9 }),
      hop("3", "2", "fetcher", { startedAt: 2, status: "error", code: "upstream_error", endedAt: 8 }),
      hop("5", "1", "late", { startedAt: 4, status: "open", endedAt: null }),
    ];
    expect(renderTree(hops)).toEqual([
      "└─ desk/ask       done      412 ms",
      "   ├─ reader      done        8 ms",
      "   │  └─ fetcher  error       6 ms  upstream_error",
      "   ├─ reader      rejected          budget_exceeded",
      "   └─ late        open           …",
    ]);
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

  test("shows every hop once, whatever is missing of the graph", () => {
    const id = fc.constantFrom(..."abcdefgh");
    const hops = fc.uniqueArray(fc.record({ hopId: id, parent: fc.option(id) }), { selector: ({ hopId }) => hopId });
    fc.assert(
      fc.property(hops, (graph) => {
        // A parent stands before its children in the alphabet or is absent: the ledger's graphs have no loops.
        const shown = graph.map(({ hopId, parent }) =>
          hop(hopId, parent !== null && parent < hopId ? parent : null, hopId),
        );
        const names = renderTree(shown).map((line) => /\w/.exec(line)?.[0]);
        expect(names.toSorted()).toEqual(graph.map(({ hopId }) => hopId).toSorted());
      }),
    );
  });

  test("of no hops is empty", () => {
    expect(renderTree([])).toEqual([]);
  });

  test("lets no agent's name or code steer the terminal", () => {
    const [line] = renderTree([hop("1", null, "evil\u001b[2J\n", { status: "error", code: "a\u0007\u202e" })]);
    expect(line).toBe("└─ evil?[2J?  error  5 ms  a??");
  });

  test("is painted by its status, and aligned all the same", () => {
    const painted = renderTree(
      [hop("1", null, "a"), hop("2", "1", "b", { status: "lost", code: "c" })],
      (style, text) => `<${style}>${text}</>`,
    );
    expect(painted).toEqual(["└─ a     <green>done</>  5 ms", "   └─ b  <red>lost</>  5 ms  <red>c</>"]);
  });
});
