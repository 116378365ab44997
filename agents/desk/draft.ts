/** Quotes → a draft: for each sub-question the sentences that tell most about it, each under its quote. */
import type { Draft } from "../critic/schema.ts";
import type { Hop } from "../define.ts";
import { sharedWords, words } from "../language/words.ts";
import { SummarizerOutput } from "../summarizer/schema.ts";
import { sentencesOf } from "../summarizer/sentences.ts";
import { askAgent } from "./ask.ts";
import { claimOf } from "./claim.ts";
import type { Chosen, Ranking } from "./evidence.ts";
import type { SubQuestion } from "./plan.ts";
import type { LeftOut, Quote } from "./schema.ts";

const CLAIMS_A_SECTION = 3;
/** More are asked for than are taken: a question or a title is no claim. */
const SENTENCES_A_SECTION = 6;
/** A sentence with less than this part of the best one's rank has little to do with the question. */
const RANK_SHARE = 0.15;
/** The most words of what may be a title. */
const TITLE_WORDS = 8;

export interface DraftSection {
  readonly question: string;
  readonly claims: readonly (Draft & { readonly sentence: string })[];
}

export interface Drafted {
  readonly sections: readonly DraftSection[];
  readonly leftOut: readonly LeftOut[];
}

export async function draft(
  hop: Hop,
  parts: readonly SubQuestion[],
  rankings: readonly Ranking[],
  chosen: readonly Chosen[],
): Promise<Drafted> {
  const picked = await Promise.all(
    parts.map(({ search }, at) => {
      const ranked = new Set(rankings[at]?.hits.map(({ index }) => index));
      const about = chosen.filter(({ index }) => ranked.has(index)).map(({ quote }) => quote);
      return pickSentences(hop, search, about);
    }),
  );
  const said = new Set<string>();
  const sections = parts.map(({ question }, at) => {
    const claims = (picked[at]?.sentences ?? []).flatMap(({ text, n }, index) => {
      const claim = claimOf(text);
      if (said.has(claim)) return [];
      said.add(claim);
      return [{ id: `${at + 1}.${index + 1}`, text: claim, cites: [n], sentence: text }];
    });
    return { question, claims };
  });
  // One refusal says why, however many sections it has struck.
  return { sections, leftOut: picked.flatMap(({ missing }) => missing ?? []).slice(0, 1) };
}

interface Picked {
  readonly sentences: readonly { readonly text: string; readonly n: number }[];
  readonly missing?: LeftOut;
}

async function pickSentences(hop: Hop, search: string, quotes: readonly Quote[]): Promise<Picked> {
  if (quotes.length === 0) return { sentences: [] };
  const answered = await askAgent(hop, {
    agent: "summarizer",
    input: {
      passages: quotes.map(({ text }) => ({ text })),
      focus: search.slice(0, 1_000),
      sentences: SENTENCES_A_SECTION,
    },
    output: SummarizerOutput,
    what: "step",
    name: "summarizer",
  });
  if (!answered.ok) return { sentences: withoutSummarizer(search, quotes), missing: answered.missing };
  const telling = answered.value.sentences.filter(({ text, score }) => score >= RANK_SHARE && isClaim(text));
  return {
    sentences: telling.slice(0, CLAIMS_A_SECTION).flatMap(({ text, passage }) => {
      const quote = quotes[passage];
      return quote === undefined ? [] : [{ text, n: quote.n }];
    }),
  };
}

/** A question claims nothing, and neither does a title: a few words that end like no sentence. */
function isClaim(sentence: string): boolean {
  const end = sentence.trim().replace(/["'”’»)\]*_`]+$/, "");
  return !/[?？]$/.test(end) && (/[.!…:;。！]$/.test(end) || words(end).length > TITLE_WORDS);
}

/** Of each of the best quotes the sentence that has most words of the question. */
function withoutSummarizer(search: string, quotes: readonly Quote[]): Picked["sentences"] {
  const hits = sharedWords(search);
  return quotes.slice(0, CLAIMS_A_SECTION).flatMap(({ text, n }) => {
    const [best] = sentencesOf([{ text }]).toSorted((a, b) => hits(b.text) - hits(a.text));
    return best === undefined ? [] : [{ text: best.text, n }];
  });
}
