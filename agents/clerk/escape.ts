/**
 * The border between what sources say and what the report's markup is: every text of a source, of a question or of a
 * refusal passes through here. In the Markdown nothing of it is markup, so that nothing of it is HTML either.
 */

/** What CommonMark or GFM gives a meaning within a line; a backslash before it makes it a character. */
const MARKUP = /[\\`*_{}[\]<>#&|~$^@]/g;
/** What it gives one at a line's start. */
const LINE_START = /^(?:[-+=:]|\d{1,9}(?=[.)]))/;
/** What GFM makes a link of by itself. */
const BARE_LINK = /:(?=\/\/)|(?<=\bwww)\.|(?<=\bxmpp|\bmailto):/gi;

/** Controls that show nothing, and marks that turn the direction of what follows. */
const UNSEEN = /[[\p{Cc}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]--[\t\n\r]]/gv;

/** One line of text, literally. */
export function literal(text: string): string {
  return text
    .toWellFormed()
    .replace(/\s+/g, " ")
    .replace(UNSEEN, "")
    .trim()
    .replace(MARKUP, "\\$&")
    .replace(BARE_LINK, "\\$&")
    .replace(LINE_START, (start) => (/\d/.test(start) ? `${start}\\` : `\\${start}`));
}

/** Text with its lines, each literally; an empty line stays one. */
export function literalLines(text: string): readonly string[] {
  return text.split(/\r\n|\r|\n/).map(literal);
}

/** A line of prose that was broken for its width is at least this long. */
const BROKEN_LINE_CHARS = 50;
/** Lists, tables, headings, quotations, fences and what is set in: their lines are their own. */
const OWN_LINE = /^(?:[ \t]*(?:[-*+|#>]|\d+[.)]|```|~~~)| {4}|\t)/;
const TABLE_LINE = /^[ \t]*[|#]/;
/** Code, in fences or drawn in boxes. */
const CODE = /^[ \t]*(?:```|~~~)|[─-╿]/m;

/** Lines of prose that were broken for their width flow again; all others stay. */
export function flowed(text: string): string {
  if (CODE.test(text)) return text;
  const lines = text.split(/\r\n|\r|\n/);
  return lines.reduce((whole, line, at) => {
    const before = lines[at - 1] ?? "";
    const flows = before.length >= BROKEN_LINE_CHARS && !TABLE_LINE.test(before) && line !== "" && !OWN_LINE.test(line);
    return `${whole}${at === 0 ? "" : flows ? " " : "\n"}${flows ? line.trimStart() : line}`;
  }, "");
}

/** For HTML's text and quoted attributes. */
export function escapeHtml(text: string): string {
  return text
    .toWellFormed()
    .replace(UNSEEN, "")
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/"/g, "&quot;")
    .replace(/'/g, "&#39;");
}
