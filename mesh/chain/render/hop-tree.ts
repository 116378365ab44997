/** Hops as a tree: who called, what was called, and what alike calls can be drawn as one. */
import type { ChainGraph, GraphHop } from "../lineage.ts";
import { kindsOf } from "./kinds.ts";
import type { Hops } from "./label.ts";

export type TreeNode =
  | { readonly what: "caller"; readonly name: string; readonly children: readonly TreeNode[] }
  /** A calling hop that stands on an earlier page, by the names on its path. */
  | { readonly what: "earlier"; readonly path: readonly string[]; readonly children: readonly TreeNode[] }
  | { readonly what: "calls"; readonly hops: Hops; readonly children: readonly TreeNode[] };
export type CallsNode = Extract<TreeNode, { what: "calls" }>;

/** The tree of one page, one node a hop, children in the order of their admission. Its root is who started the chain. */
export function hopTree({ nodes, hops }: ChainGraph): TreeNode {
  const called = Map.groupBy(hops, (hop) => hop.parentHopId);
  const nodesOf = (parent: string | null): TreeNode[] =>
    (called.get(parent) ?? []).map((hop) => ({ what: "calls", hops: [hop], children: nodesOf(hop.hopId) }));
  const here = new Set(hops.map((hop) => hop.hopId));
  const elsewhere = [...called].flatMap(([parent, [first]]): TreeNode[] =>
    parent === null || here.has(parent)
      ? []
      : [{ what: "earlier", path: first?.path.slice(0, -1) ?? [], children: nodesOf(parent) }],
  );
  return { what: "caller", name: nodes[0]?.name ?? "", children: [...nodesOf(null), ...elsewhere] };
}

/**
 * Siblings with the same callee, skill, status and code become one node, at the place of the first.
 * @param which `leaves`: only those that called nothing; `subtrees`: also those whose calls were alike, however many
 */
export function collapsed(root: TreeNode, which: "leaves" | "subtrees"): TreeNode {
  const look = (node: TreeNode) => (node.what === "calls" ? alike(node.hops[0]) : node.what);
  const kindOf = kindsOf(look, (node) => node.children);
  const mergeable = (node: TreeNode) => node.what === "calls" && (which === "subtrees" || node.children.length === 0);
  const merged = (nodes: readonly TreeNode[]): TreeNode[] => {
    const groups = Map.groupBy(nodes, (node) => (mergeable(node) ? kindOf(node) : node));
    return [...groups.values()].flatMap((group) => {
      const [first] = group;
      if (first === undefined) return [];
      const children = merged(group.flatMap((node) => node.children));
      return first.what === "calls" ? { ...first, hops: allHops(first, group), children } : { ...first, children };
    });
  };
  return { ...root, children: merged(root.children) };
}

function allHops(first: CallsNode, group: readonly TreeNode[]): Hops {
  const [head, ...rest] = first.hops;
  const others = group.slice(1).flatMap((node) => (node.what === "calls" ? node.hops : []));
  return [head, ...rest, ...others];
}

function alike({ kind, callee, skill, status, code }: GraphHop): unknown[] {
  return [kind, callee, skill, status, code];
}

/** Every node with its parent, level by level: parents come before their children. */
export function walk(root: TreeNode): { readonly node: TreeNode; readonly parent: TreeNode | undefined }[] {
  const found: { node: TreeNode; parent: TreeNode | undefined }[] = [{ node: root, parent: undefined }];
  // The list grows while it is walked.
  for (const { node } of found) for (const child of node.children) found.push({ node: child, parent: node });
  return found;
}
