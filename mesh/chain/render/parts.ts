/** A picture's nodes and arrows with their words, the same for every notation: what Graphviz and Mermaid only spell. */
import type { HopStatus } from "../facts.ts";
import type { GraphHop, GraphNode, GraphPage } from "../lineage.ts";
import { type AgentGraph, agentGraph } from "./agents.ts";
import { collapsed, hopTree, type TreeNode, walk } from "./hop-tree.ts";
import { nameOf, phrasesOf, timesOf, tooltipOf } from "./label.ts";
import type { View } from "./page-note.ts";
import { statusGlyph } from "./status.ts";
import { shownName } from "./text.ts";

export interface Part {
  /** `n0`, `n1`, …: never a name, so that no name can be syntax. */
  readonly id: string;
  readonly kind: GraphNode["kind"] | "earlier";
  readonly status?: HopStatus;
  readonly lines: readonly string[];
  readonly tooltip: readonly string[];
}

export interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly refused: boolean;
  readonly label: string;
}

export interface Parts {
  readonly parts: readonly Part[];
  readonly arrows: readonly Arrow[];
}

interface Options {
  /** Whether alike siblings are one node. */
  readonly collapse: boolean;
  /** Nodes of `view=agents`. */
  readonly agents: number;
}

export function partsOf({ graph }: GraphPage, view: View, options: Options): Parts {
  switch (view) {
    case "hops": {
      const tree = hopTree(graph);
      return hopParts(options.collapse ? collapsed(tree, "leaves") : tree);
    }
    case "agents":
      return agentParts(agentGraph(graph, options.agents));
    default:
      return view satisfies never;
  }
}

function hopParts(root: TreeNode): Parts {
  const walked = walk(root);
  const ids = new Map(walked.map(({ node }, place) => [node, `n${place}`]));
  const idOf = (node: TreeNode) => ids.get(node) ?? "";
  const arrows = walked.flatMap(({ node, parent }): Arrow[] => {
    if (parent === undefined) return [];
    const code = node.what === "calls" && node.hops[0].status === "rejected" ? (node.hops[0].code ?? "rejected") : "";
    return [{ from: idOf(parent), to: idOf(node), refused: code !== "", label: code }];
  });
  return { parts: walked.map(({ node }) => hopPart(node, idOf(node))), arrows };
}

function hopPart(node: TreeNode, id: string): Part {
  switch (node.what) {
    case "caller":
      return { id, kind: "caller", lines: [shownName(node.name, 64)], tooltip: [] };
    case "earlier":
      return { id, kind: "earlier", lines: [pathOf(node.path), "on an earlier page"], tooltip: [] };
    case "calls": {
      const [first] = node.hops;
      const title = [statusGlyph(first.status), kindWord(first), nameOf(first), timesOf(node.hops)];
      const phrases = phrasesOf(node.hops).filter((phrase) => first.status !== "rejected" || phrase !== first.code);
      const lines = [title.filter((part) => part !== "").join(" "), phrases.join(" · ")];
      const tooltip = tooltipOf(node.hops);
      return { id, kind: first.kind, status: first.status, lines: lines.filter((line) => line !== ""), tooltip };
    }
    default:
      return node satisfies never;
  }
}

/** Agents are what is mostly called: only what is none of them is named by its kind. */
export function kindWord({ kind }: Pick<GraphHop, "kind">): string {
  return kind === "agent" ? "" : kind;
}

export function pathOf(path: readonly string[]): string {
  return path.map((name) => shownName(name, 24)).join(" → ");
}

export function agentParts({ nodes, edges }: AgentGraph): Parts {
  const ids = new Map(nodes.map(({ id }, place) => [id, `n${place}`]));
  const parts = nodes.map(({ id, kind, name }): Part => {
    const word = kind === "caller" ? "" : kindWord({ kind });
    return { id: ids.get(id) ?? "", kind, lines: [`${word} ${shownName(name, 64)}`.trim()], tooltip: [] };
  });
  const arrows = edges.map((edge): Arrow => {
    const label = `${edge.refused ? `${statusGlyph("rejected")} ` : ""}${[...edge.counts, ...edge.uses].join(", ")}`;
    return { from: ids.get(edge.from) ?? "", to: ids.get(edge.to) ?? "", refused: edge.refused, label };
  });
  return { parts, arrows };
}
