/** What the desk takes and gives. */
import * as z from "zod";
import { AgentName } from "../../mesh/schema.ts";
import { ClerkOutput } from "../clerk/schema.ts";
import { oneGiven, Passage, sourceFields } from "../reader/schema.ts";

export const DEFAULT_PATIENCE_MS = 10_000;

/** One source, and who reads it. */
export const Source = z
  .object({
    ...sourceFields,
    reader: AgentName.optional().describe(
      "The agent that reads it, in the place of `reader`: it takes and gives what `reader` does, within an allowance.",
    ),
  })
  .superRefine(oneGiven);
export type Source = z.infer<typeof Source>;

export const DeskInput = z.object({
  question: z.string().trim().min(1).max(1_000),
  sources: z.array(Source).min(1).max(50),
  quotes: z.int().min(1).max(20).default(5).describe("Quote at most this many passages."),
  patienceMs: z
    .int()
    .min(100)
    .max(60_000)
    .default(DEFAULT_PATIENCE_MS)
    .describe("How long a reader other than `reader` may take, in milliseconds."),
});
export type DeskInput = z.infer<typeof DeskInput>;

export const Quote = Passage.extend({
  n: z.int().describe("The number under which claims cite it."),
  source: z.string(),
  url: z.string().optional().describe("Where the source was found, when it was read from a URL."),
  score: z
    .number()
    .nullable()
    .describe("BM25, of the sub-question that it fits best; null where the ranker was missing."),
});
export type Quote = z.infer<typeof Quote>;

/** Something that the report had to do without: a source, or a step of the work. */
export const LeftOut = z.object({
  what: z.enum(["source", "step"]),
  name: z.string().describe("The source's name, or the agent whose work is missing."),
  code: z.string(),
  detail: z.string(),
});
export type LeftOut = z.infer<typeof LeftOut>;

export const ReportClaim = z.object({
  text: z.string(),
  cites: z.array(z.int()),
  backing: z
    .enum(["verbatim", "shortened", "unchecked"])
    .describe("How a quote backs it, as the critic found; `unchecked` where there was no critic: then it is verbatim."),
});
export type ReportClaim = z.infer<typeof ReportClaim>;

export const DeskOutput = z.object({
  question: z.string(),
  answer: z.string().describe("The claims, each with the numbers of its quotes, one a line."),
  sections: z.array(z.object({ question: z.string(), claims: z.array(ReportClaim) })).describe("One a sub-question."),
  quotes: z.array(Quote).describe("Best first, the sub-questions taking turns."),
  check: z
    .object({
      claims: z.int().describe("Claims of the draft."),
      sentBack: z.int().describe("Those that the critic sent back, once."),
      unbacked: z.int().describe("Those that stayed unbacked, and are not in the report."),
    })
    .nullable()
    .describe("What the critic found; null where there was none."),
  report: ClerkOutput.nullable().describe("The report as Markdown and HTML; null where the clerk was missing."),
  leftOut: z.array(LeftOut).describe("What the report does without, and why."),
  read: z.object({
    sources: z.int(),
    passages: z.int(),
    truncated: z.array(z.string()).describe("Sources of which only the beginning was read."),
  }),
});
export type DeskOutput = z.infer<typeof DeskOutput>;
