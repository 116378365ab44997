/** Which passages answer a question best, by BM25 (MiniSearch's: BM25+). */
import MiniSearch from "minisearch";
import { wantedWords, words } from "./words.ts";

export interface Rankable {
  readonly text: string;
  readonly heading?: string | undefined;
}

export interface Ranked {
  /** Of the passage, in what was given. */
  readonly index: number;
  readonly score: number;
}

/** A word of the heading says more about a passage than one of its own. */
const HEADING_BOOST = 1.5;

/** Some 10 ms of work. */
const PASSAGES_A_TURN = 50;

/**
 * The best passages first; equal scores keep their order. A passage without a word of the question is not ranked, and
 * of passages with the same text only the first.
 *
 * Only the question's words are indexed: of all others BM25 needs nothing but how many there are, and MiniSearch
 * counts a field's words before it asks which to keep.
 *
 * @param pause is awaited between two turns: what else runs in the isolate gets its own there, and it may throw.
 */
export async function rank(
  question: string,
  passages: readonly Rankable[],
  limit: number,
  pause: () => Promise<void> | void = () => {},
): Promise<readonly Ranked[]> {
  const wanted = wantedWords(question);
  const index = new MiniSearch<Rankable & { readonly id: number }>({
    fields: ["text", "heading"],
    tokenize: words,
    processTerm: (term) => (wanted.has(term) ? term : null),
    searchOptions: { boost: { heading: HEADING_BOOST } },
  });
  const seen = new Set<string>();
  for (const [id, { text, heading }] of passages.entries()) {
    if (id % PASSAGES_A_TURN === PASSAGES_A_TURN - 1) await pause();
    if (seen.has(text)) continue;
    seen.add(text);
    index.add({ id, text, heading });
  }
  return index
    .search(question)
    .map((found) => ({ index: Number(found.id), score: found.score }))
    .toSorted((left, right) => right.score - left.score || left.index - right.index)
    .slice(0, limit);
}
