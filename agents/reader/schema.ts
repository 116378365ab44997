/** What the reader takes and gives. */
import * as z from "zod";

/** A source longer than this is read up to here: the largest request body of the mesh, in UTF-16 units. */
export const MAX_SOURCE_CHARS = 4 * 1024 * 1024;

/** Bounds the answer of one call to about 800 kB of text. What lies behind is not read, and `truncated` says so. */
export const MAX_PASSAGES = 1_000;

export const SourceType = z.enum(["text", "markdown", "html", "pdf", "csv"]);
export type SourceType = z.infer<typeof SourceType>;

/** Of a source: one of `text`, `url` and `base64`, which `oneGiven` sees to. */
export const sourceFields = {
  source: z.string().min(1).max(2_048).describe("A name for the source, such as a file's path; quotes carry it."),
  text: z.string().max(MAX_SOURCE_CHARS).optional().describe("The source itself."),
  url: z
    .url({ protocol: /^https?$/, error: "Expected an http or https URL." })
    .max(2_048)
    .optional()
    .describe("Where the source is to be read from."),
  base64: z
    .string()
    .max(MAX_SOURCE_CHARS)
    .optional()
    .describe("The source's bytes, for what is no text, such as a PDF; or for a text in another encoding."),
  type: SourceType.optional().describe("Told by the content type, the name and the beginning when left out."),
};

interface Given {
  readonly text?: string | undefined;
  readonly url?: string | undefined;
  readonly base64?: string | undefined;
}

export function oneGiven({ text, url, base64 }: Given, context: z.RefinementCtx): void {
  const given = [text, url, base64].filter((one) => one !== undefined).length;
  if (given > 1) {
    context.addIssue({ code: "custom", path: ["url"], message: "Give one of text, url and base64, not several." });
  }
  if (given === 0) {
    context.addIssue({ code: "custom", path: ["text"], message: "Give text, url or base64: the source has none." });
  }
}

export const ReaderInput = z
  .object({
    ...sourceFields,
    limit: z.int().min(1).max(MAX_PASSAGES).default(MAX_PASSAGES).describe("Read at most this many passages."),
  })
  .superRefine(oneGiven);
export type ReaderInput = z.infer<typeof ReaderInput>;

export const Passage = z.object({
  text: z.string(),
  start: z.int().describe("UTF-16 offset into the source (of a PDF: its page's text) of the first character."),
  end: z.int().describe("UTF-16 offset behind its last."),
  line: z.int().describe("The line it starts on, from 1; of a PDF, in its page's text."),
  page: z.int().optional().describe("Of a PDF: the page, from 1."),
  record: z.int().optional().describe("Of CSV: the record, from 1, the names of columns not counted."),
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
