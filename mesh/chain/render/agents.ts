/** Hops as a graph of parties: one node an agent, one edge for what a pair was granted and one for what was refused. */
import { type ChainGraph, fromOf, type GraphHop, type GraphNode, toOf } from "../lineage.ts";
import type { Hops } from "./label.ts";
import { sum, timesOf, took } from "./label.ts";
import { cost, counted, grouped } from "./words.ts";

export interface CallEdge {
  readonly from: string;
  readonly to: string;
  readonly refused: boolean;
  readonly hops: Hops;
}

export interface AgentGraph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly CallEdge[];
  /** Agents that are drawn as one node, because there are more than a picture holds. */
  readonly folded: number;
}

/** The node that stands for all agents beyond `most`. No agent has this id: those with a colon begin otherwise. */
const REST = "caller:…";

/** @param most nodes; beyond it the agents with the fewest calls become one node, so that layouts stay bounded */
export function agentGraph({ nodes, hops }: ChainGraph, most: number): AgentGraph {
  const kept = busiest(nodes, hops, most);
  const folded = nodes.length - kept.size;
  const place = (id: string) => (kept.has(id) ? id : REST);
  const groups = Map.groupBy(hops, (hop) =>
    JSON.stringify([place(fromOf(hop)), place(toOf(hop)), hop.status === "rejected"]),
  );
  const edges = [...groups.values()].flatMap(([first, ...more]): CallEdge[] =>
    first === undefined
      ? []
      : [
          {
            from: place(fromOf(first)),
            to: place(toOf(first)),
            refused: first.status === "rejected",
            hops: [first, ...more],
          },
        ],
  );
  const rest: GraphNode = { id: REST, kind: "agent", name: `${counted(folded, "more agent")}` };
  return { nodes: [...nodes.filter(({ id }) => kept.has(id)), ...(folded === 0 ? [] : [rest])], edges, folded };
}

function busiest(nodes: readonly GraphNode[], hops: readonly GraphHop[], most: number): ReadonlySet<string> {
  if (nodes.length <= most) return new Set(nodes.map((node) => node.id));
  const calls = new Map<string, number>();
  for (const id of hops.flatMap((hop) => [fromOf(hop), toOf(hop)])) calls.set(id, (calls.get(id) ?? 0) + 1);
  const [root, ...agents] = nodes.map((node) => node.id);
  const ranked = agents.sort((a, b) => (calls.get(b) ?? 0) - (calls.get(a) ?? 0));
  return new Set([root ?? "", ...ranked.slice(0, most - 2)]);
}

/** How often an edge was called, and with what ends; of refusals, how often by which code. */
export function countPhrases({ refused, hops }: CallEdge): string[] {
  if (refused) return [...codes(hops)].map(([code, { length }]) => `×${grouped(length)} ${code}`);
  const failed = hops.filter((hop) => hop.status === "error" || hop.status === "lost").length;
  const open = hops.filter((hop) => hop.status === "open").length;
  const cancelled = hops.filter((hop) => hop.status === "cancelled").length;
  return [
    timesOf(hops) || "×1",
    failed === 0 ? "" : `${grouped(failed)} failed`,
    cancelled === 0 ? "" : `${grouped(cancelled)} cancelled`,
    open === 0 ? "" : `${grouped(open)} open`,
  ].filter((phrase) => phrase !== "");
}

/** How long the calls of an edge took, and what they cost. */
export function usePhrases({ refused, hops }: CallEdge): string[] {
  if (refused) return [];
  const micros = sum(hops, (hop) => hop.usage.costMicros);
  return [took(hops), micros === 0 ? "" : cost(micros)].filter((phrase) => phrase !== "");
}

function codes(hops: Hops): Map<string, GraphHop[]> {
  return Map.groupBy(hops, (hop) => hop.code ?? "rejected");
}
