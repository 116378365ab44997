/** Which reading a text gets. */
import type { SourceType } from "./schema.ts";

const BY_EXTENSION: Readonly<Record<string, SourceType>> = {
  htm: "html",
  html: "html",
  xhtml: "html",
  md: "markdown",
  mdx: "markdown",
  markdown: "markdown",
  txt: "text",
  text: "text",
  log: "text",
  json: "text",
  csv: "csv",
  tsv: "csv",
  pdf: "pdf",
};

/** `text/plain` says little: many servers send Markdown under it. */
const BY_CONTENT_TYPE: Readonly<Record<string, SourceType>> = {
  "text/html": "html",
  "application/xhtml+xml": "html",
  "text/markdown": "markdown",
  "text/x-markdown": "markdown",
  "text/csv": "csv",
  "application/csv": "csv",
  "text/tab-separated-values": "csv",
  "application/pdf": "pdf",
};

/** No more than this is looked at, so that a guess costs the same for every source. */
const LOOK_CHARS = 4_096;

const COMMENTS = /<!--[\s\S]*?(?:-->|$)/g;
const HTML_START = /^\s*<(?:!doctype\s+html|html|head|body)\b/i;
const HTML_ENDS = /<\/(?:p|div|span|li|a|h[1-6]|main|article|td)\s*>/gi;
const MARKDOWN_SIGNS = [
  /^#{1,6}[ \t]+\S/m,
  /^(?:```|~~~)/m,
  /^\S.*\r?\n(?:={3,}|-{3,})[ \t]*$/m,
  /\[[^\]\n]+\]\([^)\s]+\)/,
];

export interface Hints {
  /** The source's name, and its URL when it has one. */
  readonly names: readonly string[];
  readonly contentType?: string | undefined;
}

export function guessType(text: string, { names, contentType }: Hints): SourceType {
  const byServer = BY_CONTENT_TYPE[mediaType(contentType)];
  if (byServer) return byServer;
  for (const name of names) {
    const byName = BY_EXTENSION[extension(name)];
    if (byName) return byName;
  }
  const beginning = text.slice(0, LOOK_CHARS).replace(COMMENTS, "");
  if (HTML_START.test(beginning)) return "html";
  // Before tags are counted: Markdown may have HTML in it.
  if (MARKDOWN_SIGNS.some((sign) => sign.test(beginning))) return "markdown";
  return (beginning.match(HTML_ENDS)?.length ?? 0) >= 2 ? "html" : "text";
}

/** Whether a body of this type can be read at all. One without a type is taken for text. */
export function isReadable(contentType: string): boolean {
  const type = mediaType(contentType);
  return type === "" || type.startsWith("text/") || /\b(?:json|xml|yaml|toml|javascript|sql|csv)\b/.test(type);
}

export function mediaType(contentType = ""): string {
  return contentType.split(";", 1).join("").trim().toLowerCase();
}

export function extension(name: string): string {
  return /\.(\w{1,8})(?:[?#].*)?$/s.exec(name.slice(-512))?.[1]?.toLowerCase() ?? "";
}
