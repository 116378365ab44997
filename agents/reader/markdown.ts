/**
 * Markdown → blocks, verbatim: a block's text is the source's own, inline markup included.
 *
 * Only the block structure is parsed. Emphasis, links and the like change no block, and matching their delimiters is
 * what makes a Markdown parser quadratic (64 KB of `*_` took 57 s).
 */
import { fromMarkdown } from "mdast-util-from-markdown";
import { type Block, STRETCH_CHARS, type Stretches } from "./block.ts";
import { htmlStretches } from "./html.ts";

type Node = ReturnType<typeof fromMarkdown>["children"][number];

const INLINE = [
  "attention",
  "autolink",
  "characterEscape",
  "characterReference",
  "codeText",
  "hardBreakEscape",
  "htmlText",
  "labelEnd",
  "labelStartImage",
  "labelStartLink",
];
const CONTAINERS = ["blockQuote", "list"];

/** Each level of quotes and lists is opened anew on each line: such a line makes the parser read its stretch flat. */
const DEEP_LINE = /^[ \t>*+\-.)\d]{100}/m;

/** A single block longer than this is read in parts, and what follows each part as if it began there. */
const MAX_WINDOW_CHARS = 4 * STRETCH_CHARS;

/** Settings of the document, when its first line is one. Two rules with text between them are no front matter. */
const FRONT_MATTER = /^\uFEFF?---[ \t]*\r?\n(?=[\w"'-]+[ \t]*:|---)(?:[^\r\n]*\r?\n){0,200}?---[ \t]*(?:\r?\n|$)/;

/** A heading's words are looked for in this much of it, with the inline markup that costs. */
const LABEL_CHARS = 400;

export function* markdownStretches(source: string): Stretches {
  let at = FRONT_MATTER.exec(source)?.[0].length ?? 0;
  let size = STRETCH_CHARS;
  while (at < source.length) {
    // The parser drops a byte order mark, and counts its offsets from behind it.
    if (source.charCodeAt(at) === 0xfeff) {
      at += 1;
      continue;
    }
    const window = windowAt(source, at, size);
    const isLast = at + window.length === source.length;
    const nodes = parse(window);
    if (!isLast && nodes.length === 1 && size < MAX_WINDOW_CHARS) {
      size *= 2;
      continue;
    }
    // Later lines can change only the last block, so all before it stand as they are.
    const unfinished = isLast || nodes.length < 2 ? undefined : nodes.pop();
    const offset = at;
    yield nodes.flatMap((node) => [...blocksOf(node, window, offset)]);
    at += unfinished
      ? lineStart(window, startOf(unfinished))
      : isLast
        ? window.length
        : lineStart(window, window.length);
    size = STRETCH_CHARS;
  }
}

/** Never ends between the halves of a surrogate pair. */
function windowAt(source: string, at: number, size: number): string {
  const end = at + size;
  const halved = end < source.length && (source.codePointAt(end - 1) ?? 0) > 0xffff;
  return source.slice(at, halved ? end - 1 : end);
}

function parse(window: string): Node[] {
  const disabled = DEEP_LINE.test(window) ? [...INLINE, ...CONTAINERS] : INLINE;
  return fromMarkdown(window, { extensions: [{ disable: { null: disabled } }] }).children;
}

function startOf(node: Node): number {
  return node.position?.start.offset ?? 0;
}

/** The start of the line that an offset is on, or the offset itself where all before it is one line. */
function lineStart(window: string, offset: number): number {
  return window.lastIndexOf("\n", offset - 1) + 1 || offset;
}

function* blocksOf(node: Node, window: string, at: number): Generator<Block> {
  for (const leaf of leaves(node, startOf(node))) {
    const end = leaf.node.position?.end.offset ?? leaf.start;
    const text = window.slice(leaf.start, end);
    const place = { text, start: at + leaf.start, end: at + end };
    if (node.type === "heading") yield { kind: "heading", label: plainHeading(text), ...place };
    else if (leaf.node.type === "code") yield { kind: "code", ...place };
    else if (leaf.node.type !== "html" || showsText(text)) yield { kind: "text", ...place };
  }
}

/** The blocks inside of lists and quotes. The first one starts at the marker of what it is in. */
function* leaves(node: Node, start: number): Generator<{ readonly node: Node; readonly start: number }> {
  if (node.type === "definition" || node.type === "thematicBreak") return;
  if (node.type !== "blockquote" && node.type !== "list" && node.type !== "listItem") {
    yield { node, start };
    return;
  }
  for (const [index, child] of node.children.entries()) yield* leaves(child, index === 0 ? start : startOf(child));
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
