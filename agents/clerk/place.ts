/** Where a quote stands: in words, and as a link that leads there. */
import type { ReportQuote } from "./schema.ts";

/** `page 3`, `record 7, line 9` or `line 12`: as a person would look it up. */
export function placeOf({ page, record, line }: ReportQuote): string {
  if (page !== undefined) return `page ${page}`;
  if (record !== undefined) return line === undefined ? `record ${record}` : `record ${record}, line ${line}`;
  return line === undefined ? "" : `line ${line}`;
}

/** Of the quote's first words: enough to find them by, few enough for a URL. */
const FRAGMENT_WORDS = 6;

/**
 * A link to the source and, as far as its kind has a way to say so, to the place: a PDF's page, a text's line as code
 * hosts have it, a web page's text fragment. Nothing where the source's name is neither an http(s) URL nor a path: a
 * name is chosen by whoever asks, and `javascript:` is one too.
 */
export function linkOf(quote: ReportQuote): string | undefined {
  const { source, url = source, page, line, record } = quote;
  const isWeb = /^https?:\/\//i.test(url);
  const target = isWeb ? webTarget(url) : pathTarget(url);
  if (target === undefined) return undefined;
  if (page !== undefined) return `${target}#page=${page}`;
  if (isWeb) return record === undefined ? `${target}#:~:text=${fragmentOf(quote.text)}` : target;
  return line === undefined ? target : `${target}#L${line}`;
}

function webTarget(url: string): string | undefined {
  const parsed = URL.parse(url);
  if (parsed === null) return undefined;
  parsed.hash = "";
  // What its address carries as a password is no part of a report.
  parsed.username = parsed.password = "";
  return parsed.href.replace(/[()']/g, encodeCharacter);
}

/** A relative or absolute path; its parts are escaped, so that it cannot become a scheme, a query or another host. */
function pathTarget(path: string): string | undefined {
  if (!/[./]/.test(path) || path.startsWith("//") || path.includes("\\") || /\s{2}/.test(path)) return undefined;
  const escaped = path
    .toWellFormed()
    .split("/")
    .map(encodeURIComponent)
    .join("/")
    .replace(/[()'!*]/g, encodeCharacter);
  // A colon in the first part would make it a scheme; it is escaped, and `./` keeps it a path for every reader.
  return /^[./]/.test(escaped) ? escaped : `./${escaped}`;
}

function encodeCharacter(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

function fragmentOf(text: string): string {
  const first = text.toWellFormed().split(/\s+/).slice(0, FRAGMENT_WORDS).join(" ");
  // A hyphen divides the parts of a text directive.
  return encodeURIComponent(first)
    .replace(/-/g, "%2D")
    .replace(/[()'!*]/g, encodeCharacter);
}
