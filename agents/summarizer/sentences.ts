/** Passages → their sentences, each with its place. */
import { split } from "sentence-splitter";

export interface Sentence {
  readonly text: string;
  /** Index of the passage. */
  readonly passage: number;
  /** UTF-16 offsets into the passage's text. */
  readonly start: number;
  readonly end: number;
}

/**
 * Code in fences is no sentence. A blank line ends a sentence, and so does the start of a list's item, a heading or a
 * table's row.
 */
const BREAKS = new RegExp(
  [
    /^[ \t]*(?<fence>```|~~~)[\s\S]*?(?:^[ \t]*\k<fence>.*$|$(?![\s\S]))/,
    /(?:\r\n?|\n)(?=[ \t]*(?:\r\n?|\n|[-*+][ \t]|\d{1,3}[.)][ \t]|#{1,6}[ \t]|\|))[\r\n \t]*/,
  ]
    .map(({ source }) => source)
    .join("|"),
  "gm",
);

/** The splitter keeps a quotation or a parenthesis whole; one that is longer is split as if it were none. */
const LONG_CHARS = 300;
/** Emphasis that ends behind a sentence's end hides it from the splitter. */
const EMPHASISED_END = /([.!?])(\*{1,3}|_{1,3})(?=\s)/g;
/** A stretch without any sentence's end is no sentence. */
const MAX_SENTENCE_CHARS = 1_000;

const PLAIN_SENTENCES = new Intl.Segmenter("en", { granularity: "sentence" });

/** Letters or digits: what has none says nothing. */
const SAYS_SOMETHING = /[\p{L}\p{N}]/u;

export function sentencesOf(passages: readonly { readonly text: string }[]): readonly Sentence[] {
  return passages.flatMap(({ text }, passage) =>
    stretchesOf(text).flatMap((stretch) => sentencesWithin(text, passage, stretch)),
  );
}

interface Stretch {
  readonly from: number;
  readonly to: number;
}

function stretchesOf(text: string): readonly Stretch[] {
  const stretches: Stretch[] = [];
  let from = 0;
  for (const { index, 0: gap } of text.matchAll(BREAKS)) {
    stretches.push(...withoutHeading(text, { from, to: index }));
    from = index + gap.length;
  }
  return [...stretches, ...withoutHeading(text, { from, to: text.length })];
}

/** A heading's line is a stretch of its own. */
function withoutHeading(text: string, { from, to }: Stretch): readonly Stretch[] {
  const end = /^#{1,6}[ \t][^\r\n]*/.exec(text.slice(from, to))?.[0].length;
  return end === undefined
    ? [{ from, to }]
    : [
        { from, to: from + end },
        { from: from + end, to },
      ];
}

function sentencesWithin(text: string, passage: number, { from, to }: Stretch): readonly Sentence[] {
  // A line's end within a paragraph ends no sentence. As many characters as before keep the offsets.
  const flowing = text
    .slice(from, to)
    .replace(/[\r\n]/g, " ")
    .replace(EMPHASISED_END, "$2$1");
  return split(flowing).flatMap((node) => {
    if (node.type !== "Sentence") return [];
    const [first, last] = node.range;
    const parts = last - first > LONG_CHARS ? plainParts(flowing, first, last) : [{ from: first, to: last }];
    return parts.flatMap((part) => sentenceAt(text, passage, from + part.from, from + part.to));
  });
}

function plainParts(text: string, from: number, to: number): readonly Stretch[] {
  return Array.from(PLAIN_SENTENCES.segment(text.slice(from, to)), ({ index, segment }) => ({
    from: from + index,
    to: from + index + segment.length,
  }));
}

/** White space at either end belongs to no sentence. */
function sentenceAt(text: string, passage: number, from: number, to: number): readonly Sentence[] {
  const found = text.slice(from, to);
  const [start, end] = [to - found.trimStart().length, from + found.trimEnd().length];
  if (end - start > MAX_SENTENCE_CHARS || !SAYS_SOMETHING.test(found)) return [];
  return [{ text: text.slice(start, end), passage, start, end }];
}
