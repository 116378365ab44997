/** A chain in Graphviz's language. Its layout is whoever runs `dot`: nothing is left out and nothing collapsed. */
import type { HopStatus } from "../facts.ts";
import type { GraphPage } from "../lineage.ts";
import { headline, pageNote, type View } from "./page-note.ts";
import { type Arrow, type Part, type Parts, partsOf } from "./parts.ts";

export function dot(page: GraphPage, view: View): string {
  const parts = partsOf(page, view, { collapse: false, agents: Number.POSITIVE_INFINITY });
  const { id, status, facts } = headline(page);
  const note = pageNote(page);
  const title = [`Chain ${id}, ${status}: ${facts.join(", ")}`, ...(note === undefined ? [] : [note])];
  return dotOf(`chain ${id}`, title, parts);
}

export function dotOf(name: string, title: readonly string[], { parts, arrows }: Parts): string {
  return [
    `digraph ${quoted([name])} {`,
    `  graph [rankdir=LR, labelloc=t, label=${quoted(title)}, fontname="sans-serif"];`,
    `  node [shape=box, style=rounded, fontname="sans-serif", fontsize=11];`,
    `  edge [fontname="sans-serif", fontsize=10, color="#6b7280"];`,
    ...parts.map(node),
    ...arrows.map(edge),
    "}",
    "",
  ].join("\n");
}

const SHAPES: Readonly<Record<Part["kind"], string>> = {
  caller: "shape=ellipse, style=solid",
  agent: "",
  tool: "shape=component, style=solid",
  model: "shape=hexagon, style=solid",
  earlier: "style=dotted",
};

/** Colour repeats what the glyph in the label says. */
const COLOURS: Readonly<Record<HopStatus, string>> = {
  done: 'color="#1a7f37"',
  error: 'color="#b42318"',
  rejected: 'color="#d1242f", fontcolor="#d1242f", style="rounded,dashed"',
  open: 'color="#0969da"',
  lost: 'color="#9a6700"',
  cancelled: 'color="#6b7280"',
};

function node({ id, kind, status, lines, tooltip }: Part): string {
  const attributes = [
    `label=${quoted(lines)}`,
    SHAPES[kind],
    status === undefined ? "" : COLOURS[status],
    tooltip.length === 0 ? "" : `tooltip=${quoted(tooltip)}`,
  ];
  return `  ${id} [${attributes.filter((attribute) => attribute !== "").join(", ")}];`;
}

function edge({ from, to, refused, label }: Arrow): string {
  const attributes = [
    label === "" ? "" : `label=${quoted([label])}`,
    refused ? 'color="#d1242f", fontcolor="#d1242f", style=dashed' : "",
  ].filter((attribute) => attribute !== "");
  return `  ${from} -> ${to}${attributes.length === 0 ? "" : ` [${attributes.join(", ")}]`};`;
}

/** A string of Graphviz: it reads backslashes as its own escapes, and HTML's entities. */
function quoted(lines: readonly string[]): string {
  const escaped = lines.map((line) =>
    line.replace(/[\\"&<>]/g, (character) => ESCAPES[character as keyof typeof ESCAPES]),
  );
  return `"${escaped.join("\\n")}"`;
}

const ESCAPES = { "\\": "\\\\", '"': '\\"', "&": "&amp;", "<": "&lt;", ">": "&gt;" } as const;
