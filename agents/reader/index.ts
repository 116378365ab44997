/** The agent `reader`: takes one source apart into passages that know where they stand in it. */
import { type AgentDefinition, defineAgent, type Hop, skill } from "../define.ts";
import { bytesOfBase64, type Content, contentOfBytes, contentOfText } from "./content.ts";
import { readCsv } from "./csv.ts";
import { readPdf } from "./pdf.ts";
import { type Reading, readPassages } from "./read.ts";
import { ReaderInput, ReaderOutput } from "./schema.ts";

/** Reads http(s) URLs. An agent has no network of its own; the mesh gives this one its guarded egress. */
export type ReadUrl = (url: string, signal: AbortSignal) => Promise<UrlBody>;

export interface UrlBody {
  readonly bytes: Uint8Array;
  readonly contentType: string;
  readonly finalUrl: string;
}

export function makeReader(readUrl: ReadUrl): AgentDefinition {
  return defineAgent({
    name: "reader",
    version: "1.1.0",
    description: "Reads a text, Markdown, HTML, CSV or PDF document or a web page, and gives its passages with places.",
    idempotent: true,
    skills: {
      read: skill({
        name: "Read a source",
        description:
          "Splits one source, given as text, bytes or URL, into passages with line, page, record and heading.",
        tags: ["documents", "text", "markdown", "html", "csv", "pdf"],
        input: ReaderInput,
        output: ReaderOutput,
        examples: [
          { source: "notes.md", text: "# Notes\n\nThe mesh admits, records and bounds every hop." },
          { source: "people.csv", text: "name,born\nAda Lovelace,1815\n" },
        ],
        handler: (input, hop) => read(input, readUrl, hop),
      }),
    },
  });
}

async function read(input: ReaderInput, readUrl: ReadUrl, hop: Hop): Promise<ReaderOutput> {
  const { source, url, limit } = input;
  const page = url === undefined ? undefined : await readUrl(url, hop.signal);
  const content = contentOf(input, page);
  const pause = async (): Promise<void> => {
    await new Promise((resume) => setTimeout(resume, 0));
    hop.signal.throwIfAborted();
  };
  const { title, passages, truncated } = await readContent(source, content, limit, pause);
  return {
    source,
    type: content.type,
    ...(page && { url: page.finalUrl }),
    ...(title !== undefined && { title }),
    passages: [...passages],
    truncated,
  };
}

function contentOf({ source, text, base64, type }: ReaderInput, page: UrlBody | undefined): Content {
  const given = { source, names: [source], type };
  if (page) {
    const { bytes, contentType, finalUrl } = page;
    return contentOfBytes(bytes, { ...given, names: [finalUrl, source], contentType });
  }
  return base64 === undefined ? contentOfText(text ?? "", given) : contentOfBytes(bytesOfBase64(base64, source), given);
}

async function readContent(
  source: string,
  content: Content,
  limit: number,
  pause: () => Promise<void>,
): Promise<Reading> {
  switch (content.type) {
    case "pdf":
      return readPdf(source, content.bytes, limit, pause);
    case "csv":
      await pause();
      return readCsv(source, content.text, limit);
    default:
      return readPassages(content.text, content.type, limit, pause);
  }
}
