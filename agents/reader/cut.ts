/** Where a text that is too long for one passage is cut. */
import type { Block } from "./block.ts";

/** The longest passage, in UTF-16 units of its text: a screenful, and about 200 tokens. */
export const PASSAGE_CHARS = 800;

/** No cut leaves less than this before it, unless nothing else is left: a scrap says nothing by itself. */
export const SMALL_CHARS = 200;

const SENTENCES = new Intl.Segmenter("en", { granularity: "sentence" });

/**
 * The index behind the last piece that fits: at a sentence's end (of code: a line's), else at a line's end, else at
 * white space, else between two characters. Reads no further than two passages, so that a text of any length costs
 * the same per passage.
 */
export function cutIndex(text: string, from: number, kind: Block["kind"]): number {
  if (text.length - from <= PASSAGE_CHARS) return text.length;
  const window = text.slice(from, from + 2 * PASSAGE_CHARS);
  const inside = kind === "code" ? undefined : sentenceEnd(window);
  return from + (inside ?? lastOf(window, /[\r\n]/) ?? lastOf(window, /\s/) ?? characterEnd(window));
}

function sentenceEnd(window: string): number | undefined {
  // A line's end inside of a paragraph ends no sentence; one character for one keeps the offsets.
  const flowing = window.replace(/[\r\n]/g, " ");
  let last: number | undefined;
  for (const { index } of SENTENCES.segment(flowing)) {
    if (index > PASSAGE_CHARS) break;
    if (index >= SMALL_CHARS) last = index;
  }
  return last;
}

function lastOf(window: string, pattern: RegExp): number | undefined {
  for (let index = PASSAGE_CHARS; index > SMALL_CHARS; index--) {
    if (pattern.test(window.charAt(index - 1))) return index;
  }
  return undefined;
}

/** The longest passage's end in a text, and never between the halves of a surrogate pair. */
export function characterEnd(window: string): number {
  return (window.codePointAt(PASSAGE_CHARS - 1) ?? 0) > 0xffff ? PASSAGE_CHARS - 1 : PASSAGE_CHARS;
}
