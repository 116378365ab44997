/** Plain text → paragraphs. */
import { type Block, STRETCH_CHARS, type Stretches } from "./block.ts";

/**
 * `\r(?!\n)`: the two halves of one CRLF are no blank line. At most 100 at once: the engine keeps each round of a group
 * on its stack, and megabytes of line ends overflow it.
 */
const BLANK_LINES = /(?:\r\n|\r(?!\n)|\n)(?:[ \t\f]*(?:\r\n|\r(?!\n)|\n)){1,100}/g;

export function* textStretches(source: string): Stretches {
  let blocks: Block[] = [];
  let start = 0;
  let stretchEnd = STRETCH_CHARS;
  for (const { index, 0: blank } of source.matchAll(BLANK_LINES)) {
    blocks.push({ kind: "text", text: source.slice(start, index), start, end: index });
    start = index + blank.length;
    if (start < stretchEnd) continue;
    yield blocks;
    blocks = [];
    stretchEnd = start + STRETCH_CHARS;
  }
  blocks.push({ kind: "text", text: source.slice(start), start, end: source.length });
  yield blocks;
}
