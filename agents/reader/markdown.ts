/**
 * Markdown → blocks, verbatim: a block's text is the source's own, inline markup included.
 *
 * Only the block structure is parsed. Emphasis, links and the like change no block, and matching their delimiters is
 * what makes a Markdown parser quadratic (64 KB of `*_` took 57 s). Blocks cost 1 to 10 µs a character when the parser
 * is given little at a time; with the whole of a hostile source some of them are quadratic, too.
 */
import { fromMarkdown } from "mdast-util-from-markdown";
import type { Block, Stretches } from "./block.ts";
import { htmlStretches } from "./html.ts";

type Node = ReturnType<typeof fromMarkdown>["children"][number];

const UNPARSED = [
  "attention",
  "autolink",
  "characterEscape",
  "characterReference",
  "codeText",
  "definition",
  "hardBreakEscape",
  "htmlText",
  "labelEnd",
  "labelStartImage",
  "labelStartLink",
];
const CONTAINERS = ["blockQuote", "list"];

/** Each level of quotes and lists is opened anew on each line: such a line makes the parser read its stretch flat. */
const DEEP_LINE = /^[ \t>*+\-.)\d]{100}/m;

/** What the parser is given at once; and at most, where a single block is longer: then its rest is read by itself. */
const WINDOW_CHARS = 8 * 1024;
const MAX_WINDOW_CHARS = 32 * 1024;

/** Settings of the document, when its first line is one. Two rules with text between them are no front matter. */
const FRONT_MATTER = /^\uFEFF?---[ \t]*\r?\n(?=[\w"'-]+[ \t]*:|---)(?:[^\r\n]*\r?\n){0,200}?---[ \t]*(?:\r?\n|$)/;

const DEFINITION = /^ {0,3}\[[^\]]+\]:\s*\S/;

/** A heading's words are looked for in this much of it, with the inline markup that costs. */
const LABEL_CHARS = 400;

export function* markdownStretches(source: string): Stretches {
  let at = FRONT_MATTER.exec(source)?.[0].length ?? 0;
  let size = WINDOW_CHARS;
  while (at < source.length) {
    // The parser drops a byte order mark, and counts its offsets from behind it.
    if (source.charCodeAt(at) === 0xfeff) {
      at += 1;
      continue;
    }
    const window = windowAt(source, at, size);
    const nodes = parse(window);
    const finished = at + window.length === source.length ? { nodes, end: window.length } : finishedPart(nodes, window);
    if (finished === undefined && size < MAX_WINDOW_CHARS) {
      size *= 2;
      continue;
    }
    const blocks: Block[] = [];
    for (const node of finished?.nodes ?? nodes) blocks.push(...blocksOf(node, window, at));
    yield blocks;
    at += finished?.end ?? window.length;
    size = WINDOW_CHARS;
  }
}

/** Ends at a line's end, or inside of a line that is too long, but never between the halves of a surrogate pair. */
function windowAt(source: string, at: number, size: number): string {
  const end = at + size;
  const window = source.slice(at, end);
  if (end >= source.length) return window;
  const lineEnd = lineStart(window, size);
  if (lineEnd > 0) return window.slice(0, lineEnd);
  return (source.codePointAt(end - 1) ?? 0) > 0xffff ? window.slice(0, -1) : window;
}

/** Later lines can change only the last block of a window; of a list, only its last item; and prolong a paragraph. */
function finishedPart(nodes: readonly Node[], window: string): { nodes: readonly Node[]; end: number } | undefined {
  const last = nodes.at(-1);
  if (last === undefined) return { nodes, end: window.length };
  if (nodes.length > 1) return { nodes: nodes.slice(0, -1), end: lineStart(window, startOf(last)) };
  if (last.type === "paragraph") return { nodes, end: window.length };
  const lastItem = last.type === "list" && last.children.length > 1 ? last.children.at(-1) : undefined;
  if (last.type !== "list" || lastItem === undefined) return undefined;
  return { nodes: last.children.slice(0, -1), end: lineStart(window, startOf(lastItem)) };
}

function parse(window: string): Node[] {
  if (!/\S/.test(window)) return [];
  const disabled = DEEP_LINE.test(window) ? [...UNPARSED, ...CONTAINERS] : UNPARSED;
  return fromMarkdown(window, { extensions: [{ disable: { null: disabled } }] }).children;
}

function startOf(node: Node): number {
  return node.position?.start.offset ?? 0;
}

function lineStart(window: string, offset: number): number {
  if (offset === 0) return 0;
  return 1 + Math.max(window.lastIndexOf("\n", offset - 1), window.lastIndexOf("\r", offset - 1));
}

function* blocksOf(node: Node, window: string, at: number): Generator<Block> {
  for (const leaf of leaves(node, startOf(node))) {
    const end = leaf.node.position?.end.offset ?? leaf.start;
    const text = window.slice(leaf.start, end);
    const place = { text, start: at + leaf.start, end: at + end };
    if (node.type === "heading") yield { kind: "heading", label: plainHeading(text), ...place };
    else if (leaf.node.type === "code") yield { kind: "code", ...place };
    else if (leaf.node.type === "html" ? showsText(text) : !isDefinitions(text)) yield { kind: "text", ...place };
  }
}

/** The blocks inside of lists and quotes. The first one starts at the marker of what it is in. */
function* leaves(node: Node, start: number): Generator<{ readonly node: Node; readonly start: number }> {
  if (node.type === "thematicBreak") return;
  if (node.type !== "blockquote" && node.type !== "list" && node.type !== "listItem") {
    yield { node, start };
    return;
  }
  for (const [index, child] of node.children.entries()) yield* leaves(child, index === 0 ? start : startOf(child));
}

/** Where links lead is no text. */
function isDefinitions(text: string): boolean {
  return DEFINITION.test(text) && text.split("\n").every((line) => DEFINITION.test(line));
}

/** A logo or a comment is no text; a table written as HTML is. */
function showsText(html: string): boolean {
  for (const blocks of htmlStretches(html)) if (blocks.length > 0) return true;
  return false;
}

/** A heading as it is read: `## The **hop** token` → `The hop token`. */
function plainHeading(markdown: string): string {
  const words: string[] = [];
  const visit = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    if ("value" in node && typeof node.value === "string") words.push(node.value);
    else if ("alt" in node && typeof node.alt === "string") words.push(node.alt);
    else if ("children" in node && Array.isArray(node.children)) node.children.forEach(visit);
  };
  visit(fromMarkdown(markdown.slice(0, LABEL_CHARS)));
  return words.join("");
}
