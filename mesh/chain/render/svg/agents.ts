/** The graph of agents, laid out by dagre: it may have loops. */
import { Graph, layout } from "@dagrejs/dagre";
import { SVG_AGENTS, SVG_ARROWS } from "../../../limits.ts";
import type { AgentGraph, AgentNode } from "../agents.ts";
import { kindWord } from "../parts.ts";
import { shownName } from "../text.ts";
import { counted } from "../words.ts";
import { alongLabel, arrow, EDGE_KEY, LOOP_HEIGHT, labelOf, loop, type Point } from "./arrows.ts";
import { type Card, drawCard, sized } from "./card.ts";
import type { Drawing } from "./frame.ts";
import { docked } from "./ports.ts";

const HEIGHT = 42;
/** Up to this many arrows each says what its calls took; above it only its tooltip does. */
const WORDY_EDGES = 40;
/** So few agents have no more arrows than the layout has time for. */
const LEAST_AGENTS = 10;

/** @param graphOf the graph with at most so many nodes */
export function drawAgents(graphOf: (most: number) => AgentGraph): Drawing {
  const { nodes, edges, folded } = numbered(fewEnough(graphOf));
  const cards = new Map(nodes.map((node) => [node.id, cardOf(node)]));
  // dagre has no good place for a call of oneself: it is drawn at its node, which leaves room for it.
  const between = edges.filter((edge) => edge.from !== edge.to);
  const selves = Map.groupBy(
    edges.filter((edge) => edge.from === edge.to),
    (edge) => edge.from,
  );
  const laid = new Graph({ multigraph: true });
  laid.setGraph({ rankdir: "LR", nodesep: 24, edgesep: 14, ranksep: 72 });
  for (const [id, { width }] of cards)
    laid.setNode(id, { width, height: HEIGHT + (selves.has(id) ? 2 * LOOP_HEIGHT : 0) });
  const labels = new Map(edges.map((edge) => [edge, labelOf(edge, edges.length <= WORDY_EDGES)]));
  for (const [place, edge] of between.entries()) {
    laid.setEdge(edge.from, edge.to, { ...labels.get(edge)?.size, labelpos: "c" }, String(place));
  }
  layout(laid);
  const boxes = new Map(
    [...cards].map(([id, { width }]) => {
      const { x, y } = laid.node(id) as Point;
      return [id, { x: x - width / 2, y: y - HEIGHT / 2, width, height: HEIGHT }];
    }),
  );
  const routes = between.map((edge, place) => {
    const at = laid.edge(edge.from, edge.to, String(place)) as { points: Point[] } & Point;
    return { ...edge, ...at, points: alongLabel(at.points, at, labels.get(edge)?.size.width ?? 0) };
  });
  const ways = docked(routes, boxes);
  const arrows = [
    ...between.map((edge, place) => ({
      line: arrow(edge, ways[place] ?? []),
      label: labels.get(edge)?.at(routes[place] ?? { x: 0, y: 0 }) ?? "",
    })),
    ...[...selves].flatMap(([id, own]) => {
      const box = boxes.get(id);
      return box === undefined ? [] : own.map((edge) => loop(edge, box, labels.get(edge)));
    }),
  ];
  const drawn = [...cards].flatMap(([id, card]) => {
    const box = boxes.get(id);
    return box === undefined ? [] : [drawCard(card, box, true)];
  });
  const { width = 0, height = 0 } = laid.graph() as { width?: number; height?: number };
  const markup = [...arrows.map(({ line }) => line), ...drawn, ...arrows.map(({ label }) => label)].join("\n");
  const note = folded === 0 ? {} : { note: `${counted(folded, "agent")} with the fewest calls are drawn as one.` };
  return { width, height, markup, key: EDGE_KEY, ...note };
}

/** As many agents one by one as the layout has time for. */
function fewEnough(graphOf: (most: number) => AgentGraph): AgentGraph {
  for (let most = SVG_AGENTS; ; most = Math.floor(most * 0.7)) {
    const drawn = graphOf(most);
    if (drawn.edges.length <= SVG_ARROWS || most < LEAST_AGENTS) return drawn;
  }
}

/** With numbers for names: dagre keeps its nodes as properties of objects, and a name can be any text. */
function numbered({ nodes, edges, folded }: AgentGraph): AgentGraph {
  const ids = new Map(nodes.map(({ id }, place) => [id, `n${place}`]));
  const idOf = (id: string) => ids.get(id) ?? "";
  return {
    nodes: nodes.map((node) => ({ ...node, id: idOf(node.id) })),
    edges: edges.map((edge) => ({ ...edge, from: idOf(edge.from), to: idOf(edge.to) })),
    folded,
  };
}

function cardOf({ kind, name, phrases }: AgentNode): Card {
  const isCaller = kind === "caller";
  const reached = phrases.length > 0;
  const words = isCaller ? ["caller"] : [kindWord({ kind }), ...(reached ? phrases : ["never reached"])];
  const look = isCaller ? "caller" : reached ? "agent" : "rejected";
  const label = shownName(name, 64);
  const content = { look, round: kind === "agent", name: label, times: "", refusal: "", tooltip: [label] } as const;
  return sized({ ...content, words: words.filter((word) => word !== "").join(" · ") }, true);
}
