/** What the summarizer takes and gives. */
import * as z from "zod";
import { Language } from "../language/languages.ts";

/** Bound the sentences that are compared, each with each. */
export const MAX_PASSAGES = 50;
export const MAX_PASSAGE_CHARS = 4_000;

export const SummarizerInput = z.object({
  passages: z
    .array(z.object({ text: z.string().max(MAX_PASSAGE_CHARS) }))
    .min(1)
    .max(MAX_PASSAGES),
  focus: z.string().max(1_000).optional().describe("A question or key words that the summary is to be about."),
  sentences: z.int().min(1).max(20).default(3).describe("The most sentences."),
  language: Language.optional().describe("Told from the passages when left out."),
});
export type SummarizerInput = z.infer<typeof SummarizerInput>;

export const SummarySentence = z.object({
  text: z.string().describe("passages[passage].text.slice(start, end), to the letter."),
  passage: z.int().describe("Index of the passage, in what was given."),
  start: z.int().describe("UTF-16 offset into the passage's text."),
  end: z.int(),
  score: z.number().describe("TextRank, the best of all sentences having 1."),
});
export type SummarySentence = z.infer<typeof SummarySentence>;

export const SummarizerOutput = z.object({
  sentences: z.array(SummarySentence).describe("Best first."),
  considered: z.int().describe("Sentences that were there to choose from."),
  redundant: z.int().describe("Better ones than the last chosen that were left away: a chosen one says the same."),
});
export type SummarizerOutput = z.infer<typeof SummarizerOutput>;
