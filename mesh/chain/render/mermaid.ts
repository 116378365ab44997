/** A chain as a Mermaid flowchart, within what Mermaid itself accepts. */
import { MERMAID_ARROWS, MERMAID_CHARS } from "../../limits.ts";
import type { HopStatus } from "../facts.ts";
import type { GraphPage } from "../lineage.ts";
import { headline, pageNote, type View } from "./page-note.ts";
import { type Arrow, type Part, type Parts, partsOf } from "./parts.ts";
import { grouped } from "./words.ts";

/** Names stand in quotes, escaped; nodes have ids of our own. Alike siblings are one node. */
export function mermaid(page: GraphPage, view: View): string {
  const whole = partsOf(page, view, { collapse: true, agents: MERMAID_ARROWS });
  const { id, status, facts } = headline(page);
  return mermaidOf(`Chain ${id}, ${status}: ${facts.join(", ")}`, pageNote(page), whole, "Ask for fewer hops.");
}

/**
 * @param title a line without what others wrote
 * @param advice what to do when Mermaid takes no more
 */
export function mermaidOf(title: string, about: string | undefined, whole: Parts, advice: string): string {
  const { parts, arrows } = cut(whole);
  const left = whole.arrows.length - arrows.length;
  const notes = [
    about,
    left === 0 ? undefined : `Mermaid takes no more: ${grouped(left)} further arrows are left out. ${advice}`,
  ].filter((note) => note !== undefined);
  const refused = arrows.flatMap((arrow, place) => (arrow.refused ? [place] : []));
  return [
    "flowchart LR",
    `  %% ${title}`,
    ...parts.map(shape),
    ...arrows.map(arrow),
    ...notes.map((note, place) => `  note${place}["${escaped(note)}"]:::note`),
    ...(refused.length === 0 ? [] : [`  linkStyle ${refused.join(",")} stroke:#d1242f,color:#d1242f`]),
    ...classes(parts, notes.length),
    "",
  ].join("\n");
}

/** The first arrows and their nodes: parents come before children, so what is left is one picture. */
function cut({ parts, arrows }: Parts): Parts {
  const spelled = new Map(parts.map((part) => [part.id, shape(part).length + 1]));
  let chars = 0;
  const kept: Arrow[] = [];
  const reached = new Set<string>();
  for (const one of arrows) {
    const ends = [one.from, one.to].filter((id) => !reached.has(id));
    chars += arrow(one).length + 1 + ends.reduce((sum, id) => sum + (spelled.get(id) ?? 0), 0);
    if (kept.length === MERMAID_ARROWS || chars > MERMAID_CHARS) break;
    for (const id of ends) reached.add(id);
    kept.push(one);
  }
  return kept.length === arrows.length
    ? { parts, arrows }
    : { parts: parts.filter(({ id }) => reached.has(id)), arrows: kept };
}

const BRACKETS: Readonly<Record<Part["kind"], readonly [string, string]>> = {
  caller: ["([", "])"],
  agent: ["[", "]"],
  tool: ["[[", "]]"],
  model: ["{{", "}}"],
  earlier: ["(", ")"],
};

function shape({ id, kind, status, lines }: Part): string {
  const [open, close] = BRACKETS[kind];
  const label = lines.map(escaped).join("<br/>");
  return `  ${id}${open}"${label}"${close}${status === undefined || status === "done" ? "" : `:::${status}`}`;
}

/** What was refused is dashed: that is to be seen without colour. */
function arrow({ from, to, refused, label }: Arrow): string {
  return `  ${from} ${refused ? "-.->" : "-->"}${label === "" ? "" : `|"${escaped(label)}"|`} ${to}`;
}

/** Strokes alone, so that the reader's theme stays legible. */
const CLASSES: Readonly<Record<Exclude<HopStatus, "done"> | "note", string>> = {
  error: "stroke:#b42318,stroke-width:2px",
  rejected: "stroke:#d1242f,stroke-dasharray:4 3",
  open: "stroke:#0969da",
  lost: "stroke:#9a6700,stroke-dasharray:1 3",
  cancelled: "stroke:#6b7280,stroke-dasharray:1 3",
  note: "stroke:none",
};

function classes(parts: readonly Part[], notes: number): string[] {
  const used = new Set<string | undefined>([...parts.map((part) => part.status), ...(notes > 0 ? ["note"] : [])]);
  return Object.entries(CLASSES).flatMap(([name, style]) => (used.has(name) ? [`  classDef ${name} ${style}`] : []));
}

/** Mermaid's own entities: everything that could end the label or be read as markup. */
function escaped(text: string): string {
  return text.replace(/[^\p{L}\p{N} .:_/-]/gu, (character) => `#${character.codePointAt(0)};`);
}
