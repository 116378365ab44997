/** What a source is and what it says: its content type, its name and its first bytes decide how it is read. */
import { HopRejected } from "../define.ts";
import { extension, guessType, isReadable, mediaType } from "./guess.ts";
import type { SourceType } from "./schema.ts";

export interface Given {
  /** For errors; it comes before `names` in no sentence else. */
  readonly source: string;
  readonly names: readonly string[];
  readonly contentType?: string | undefined;
  /** The caller's word, which outweighs all that is found. */
  readonly type?: SourceType | undefined;
}

export type Content =
  | { readonly type: "pdf"; readonly bytes: Uint8Array }
  | { readonly type: Exclude<SourceType, "pdf">; readonly text: string };

/** A PDF may begin with some bytes of something else. */
const PDF_START = "%PDF-";
const LOOK_BYTES = 1_024;

/** @throws {HopRejected} for a PDF: its text says nothing of its pages */
export function contentOfText(text: string, given: Given): Content {
  const type = given.type ?? guessType(text, given);
  if (type !== "pdf") return { type, text };
  throw refused(`${given.source} is to be read as PDF, and was given as text. Give its bytes, as base64.`);
}

/** @throws {HopRejected} for what is neither text nor PDF */
export function contentOfBytes(bytes: Uint8Array, given: Given): Content {
  const { source, names, contentType = "", type } = given;
  if (type === "pdf" || (type === undefined && isPdf(bytes, given))) return { type: "pdf", bytes };
  const isNamed = type !== undefined || names.some((name) => extension(name) !== "");
  if (type === undefined && !isReadable(contentType) && !(isNamed && isUnspecific(contentType))) {
    throw refused(`${source} is ${mediaType(contentType)}; the reader reads text, Markdown, HTML, CSV and PDF.`);
  }
  const text = decoded(bytes, contentType);
  if (text.slice(0, LOOK_BYTES).includes("\0") && type === undefined) {
    throw refused(`${source} is no text; the reader reads text, Markdown, HTML, CSV and PDF.`);
  }
  return { type: type ?? guessType(text, given), text } as Content;
}

export function bytesOfBase64(base64: string, source: string): Uint8Array {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    throw new HopRejected({ code: "invalid_input", detail: `The base64 of ${source} is none.`, errors: [] });
  }
}

function isPdf(bytes: Uint8Array, { names, contentType }: Given): boolean {
  const beginning = String.fromCharCode(...bytes.subarray(0, LOOK_BYTES));
  if (beginning.includes(PDF_START)) return true;
  return mediaType(contentType) === "application/pdf" || names.some((name) => extension(name) === "pdf");
}

/** What a server says of a file that it knows nothing of. */
function isUnspecific(contentType: string): boolean {
  return ["application/octet-stream", "binary/octet-stream"].includes(mediaType(contentType));
}

/** By the server's word, else by a byte order mark, else as UTF-8. */
function decoded(bytes: Uint8Array, contentType: string): string {
  const said = /;\s*charset="?([^";\s]+)/i.exec(contentType)?.[1];
  const marked =
    bytes[0] === 0xff && bytes[1] === 0xfe
      ? "utf-16le"
      : bytes[0] === 0xfe && bytes[1] === 0xff
        ? "utf-16be"
        : undefined;
  try {
    return new TextDecoder(said ?? marked ?? "utf-8").decode(bytes);
  } catch {
    return new TextDecoder().decode(bytes);
  }
}

function refused(detail: string): HopRejected {
  return new HopRejected({ code: "unsupported_media_type", detail });
}
