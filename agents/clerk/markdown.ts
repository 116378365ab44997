/** A report → Markdown, in which every text from outside is literal. */
import { flowed, literal, literalLines } from "./escape.ts";
import { linkOf, placeOf } from "./place.ts";
import type { ClerkInput, ReportQuote } from "./schema.ts";

export function renderMarkdown({ title, sections, quotes, notes }: ClerkInput): string {
  const blocks = [`# ${literal(title)}`, ...sectionBlocks(sections)];
  if (quotes.length > 0) blocks.push("## Quotes", ...quotes.flatMap(quoteBlocks));
  if (notes.length > 0) blocks.push("## Notes", notes.map((note) => `- ${literal(note)}`).join("\n"));
  return `${blocks.join("\n\n")}\n`;
}

/** Its sections alone, with citations that lead to `#quote-n`. */
export function sectionBlocks(sections: ClerkInput["sections"]): readonly string[] {
  // One section needs no heading: the title says what it is about.
  return sections.flatMap(({ heading, claims }) => [
    ...(sections.length > 1 ? [`## ${literal(heading)}`] : []),
    claims.length === 0
      ? "*Nothing was found on this.*"
      : claims.map(({ text, cites }) => `- ${literal(text)} ${cites.map(citation).join(" ")}`.trimEnd()).join("\n"),
  ]);
}

function citation(n: number): string {
  return `[\\[${n}\\]](#quote-${n})`;
}

/** The heading is what `#quote-n` leads to wherever headings get their ids from their words. */
function quoteBlocks(quote: ReportQuote): readonly string[] {
  return [`### Quote ${quote.n}`, quotedLines(quote.text), `— ${sourceLine(quote)}`];
}

/** A line's end stays one, by a backslash; an empty line begins another paragraph of the quote. */
function quotedLines(text: string): string {
  const lines = literalLines(flowed(text));
  return lines
    .map((line, at) => (line === "" ? ">" : `> ${line}${(lines[at + 1] ?? "") === "" ? "" : "\\"}`))
    .join("\n");
}

function sourceLine(quote: ReportQuote): string {
  const link = linkOf(quote);
  const place = placeOf(quote);
  const name = literal(place === "" ? quote.source : `${quote.source}, ${place}`);
  const linked = link === undefined ? name : `[${name}](<${link}>)`;
  return quote.heading === undefined ? linked : `${linked} (${literal(quote.heading)})`;
}
