/** Which passages answer a query best, by BM25 (MiniSearch's: BM25+) over stems. */
import MiniSearch from "minisearch";
import { ASSUMED, detectLanguage } from "../language/detect.ts";
import type { Language } from "../language/languages.ts";
import { termsIn } from "../language/terms.ts";
import type { Hit } from "./schema.ts";

export interface Rankable {
  readonly text: string;
  readonly heading?: string | undefined;
  readonly source?: string | undefined;
}

export interface Options {
  /** Of each query. */
  readonly limit: number;
  readonly language?: Language | undefined;
  /** Awaited between two turns: what else runs in the isolate gets its own there, and it may throw. */
  readonly pause?: () => Promise<void> | void;
}

export interface Ranked {
  readonly rankings: readonly { readonly query: string; readonly hits: readonly Hit[] }[];
  readonly languages: readonly Language[];
}

/** A word of the heading says more about a passage than one of its own. */
const HEADING_BOOST = 1.5;

/** Some 10 ms of work. */
const PASSAGES_A_TURN = 50;

/** What is looked at to tell a source's language. */
const LOOK_CHARS = 2_000;

/**
 * Only the queries' terms are indexed: of all others BM25 needs nothing but how many there are, and MiniSearch counts a
 * field's words before it asks which to keep. A passage's words are stemmed as its own language does it, and so are the
 * queries', once for each language that there is.
 */
export async function rank(
  queries: readonly string[],
  passages: readonly Rankable[],
  { limit, language, pause = () => {} }: Options,
): Promise<Ranked> {
  const languageAt = language === undefined ? languagesOf(passages) : () => language;
  const languages = [...new Set(passages.map(languageAt))];
  const wantedBy = queries.map((query) => new Set(languages.flatMap((one) => termsIn(one).telling(query))));
  const wanted = new Set(wantedBy.flatMap((terms) => [...terms]));
  const index = new MiniSearch<{ readonly id: number; readonly text: string; readonly heading: string }>({
    fields: ["text", "heading"],
    // The terms come with a space between.
    tokenize: (terms) => terms.split(" "),
    processTerm: (term) => (wanted.has(term) ? term : null),
    searchOptions: { boost: { heading: HEADING_BOOST } },
  });
  const seen = new Set<string>();
  for (const [id, passage] of passages.entries()) {
    if (id % PASSAGES_A_TURN === PASSAGES_A_TURN - 1) await pause();
    if (seen.has(passage.text)) continue;
    seen.add(passage.text);
    const { all } = termsIn(languageAt(passage));
    index.add({ id, text: all(passage.text).join(" "), heading: all(passage.heading ?? "").join(" ") });
  }
  const rankings = queries.map((query, at) => ({ query, hits: hitsOf(index, wantedBy[at] ?? new Set(), limit) }));
  return { rankings, languages: languages.toSorted() };
}

/** Equal scores keep the passages' order. */
function hitsOf(index: MiniSearch, terms: ReadonlySet<string>, limit: number): readonly Hit[] {
  return index
    .search([...terms].join(" "))
    .map(({ id, score }) => ({ index: Number(id), score: Number(score.toFixed(4)) }))
    .toSorted((left, right) => right.score - left.score || left.index - right.index)
    .slice(0, limit);
}

/** By source: a passage alone is often too short to tell. */
function languagesOf(passages: readonly Rankable[]): (passage: Rankable) => Language {
  const samples = new Map<string, string>();
  for (const { source = "", text } of passages) {
    const sample = samples.get(source) ?? "";
    if (sample.length < LOOK_CHARS) samples.set(source, `${sample}${text} `);
  }
  const found = new Map([...samples].map(([source, sample]) => [source, detectLanguage(sample) ?? ASSUMED]));
  return ({ source = "" }) => found.get(source) ?? ASSUMED;
}
