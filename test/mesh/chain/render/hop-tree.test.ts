import { describe, expect, it } from "vitest";
import { graphOf } from "../../../../mesh/chain/lineage.ts";
import { collapsed, hopTree, type TreeNode, walk } from "../../../../mesh/chain/render/hop-tree.ts";
import { CYCLE, chainOf, hop, LINEAGE, pageOf, refused } from "./pages.ts";

/** `name×hops(children)`, in order. */
function spelled(node: TreeNode): string {
  const own = node.what === "caller" ? node.name : node.what === "earlier" ? `…${node.path.join("/")}` : callsOf(node);
  return node.children.length === 0 ? own : `${own}(${node.children.map(spelled).join(" ")})`;
}

function callsOf({ hops }: Extract<TreeNode, { what: "calls" }>): string {
  return `${hops[0].callee}${hops[0].status === "done" ? "" : `:${hops[0].status}`}${hops.length === 1 ? "" : `×${hops.length}`}`;
}

const treeOf = (...rows: Parameters<typeof pageOf>[0]) => hopTree(pageOf(rows).graph);

describe("hops as a tree", () => {
  it("has every hop under its caller, in the order of admission, and the caller of the chain above all", () => {
    const tree = treeOf(
      hop(1, "a"),
      hop(2, "b", { parentRow: 1 }),
      hop(3, "c", { parentRow: 1 }),
      hop(4, "d", { parentRow: 2 }),
    );
    expect(spelled(tree)).toBe("admin(a(b(d) c))");
  });

  it("of a later page hangs calls under a node that stands for their caller on an earlier one", () => {
    const rows = [hop(5, "d", { parentRow: 2 }), hop(6, "e", { parentRow: 5 }), hop(7, "f", { parentRow: 2 })];
    const graph = graphOf(chainOf(rows), rows, { 2: ["a", "b"] });
    expect(spelled(hopTree(graph))).toBe("admin(…a/b(d(e) f))");
  });

  it("walks parents before their children", () => {
    const seen = new Set<TreeNode | undefined>([undefined]);
    for (const { node, parent } of walk(hopTree(pageOf(LINEAGE).graph))) {
      expect(seen).toContain(parent);
      seen.add(node);
    }
    expect(seen.size).toBe(LINEAGE.length + 2);
  });
});

describe("alike siblings as one node", () => {
  it("need the same callee, skill, status and code, and have called nothing", () => {
    const under = { parentRow: 1 };
    const tree = treeOf(
      hop(1, "a"),
      hop(2, "b", under),
      hop(3, "b", under),
      hop(4, "b", { ...under, skill: "other" }),
      hop(5, "b", { ...under, status: "lost" }),
      refused(6, "b", CYCLE, under),
      refused(7, "b", { code: "agent_not_found", detail: "" }, under),
      hop(8, "b", under),
      hop(9, "c", { parentRow: 8 }),
      hop(10, "b", under),
      hop(11, "b", { ...under, kind: "tool" }),
    );
    expect(spelled(collapsed(tree, "leaves"))).toBe("admin(a(b×3 b b:lost b:rejected b:rejected b(c) b))");
  });

  it("of different callers stay apart", () => {
    const tree = treeOf(
      hop(1, "a"),
      hop(2, "b", { parentRow: 1 }),
      hop(3, "x", { parentRow: 1 }),
      hop(4, "x", { parentRow: 2 }),
    );
    expect(spelled(collapsed(tree, "leaves"))).toBe("admin(a(b(x) x))");
  });

  it("with what they called, where subtrees collapse: however often, but not whatever", () => {
    const under = { parentRow: 1 };
    const rows = [
      hop(1, "a"),
      hop(2, "b", under),
      hop(3, "b", under),
      hop(4, "b", under),
      hop(5, "c", { parentRow: 2 }),
      hop(6, "c", { parentRow: 3 }),
      hop(7, "c", { parentRow: 3 }),
      hop(8, "d", { parentRow: 4 }),
    ];
    expect(spelled(collapsed(treeOf(...rows), "leaves"))).toBe("admin(a(b(c) b(c×2) b(d)))");
    expect(spelled(collapsed(treeOf(...rows), "subtrees"))).toBe("admin(a(b×2(c×3) b(d)))");
  });

  it("lose no hop", () => {
    const hops = walk(collapsed(hopTree(pageOf(LINEAGE).graph), "subtrees")).flatMap(({ node }) =>
      node.what === "calls" ? node.hops.map(({ hopId }) => hopId) : [],
    );
    expect(hops.sort()).toEqual(LINEAGE.map(({ hopId }) => hopId).sort());
  });
});
