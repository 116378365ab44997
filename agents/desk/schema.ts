/** What the desk takes and gives. */
import * as z from "zod";
import { Passage, Source } from "../reader/schema.ts";

/** Passages ranked for one question, shared evenly among its sources: about 4 MB of text. */
export const MAX_RANKED = 5_000;

export const DeskInput = z.object({
  question: z.string().trim().min(1).max(1_000),
  sources: z.array(Source).min(1).max(50),
  quotes: z.int().min(1).max(20).default(5).describe("Quote at most this many passages."),
});
export type DeskInput = z.infer<typeof DeskInput>;

export const Quote = Passage.extend({
  n: z.int().describe("The number under which the answer cites it."),
  source: z.string(),
  score: z.number().describe("BM25; comparable within one answer."),
});
export type Quote = z.infer<typeof Quote>;

export const LeftOut = z.object({ source: z.string(), code: z.string(), detail: z.string() });
export type LeftOut = z.infer<typeof LeftOut>;

export const DeskOutput = z.object({
  question: z.string(),
  answer: z.string().describe("Sentences of the best quotes, each with the number of its quote."),
  quotes: z.array(Quote).describe("Best first. Of plain text and Markdown, text is source.slice(start, end)."),
  leftOut: z.array(LeftOut).describe("Sources that could not be read, and why."),
  read: z.object({
    sources: z.int(),
    passages: z.int(),
    truncated: z.array(z.string()).describe("Sources of which only the beginning was read."),
  }),
});
export type DeskOutput = z.infer<typeof DeskOutput>;
