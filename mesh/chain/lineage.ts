/** Rows of a chain as a call graph: nodes, edges, and the hops with their paths. Pure; runs in the stateless Worker. */

import type { Usage } from "../budget.ts";
import { explain, type RejectionCode } from "../rejection.ts";
import type { ChainStatus, HopStatus } from "./facts.ts";
import type { ChainView, HopView } from "./views.ts";

export interface GraphNode {
  readonly id: string;
  readonly kind: "caller" | "agent" | "tool" | "model";
  readonly name: string;
}

export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  calls: number;
  rejected: number;
  errors: number;
}

/** A hop as the API shows it. Times are epoch milliseconds; `usage` is that of this hop alone. */
export interface GraphHop {
  readonly hopId: string;
  readonly parentHopId: string | null;
  readonly depth: number;
  readonly kind: HopView["kind"];
  readonly caller: string;
  readonly callee: string;
  readonly skill: string;
  readonly status: HopStatus;
  readonly code: RejectionCode | null;
  readonly detail: string | null;
  /** Names of agents from the root to the callee. */
  readonly path: readonly string[];
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly usage: Usage;
  readonly attempt: number;
  readonly late: boolean;
  readonly inputDigest: string;
  readonly outputDigest: string | null;
  readonly metadata?: unknown;
}

export interface ChainGraph {
  readonly chainId: string;
  readonly status: ChainStatus;
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  readonly hops: readonly GraphHop[];
}

/** What a rendering draws: one page of a chain's graph, and where that page stands in the chain. */
export interface GraphPage {
  readonly graph: ChainGraph;
  readonly chain: ChainView;
  /** Whether hops of the chain stand on earlier pages. */
  readonly later: boolean;
  /** Where the next page begins; absent on the last one. */
  readonly nextCursor?: string;
}

/** @param above paths of callers that are not among `rows`, by their row: those of an earlier page */
export function graphOf(
  chain: ChainView,
  rows: readonly HopView[],
  above: Readonly<Record<string, readonly string[]>> = {},
): ChainGraph {
  const paths = new Map<number, readonly string[]>(Object.entries(above).map(([row, path]) => [Number(row), path]));
  const hops = rows.map((row) => hopOf(row, chain, paths));
  return { chainId: chain.chainId, status: chain.status, ...drawn(hops, chain.root.principal), hops };
}

export function hopOf(row: HopView, chain: Pick<ChainView, "root">, paths: Map<number, readonly string[]>): GraphHop {
  const callers = row.parentRow === null ? [] : (paths.get(row.parentRow) ?? []);
  const path = [...callers, row.callee];
  paths.set(row.row, path);
  const { hopId, parentHopId, depth, kind, callee, skill, status, rejection, startedAt, endedAt } = row;
  const { hops, bytes, tokens, costMicros } = row;
  return {
    hopId,
    parentHopId,
    depth,
    kind,
    caller: row.parentRow === null ? chain.root.principal : (callers.at(-1) ?? ""),
    callee,
    skill,
    status,
    code: rejection?.code ?? null,
    detail: rejection === null ? null : explain(rejection),
    path,
    startedAt,
    endedAt,
    usage: { hops, bytes, tokens, costMicros, wallMs: (endedAt ?? startedAt) - startedAt },
    attempt: row.attempt,
    late: row.late,
    inputDigest: row.inputDigest,
    outputDigest: row.outputDigest,
    ...(row.metadata === null ? {} : { metadata: row.metadata }),
  };
}

/** The node from which a hop's arrow comes. */
export function fromOf({ parentHopId, caller }: GraphHop): string {
  return parentHopId === null ? `${CALLER}${caller}` : idOf(caller);
}

/** The node to which a hop's arrow goes. */
export function toOf({ callee }: GraphHop): string {
  return idOf(callee);
}

const CALLER = "caller:";

/** Agents are named by themselves. What was called is any text when it was refused: it can't take a caller's id. */
function idOf(name: string): string {
  return /^(caller|agent):/.test(name) ? `agent:${name}` : name;
}

/** One node a party, one edge a pair. */
function drawn(hops: readonly GraphHop[], principal: string): Pick<ChainGraph, "nodes" | "edges"> {
  const root = `${CALLER}${principal}`;
  const nodes = new Map<string, GraphNode>([[root, { id: root, kind: "caller", name: principal }]]);
  const edges = new Map<string, GraphEdge>();
  for (const hop of hops) {
    const from = fromOf(hop);
    const to = toOf(hop);
    // A caller on an earlier page has no hop here.
    if (!nodes.has(from)) nodes.set(from, { id: from, kind: "agent", name: hop.caller });
    nodes.set(to, { id: to, kind: hop.kind, name: hop.callee });
    const key = JSON.stringify([from, to]);
    const edge = edges.get(key) ?? { from, to, calls: 0, rejected: 0, errors: 0 };
    edges.set(key, edge);
    edge.calls += 1;
    if (hop.status === "rejected") edge.rejected += 1;
    else if (hop.status === "error" || hop.status === "lost") edge.errors += 1;
  }
  return { nodes: [...nodes.values()], edges: [...edges.values()] };
}
