/** What the clerk takes and gives. */
import * as z from "zod";

export const ReportQuote = z.object({
  n: z.int().min(1).describe("The number under which claims cite it."),
  text: z.string(),
  source: z.string().describe("A file's path, a URL or any other name."),
  url: z.string().optional().describe("Where the source was found, when it was read from a URL."),
  line: z.int().optional(),
  page: z.int().optional(),
  record: z.int().optional(),
  heading: z.string().optional(),
});
export type ReportQuote = z.infer<typeof ReportQuote>;

export const ClerkInput = z.object({
  title: z.string().min(1).max(1_000),
  sections: z
    .array(
      z.object({
        heading: z.string().max(1_000),
        claims: z.array(z.object({ text: z.string(), cites: z.array(z.int()) })),
      }),
    )
    .max(20),
  quotes: z.array(ReportQuote).max(100),
  notes: z.array(z.string().max(4_000)).max(200).default([]).describe("What the reader of the report should know."),
});
export type ClerkInput = z.infer<typeof ClerkInput>;

export const ClerkOutput = z.object({
  markdown: z.string(),
  html: z.string().describe("A whole page without scripts, pictures or styles from elsewhere."),
});
export type ClerkOutput = z.infer<typeof ClerkOutput>;
