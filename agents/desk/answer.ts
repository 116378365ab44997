/** Quotes → an answer: of the best ones the sentences that the question is about, each with its number. */
import { wantedWords, words } from "./words.ts";

/** So that an answer is read at a glance; the quotes have the rest. */
const CITED = 3;
const EXCERPT_CHARS = 320;

const FENCE = /^[ \t]*(?:```|~~~).*$/gm;

const SENTENCES = new Intl.Segmenter("en", { granularity: "sentence" });

export function assembleAnswer(
  question: string,
  quotes: readonly { readonly n: number; readonly text: string }[],
): string {
  const wanted = wantedWords(question);
  return quotes
    .slice(0, CITED)
    .map(({ n, text }) => `“${excerpt(text, wanted)}” [${n}]`)
    .join("\n");
}

/**
 * The sentence with the most of the wanted words, and those behind it that still fit. White space is evened out, code
 * stands without its fences, what is left away shows as `…`; all else is the text's own.
 */
export function excerpt(text: string, wanted: ReadonlySet<string>): string {
  const even = text.replace(FENCE, "").replace(/\s+/g, " ").trim();
  if (even.length <= EXCERPT_CHARS) return even;
  const sentences = Array.from(SENTENCES.segment(even), ({ segment, index }) => ({ segment, index }));
  let best = { index: 0, end: 0, hits: -1 };
  for (const { segment, index } of sentences) {
    const hits = new Set(words(segment).filter((word) => wanted.has(word))).size;
    if (hits > best.hits) best = { index, end: index + segment.length, hits };
  }
  let end = best.end;
  for (const { index, segment } of sentences) {
    if (index === end && index + segment.length - best.index <= EXCERPT_CHARS) end = index + segment.length;
  }
  // What closes the emphasis of the sentence before stands at the start of this one.
  const whole = even
    .slice(best.index, end)
    .replace(/^[*_~`]+ /, "")
    .trim();
  const shown = whole.length > EXCERPT_CHARS ? `${shorten(whole)}…` : whole;
  return `${best.index > 0 ? "…" : ""}${shown}${end < even.length && shown === whole ? "…" : ""}`;
}

/** At a space where there is one, and never between the halves of a surrogate pair. */
function shorten(sentence: string): string {
  const cut = sentence.lastIndexOf(" ", EXCERPT_CHARS);
  return sentence.slice(0, cut > EXCERPT_CHARS / 2 ? cut : EXCERPT_CHARS).replace(/[\uD800-\uDBFF]$/, "");
}
