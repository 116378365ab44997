/** Passages → the sentences that tell most of what they say. */
import { ASSUMED, detectLanguage } from "../language/detect.ts";
import { termsIn } from "../language/terms.ts";
import { choose } from "./choose.ts";
import type { SummarizerInput, SummarizerOutput } from "./schema.ts";
import { sentencesOf } from "./sentences.ts";
import { similarity, termVectors, textRank } from "./text-rank.ts";

/** Each is compared with each: 160,000 cosines, some 50 ms. What lies behind is not looked at. */
const MAX_SENTENCES = 400;

/** A scrap of a sentence is central for want of anything else in it. */
const FEWEST_TERMS = 3;

export function summarize({ passages, focus, sentences: most, language }: SummarizerInput): SummarizerOutput {
  const { telling } = termsIn(language ?? detectLanguage(passages.map(({ text }) => text).join(" ")) ?? ASSUMED);
  const all = sentencesOf(passages).slice(0, MAX_SENTENCES);
  const whole = all.filter(({ text }) => telling(text).length >= FEWEST_TERMS);
  const sentences = whole.length > 0 ? whole : all;
  const asked = focus === undefined ? [] : telling(focus);
  // The focus is weighed among the sentences: a word of it that many have tells little.
  const vectors = termVectors([...sentences.map(({ text }) => telling(text)), asked]);
  const own = vectors.slice(0, sentences.length);
  const about = vectors.at(-1) ?? new Map();
  const bias = asked.length === 0 ? undefined : own.map((vector) => similarity(vector, about));
  const ranks = textRank(own, bias);
  const best = Math.max(...ranks, Number.MIN_VALUE);
  const { chosen, redundant } = choose(own, ranks, most);
  return {
    sentences: chosen.flatMap((at) => {
      const sentence = sentences[at];
      return sentence === undefined ? [] : [{ ...sentence, score: Number(((ranks[at] ?? 0) / best).toFixed(4)) }];
    }),
    considered: all.length,
    redundant,
  };
}
