/** The agent `reader`: takes one source apart into passages that know where they stand in it. */
import { type AgentDefinition, defineAgent, type Hop, HopRejected, skill } from "../define.ts";
import { guessType, isReadable, mediaType } from "./guess.ts";
import { readPassages } from "./read.ts";
import { ReaderInput, ReaderOutput } from "./schema.ts";

/** Reads http(s) URLs. An agent has no network of its own; the mesh gives this one its guarded egress. */
export type ReadUrl = (url: string, signal: AbortSignal) => Promise<UrlBody>;

export interface UrlBody {
  readonly body: string;
  readonly contentType: string;
  readonly finalUrl: string;
}

export function makeReader(readUrl: ReadUrl): AgentDefinition {
  return defineAgent({
    name: "reader",
    version: "1.0.0",
    description: "Reads a text, a Markdown or HTML document or a web page, and gives its passages with their places.",
    idempotent: true,
    skills: {
      read: skill({
        name: "Read a source",
        description: "Splits one source, given as text or as a URL, into passages with offset, line and heading.",
        tags: ["documents", "text", "markdown", "html"],
        input: ReaderInput,
        output: ReaderOutput,
        examples: [{ source: "notes.md", text: "# Notes\n\nThe mesh admits, records and bounds every hop." }],
        handler: (input, hop) => read(input, readUrl, hop),
      }),
    },
  });
}

async function read(input: ReaderInput, readUrl: ReadUrl, hop: Hop): Promise<ReaderOutput> {
  const { source, url, limit } = input;
  const page = url === undefined ? undefined : await fetchText(url, input.type !== undefined, readUrl, hop.signal);
  const text = page?.body ?? input.text ?? "";
  const names = [...(page ? [page.finalUrl] : []), source];
  const type = input.type ?? guessType(text, { names, contentType: page?.contentType });
  const { title, passages, truncated } = await readPassages(text, type, limit, async () => {
    await new Promise((resume) => setTimeout(resume, 0));
    hop.signal.throwIfAborted();
  });
  return {
    source,
    type,
    ...(page && { url: page.finalUrl }),
    ...(title !== undefined && { title }),
    passages: [...passages],
    truncated,
  };
}

async function fetchText(url: string, isTyped: boolean, readUrl: ReadUrl, signal: AbortSignal): Promise<UrlBody> {
  const page = await readUrl(url, signal);
  if (!isTyped && !isReadable(page.contentType)) {
    throw new HopRejected({
      code: "unsupported_media_type",
      detail: `${page.finalUrl} is ${mediaType(page.contentType)}; the reader reads text, Markdown and HTML.`,
    });
  }
  return page;
}
