/** What the critic takes and gives, and what a writer takes and gives to whom it sends a draft back. */
import * as z from "zod";
import { AgentName, SkillId } from "../../mesh/schema.ts";
import { MAX_PASSAGE_CHARS } from "../summarizer/schema.ts";

export const MAX_CLAIMS = 100;

export const Claim = z.object({
  id: z.string().min(1).max(64),
  text: z.string().min(1).max(4_000),
  cites: z.array(z.int()).max(20).describe("Numbers of the quotes that back it."),
});
export type Claim = z.infer<typeof Claim>;

export const Draft = Claim.extend({
  sentence: z.string().max(4_000).optional().describe("What the claim was made of: the writer's to keep, not checked."),
});
export type Draft = z.infer<typeof Draft>;

export const CitedQuote = z.object({ n: z.int(), text: z.string().max(MAX_PASSAGE_CHARS) });
export type CitedQuote = z.infer<typeof CitedQuote>;

export const CriticInput = z.object({
  claims: z.array(Draft).max(MAX_CLAIMS),
  quotes: z.array(CitedQuote).max(100),
  sendBack: z
    .object({ agent: AgentName, skill: SkillId })
    .optional()
    .describe("Who gets the unbacked claims, once, to put them right. Nobody when left out."),
});
export type CriticInput = z.infer<typeof CriticInput>;

export const Verdict = z.object({
  id: z.string(),
  backed: z.boolean(),
  how: z.enum(["verbatim", "shortened"]).nullable().describe("Whole sentences of the quote, or with clauses left out."),
  quote: z.int().nullable().describe("The quote that backs it."),
  why: z.string().nullable().describe("Why it is not backed."),
});
export type Verdict = z.infer<typeof Verdict>;

export const CriticOutput = z.object({
  claims: z.array(Draft).describe("As they stand in the end, without those that were withdrawn."),
  verdicts: z.array(Verdict).describe("One for each of these claims."),
  unbacked: z.array(z.string()).describe("Ids of the claims that are still unbacked."),
  sentBack: z.array(Verdict).describe("What was wrong with the draft when it was sent back; empty when it was not."),
  withdrawn: z.array(z.string()).describe("Ids of the claims that the writer gave up."),
  refused: z
    .object({ code: z.string(), detail: z.string() })
    .nullable()
    .describe("Why the draft could not be sent back, where it was to be."),
});
export type CriticOutput = z.infer<typeof CriticOutput>;

/** What a writer gets back. */
export const ReviseInput = z.object({
  claims: z
    .array(Draft.extend({ why: z.string() }))
    .min(1)
    .max(MAX_CLAIMS),
  quotes: z.array(CitedQuote).max(100),
});
export type ReviseInput = z.infer<typeof ReviseInput>;

export const ReviseOutput = z.object({
  claims: z.array(Draft).max(MAX_CLAIMS).describe("By their ids; one that is missing is withdrawn."),
});
export type ReviseOutput = z.infer<typeof ReviseOutput>;
