/** Hops as a graph of parties: one node an agent, one edge for what a pair was granted and one for what was refused. */
import { type ChainGraph, fromOf, type GraphHop, type GraphNode, toOf } from "../lineage.ts";
import type { Hops } from "./label.ts";
import { sum, timesOf, took } from "./label.ts";
import { cost, counted, grouped } from "./words.ts";

export interface CallEdge {
  readonly from: string;
  readonly to: string;
  readonly refused: boolean;
  /** How often it was called, and with what ends; of refusals, how often by which code. */
  readonly counts: readonly string[];
  /** How long the calls took, and what they cost. */
  readonly uses: readonly string[];
  /** Sentences for whoever looks closer. */
  readonly details: readonly string[];
}

export interface AgentNode extends GraphNode {
  /** What was made of it, in short phrases; none when it was only refused. */
  readonly phrases: readonly string[];
}

export interface AgentGraph {
  readonly nodes: readonly AgentNode[];
  readonly edges: readonly CallEdge[];
  /** Agents that are drawn as one node, because there are more than a picture holds. */
  readonly folded: number;
}

/** The node that stands for all agents beyond `most`. No agent has this id: those with a colon begin otherwise. */
export const REST = "caller:…";

/** @param most nodes; beyond it the agents with the fewest calls become one node, so that layouts stay bounded */
export function agentGraph({ nodes, hops }: ChainGraph, most: number): AgentGraph {
  const kept = busiest(nodes, hops, most);
  const folded = nodes.length - kept.size;
  const place = (id: string) => (kept.has(id) ? id : REST);
  const groups = Map.groupBy(hops, (hop) =>
    JSON.stringify([place(fromOf(hop)), place(toOf(hop)), hop.status === "rejected"]),
  );
  const edges = [...groups.values()].flatMap(([first, ...more]): CallEdge[] => {
    if (first === undefined) return [];
    const refused = first.status === "rejected";
    const all: Hops = [first, ...more];
    const ends = { from: place(fromOf(first)), to: place(toOf(first)), refused };
    return [{ ...ends, counts: countPhrases(refused, all), uses: usePhrases(refused, all), details: detailsOf(all) }];
  });
  const rest: GraphNode = { id: REST, kind: "agent", name: `${counted(folded, "more agent")}` };
  const granted = Map.groupBy(
    hops.filter((hop) => hop.status !== "rejected"),
    (hop) => place(toOf(hop)),
  );
  const shown = [...nodes.filter(({ id }) => kept.has(id)), ...(folded === 0 ? [] : [rest])];
  return { nodes: shown.map((node) => ({ ...node, phrases: phrasesOf(granted.get(node.id) ?? []) })), edges, folded };
}

function phrasesOf(hops: readonly GraphHop[]): string[] {
  const micros = sum(hops, (hop) => hop.usage.costMicros);
  return hops.length === 0 ? [] : [counted(hops.length, "hop"), ...(micros === 0 ? [] : [cost(micros)])];
}

function detailsOf(hops: Hops): string[] {
  return [...new Set(hops.map((hop) => hop.detail ?? ""))].filter((detail) => detail !== "").slice(0, 5);
}

function busiest(nodes: readonly GraphNode[], hops: readonly GraphHop[], most: number): ReadonlySet<string> {
  if (nodes.length <= most) return new Set(nodes.map((node) => node.id));
  const calls = new Map<string, number>();
  for (const id of hops.flatMap((hop) => [fromOf(hop), toOf(hop)])) calls.set(id, (calls.get(id) ?? 0) + 1);
  const [root, ...agents] = nodes.map((node) => node.id);
  const ranked = agents.sort((a, b) => (calls.get(b) ?? 0) - (calls.get(a) ?? 0));
  return new Set([root ?? "", ...ranked.slice(0, most - 2)]);
}

function countPhrases(refused: boolean, hops: Hops): string[] {
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

function usePhrases(refused: boolean, hops: Hops): string[] {
  if (refused) return [];
  const micros = sum(hops, (hop) => hop.usage.costMicros);
  return [took(hops), micros === 0 ? "" : cost(micros)].filter((phrase) => phrase !== "");
}

function codes(hops: Hops): Map<string, GraphHop[]> {
  return Map.groupBy(hops, (hop) => hop.code ?? "rejected");
}
