/** What the reader takes and gives. */
import * as z from "zod";

/** A source longer than this is read up to here: the largest request body of the mesh, in UTF-16 units. */
export const MAX_SOURCE_CHARS = 4 * 1024 * 1024;

/** Bounds the answer of one call to about 800 kB of text. What lies behind is not read, and `truncated` says so. */
export const MAX_PASSAGES = 1_000;

export const SourceType = z.enum(["text", "markdown", "html"]);
export type SourceType = z.infer<typeof SourceType>;

const fields = {
  source: z.string().min(1).max(2_048).describe("A name for the source, such as a file's path; quotes carry it."),
  text: z.string().max(MAX_SOURCE_CHARS).optional().describe("The source itself."),
  url: z
    .url({ protocol: /^https?$/, error: "Expected an http or https URL." })
    .max(2_048)
    .optional()
    .describe("Where the source is to be read from."),
  type: SourceType.optional().describe("Guessed when left out."),
};

interface TextOrUrl {
  readonly text?: string | undefined;
  readonly url?: string | undefined;
}

function oneOfTextAndUrl({ text, url }: TextOrUrl, context: z.RefinementCtx): void {
  if (text !== undefined && url !== undefined) {
    context.addIssue({ code: "custom", path: ["url"], message: "Give either text or url, not both." });
  }
  if (text === undefined && url === undefined) {
    context.addIssue({ code: "custom", path: ["text"], message: "Give text or url: the source has neither." });
  }
}

/** One source, as text or as a URL. */
export const Source = z.object(fields).superRefine(oneOfTextAndUrl);
export type Source = z.infer<typeof Source>;

export const ReaderInput = z
  .object({
    ...fields,
    limit: z.int().min(1).max(MAX_PASSAGES).default(MAX_PASSAGES).describe("Read at most this many passages."),
  })
  .superRefine(oneOfTextAndUrl);
export type ReaderInput = z.infer<typeof ReaderInput>;

export const Passage = z.object({
  text: z.string(),
  start: z.int().describe("UTF-16 offset into the source of the passage's first character."),
  end: z.int().describe("UTF-16 offset behind its last."),
  line: z.int().describe("The line it starts on, from 1."),
  heading: z.string().optional().describe("The heading that it stands under, without markup."),
});
export type Passage = z.infer<typeof Passage>;

export const ReaderOutput = z.object({
  source: z.string(),
  type: SourceType,
  url: z.string().optional().describe("Where the source was found in the end, when it was read from a URL."),
  title: z.string().optional(),
  passages: z.array(Passage),
  truncated: z.boolean().describe("Whether something of the source was left unread."),
});
export type ReaderOutput = z.infer<typeof ReaderOutput>;
