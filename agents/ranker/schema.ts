/** What the ranker takes and gives. */
import * as z from "zod";
import { Language } from "../language/languages.ts";

/** Passages of one call, and their JSON in bytes: a call's input is at most 4 MiB. */
export const MAX_RANKED = 5_000;
export const MAX_RANKED_BYTES = 3_500_000;
export const MAX_QUERIES = 8;

export const RankerInput = z.object({
  queries: z
    .array(z.string().trim().min(1).max(1_000))
    .min(1)
    .max(MAX_QUERIES)
    .describe("Questions or key words; each is ranked for by itself."),
  passages: z
    .array(
      z.object({
        text: z.string(),
        heading: z.string().optional().describe("A word of it counts for more than one of the text."),
        source: z.string().optional().describe("Passages of one source are in one language."),
      }),
    )
    .max(MAX_RANKED),
  limit: z.int().min(1).max(100).default(10).describe("The most passages for each query."),
  language: Language.optional().describe("Of all passages; told for each source when left out."),
});
export type RankerInput = z.infer<typeof RankerInput>;

export const Hit = z.object({
  index: z.int().describe("Of the passage, in what was given."),
  score: z.number().describe("BM25; comparable within one query."),
});
export type Hit = z.infer<typeof Hit>;

export const RankerOutput = z.object({
  rankings: z.array(
    z.object({
      query: z.string(),
      hits: z.array(Hit).describe("Best first; none without a word of the query, and of equal texts only the first."),
    }),
  ),
  languages: z.array(Language).describe("Those that the passages are in."),
});
export type RankerOutput = z.infer<typeof RankerOutput>;
