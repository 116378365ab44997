/** The edges of a mesh as a graph. Pure. */
import { type EdgeView, UNKNOWN } from "./edges.ts";

export interface MeshNode {
  readonly id: string;
  readonly kind: "caller" | "agent";
  readonly name: string;
}

export interface MeshGraph {
  /** Epoch milliseconds: what is counted begins here. */
  readonly since: number;
  readonly nodes: readonly MeshNode[];
  readonly edges: readonly EdgeView[];
}

/** As in a chain's graph, callers that are no agents are marked, because an agent may be named as one of them. */
const CALLER = "caller:";

export function meshGraphOf({ since, edges }: Pick<MeshGraph, "since" | "edges">): MeshGraph {
  const ids = new Set<string>();
  for (const { from, to } of edges) ids.add(from).add(to);
  return { since, nodes: [...ids].map(nodeOf), edges };
}

function nodeOf(id: string): MeshNode {
  if (id.startsWith(CALLER)) return { id, kind: "caller", name: id.slice(CALLER.length) };
  return { id, kind: "agent", name: id === UNKNOWN ? "(no such agent)" : id };
}
