/** The mesh's call graph as pictures: the same notations and drawings as a chain's graph of agents. Pure; in the stateless Worker. */
import { type AgentGraph, type AgentNode, type CallEdge, REST } from "../chain/render/agents.ts";
import { dotOf } from "../chain/render/dot.ts";
import { mermaidOf } from "../chain/render/mermaid.ts";
import { agentParts } from "../chain/render/parts.ts";
import { drawAgents } from "../chain/render/svg/agents.ts";
import { framed } from "../chain/render/svg/frame.ts";
import { cost, counted, duration, grouped } from "../chain/render/words.ts";
import { MERMAID_ARROWS } from "../limits.ts";
import { type EdgeView, UNKNOWN } from "./edges.ts";
import type { MeshGraph } from "./graph.ts";

export function meshDot(graph: MeshGraph): string {
  const parts = agentParts(agentGraphOf(graph, Number.POSITIVE_INFINITY));
  return dotOf("mesh", [`${titleOf(graph)}: ${factsOf(graph).join(", ")}`], parts);
}

export function meshMermaid(graph: MeshGraph): string {
  const parts = agentParts(agentGraphOf(graph, MERMAID_ARROWS));
  return mermaidOf(`${titleOf(graph)}: ${factsOf(graph).join(", ")}`, undefined, parts, "Ask for one agent.");
}

export function meshSvg(graph: MeshGraph): string {
  const drawing = drawAgents((most) => agentGraphOf(graph, most));
  const [title, facts] = [titleOf(graph), factsOf(graph)];
  const sentence = `The call graph of the mesh, ${sinceOf(graph)}: ${facts.join(", ")}.`;
  return framed({ name: "mesh", status: sinceOf(graph), facts, id: "", sentence, note: noteOf(graph, title) }, drawing);
}

function noteOf({ edges }: MeshGraph, title: string): string | undefined {
  return edges.length === 0 ? `${title}: nothing was called.` : undefined;
}

function titleOf(graph: MeshGraph): string {
  return `Calls of the mesh ${sinceOf(graph)}`;
}

function sinceOf({ since }: MeshGraph): string {
  return `since ${new Date(since).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

function factsOf({ nodes, edges }: MeshGraph): string[] {
  const of = (count: (edge: EdgeView) => number) => edges.reduce((sum, edge) => sum + count(edge), 0);
  const [errors, refused, micros] = [of((edge) => edge.errors), of((edge) => edge.rejected), of((e) => e.costMicros)];
  const agents = nodes.filter(({ id, kind }) => kind === "agent" && id !== UNKNOWN).length;
  return [
    counted(
      of((edge) => edge.calls),
      "call",
    ),
    counted(agents, "agent"),
    errors === 0 ? "" : `${grouped(errors)} failed`,
    refused === 0 ? "" : `${grouped(refused)} refused`,
    micros > 0 ? cost(micros) : "",
  ].filter((fact) => fact !== "");
}

/** Two arrows a pair: one for what was granted, one for what was refused. */
function agentGraphOf({ nodes, edges }: MeshGraph, most: number): AgentGraph {
  const kept = busiest(nodes, edges, most);
  const folded = nodes.length - kept.size;
  const place = (id: string) => (kept.has(id) ? id : REST);
  const groups = Map.groupBy(edges, ({ from, to }) => JSON.stringify([place(from), place(to)]));
  const drawn = [...groups.values()].flatMap((some) => arrowsOf(some, place));
  const rest = { id: REST, kind: "agent", name: counted(folded, "more agent") } as const;
  const into = Map.groupBy(edges, ({ to }) => place(to));
  const shown = [...nodes.filter(({ id }) => kept.has(id)), ...(folded === 0 ? [] : [rest])];
  const phrased = shown.map((node): AgentNode => ({ ...node, phrases: phrasesOf(into.get(node.id) ?? []) }));
  return { nodes: phrased, edges: drawn, folded };
}

function busiest(nodes: MeshGraph["nodes"], edges: readonly EdgeView[], most: number): ReadonlySet<string> {
  if (nodes.length <= most) return new Set(nodes.map(({ id }) => id));
  const calls = new Map<string, number>();
  for (const { from, to, calls: more } of edges)
    for (const id of [from, to]) calls.set(id, (calls.get(id) ?? 0) + more);
  const ranked = nodes.map(({ id }) => id).sort((a, b) => (calls.get(b) ?? 0) - (calls.get(a) ?? 0));
  return new Set(ranked.slice(0, most - 1));
}

function phrasesOf(edges: readonly EdgeView[]): string[] {
  const granted = edges.reduce((sum, { calls, rejected }) => sum + calls - rejected, 0);
  const micros = edges.reduce((sum, { costMicros }) => sum + costMicros, 0);
  return granted === 0 ? [] : [counted(granted, "call"), ...(micros > 0 ? [cost(micros)] : [])];
}

function arrowsOf(edges: readonly EdgeView[], place: (id: string) => string): CallEdge[] {
  const [first] = edges;
  if (first === undefined) return [];
  const of = (count: (edge: EdgeView) => number) => edges.reduce((sum, edge) => sum + count(edge), 0);
  const ends = { from: place(first.from), to: place(first.to) };
  const [refused, errors, micros] = [of((edge) => edge.rejected), of((edge) => edge.errors), of((e) => e.costMicros)];
  const granted = of((edge) => edge.calls) - refused;
  const counts = [`×${grouped(granted)}`, ...(errors === 0 ? [] : [`${grouped(errors)} failed`])];
  const uses = [slowness(edges), micros > 0 ? cost(micros) : ""].filter((phrase) => phrase !== "");
  return [
    ...(granted === 0 ? [] : [{ ...ends, refused: false, counts, uses, details: detailsOf(edges) }]),
    ...(refused === 0 ? [] : [{ ...ends, refused: true, counts: refusals(edges), uses: [], details: [] }]),
  ];
}

/** Quantiles of several edges don't add up: only one edge's are told. */
function slowness([edge, ...others]: readonly EdgeView[]): string {
  const p95 = others.length === 0 ? edge?.latencyMs.p95 : undefined;
  return p95 === undefined || p95 === null ? "" : `p95 ${duration(Math.round(p95))}`;
}

function detailsOf([edge, ...others]: readonly EdgeView[]): string[] {
  if (edge === undefined || others.length > 0) return [];
  const { p50, p95, p99 } = edge.latencyMs;
  const times = [p50, p95, p99].map((ms) => (ms === null ? "–" : duration(Math.round(ms))));
  return [`p50 ${times[0]}, p95 ${times[1]}, p99 ${times[2]}`, `${grouped(Math.max(0, edge.tokens))} tokens`];
}

function refusals(edges: readonly EdgeView[]): string[] {
  const codes = new Map<string, number>();
  for (const [code, count] of edges.flatMap(({ rejections }) => Object.entries(rejections)))
    codes.set(code, (codes.get(code) ?? 0) + count);
  return [...codes].map(([code, count]) => `×${grouped(count)} ${code}`);
}
