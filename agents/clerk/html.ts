/** A report → one HTML page. Its prose is Markdown made safe by micromark; all else is escaped here. */
import { micromark } from "micromark";
import { escapeHtml, flowed } from "./escape.ts";
import { sectionBlocks } from "./markdown.ts";
import { linkOf, placeOf } from "./place.ts";
import type { ClerkInput, ReportQuote } from "./schema.ts";

/** The page runs nothing and loads nothing, even where it is opened from a disk. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

const STYLE = `
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent); --soft: color-mix(in srgb, currentColor 65%, transparent); }
body { font: 17px/1.6 ui-serif, Georgia, serif; max-width: 42rem; margin: 3rem auto; padding: 0 1.25rem; }
h1 { font-size: 1.7rem; line-height: 1.25; } h2 { font-size: 1.15rem; margin-top: 2.4rem; }
ul { padding-left: 1.2rem; } li { margin: .5rem 0; }
a { color: inherit; text-decoration-color: var(--line); text-underline-offset: .2em; } a:hover { text-decoration-color: currentColor; }
li a[href^="#quote-"] { font: .75em ui-sans-serif, system-ui, sans-serif; vertical-align: .3em; text-decoration: none; color: var(--soft); }
figure { margin: 1.4rem 0; padding: .1rem 0 .1rem 1rem; border-left: 3px solid var(--line); } figure:target { border-left-color: currentColor; }
blockquote { margin: 0; white-space: pre-line; overflow-wrap: anywhere; }
figcaption, .notes { font: .82rem/1.5 ui-sans-serif, system-ui, sans-serif; color: var(--soft); } figcaption { margin-top: .4rem; }
`;

export function renderHtml(report: ClerkInput): string {
  const { title, sections, quotes, notes } = report;
  return [
    "<!doctype html>",
    '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    `<meta http-equiv="Content-Security-Policy" content="${escapeHtml(POLICY)}"><meta name="referrer" content="no-referrer">`,
    `<title>${escapeHtml(title)}</title><style>${STYLE}</style></head><body>`,
    `<h1>${escapeHtml(title)}</h1>`,
    // Without `allowDangerousHtml` and `allowDangerousProtocol` no HTML and no scheme but the web's come out of it.
    micromark(sectionBlocks(sections).join("\n\n")),
    ...(quotes.length > 0 ? ["<h2>Quotes</h2>", ...quotes.map(figure)] : []),
    ...(notes.length > 0 ? ['<h2>Notes</h2><ul class="notes">', ...notes.map(note), "</ul>"] : []),
    "</body></html>\n",
  ].join("\n");
}

function figure(quote: ReportQuote): string {
  const { n, text, source, heading } = quote;
  const link = linkOf(quote);
  const place = placeOf(quote);
  const name = escapeHtml(place === "" ? source : `${source}, ${place}`);
  const linked = link === undefined ? name : `<a href="${escapeHtml(link)}" rel="noopener noreferrer">${name}</a>`;
  const under = heading === undefined ? "" : ` · ${escapeHtml(heading)}`;
  return `<figure id="quote-${n}"><blockquote>${escapeHtml(flowed(text))}</blockquote><figcaption>[${n}] ${linked}${under}</figcaption></figure>`;
}

function note(text: string): string {
  return `<li>${escapeHtml(text)}</li>`;
}
