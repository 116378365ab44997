/** Readings → the passages that are ranked, and rankings → the quotes. */
import { plainText } from "../language/plain.ts";
import { sharedWords, words } from "../language/words.ts";
import type { Hit } from "../ranker/schema.ts";
import { MAX_RANKED_BYTES } from "../ranker/schema.ts";
import type { Passage, ReaderOutput } from "../reader/schema.ts";
import { MAX_PASSAGE_CHARS } from "../summarizer/schema.ts";
import type { Quote } from "./schema.ts";

export type Evidence = Passage & { readonly source: string; readonly url?: string | undefined };

export interface Gleaned {
  readonly passages: readonly Evidence[];
  /** Sources of which not everything is among them. */
  readonly truncated: readonly string[];
}

const encoder = new TextEncoder();

/**
 * A bare heading answers nothing. What one call of the ranker cannot take is cut off, of each source the same share; and
 * so is a passage that is too long to be checked, as another reader than ours may give.
 */
export function glean(readings: readonly ReaderOutput[]): Gleaned {
  const share = MAX_RANKED_BYTES / Math.max(1, readings.length);
  const truncated: string[] = [];
  const passages = readings.flatMap(({ source, url, passages, truncated: isTruncated }) => {
    let bytes = 0;
    const kept = passages.filter((passage) => {
      bytes += encoder.encode(JSON.stringify(passage)).byteLength;
      return bytes <= share && passage.text.length <= MAX_PASSAGE_CHARS;
    });
    if (isTruncated || kept.length < passages.length) truncated.push(source);
    return kept.filter((passage) => !isBareHeading(passage)).map((passage) => ({ ...passage, source, url }));
  });
  return { passages, truncated };
}

function isBareHeading({ text, heading }: Passage): boolean {
  return heading !== undefined && words(plainText(text)).join(" ") === words(heading).join(" ");
}

export interface Ranking {
  readonly hits: readonly (Omit<Hit, "score"> & { readonly score: number | null })[];
}

/** A quote, and the passage that it is. */
export interface Chosen {
  readonly index: number;
  readonly quote: Quote;
}

/** The rankings take turns; of a passage that several have, the first counts. */
export function chooseQuotes(
  passages: readonly Evidence[],
  rankings: readonly Ranking[],
  most: number,
): readonly Chosen[] {
  const chosen = new Map<number, number | null>();
  const longest = Math.max(0, ...rankings.map(({ hits }) => hits.length));
  for (let turn = 0; turn < longest; turn++) {
    for (const { hits } of rankings) {
      const hit = hits[turn];
      if (hit !== undefined && !chosen.has(hit.index) && chosen.size < most) chosen.set(hit.index, hit.score);
    }
  }
  return [...chosen].flatMap(([index, score], at): Chosen[] => {
    const passage = passages[index];
    return passage === undefined ? [] : [{ index, quote: { n: at + 1, ...passage, score } }];
  });
}

/** Without a ranker: how many of the question's words a passage has. */
export function byCommonWords(passages: readonly Evidence[], search: string, most: number): Ranking {
  const shared = sharedWords(search);
  const counts = passages.map(({ text, heading = "" }, index) => {
    return { index, score: null, count: shared(`${heading} ${text}`) };
  });
  const best = counts.filter(({ count }) => count > 0).toSorted((a, b) => b.count - a.count || a.index - b.index);
  return { hits: best.slice(0, most).map(({ index, score }) => ({ index, score })) };
}
