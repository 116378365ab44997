/** Markdown, or any text, as it is read: without the marks that only shape it, white space evened out. */

const FENCES = /^[ \t]*(?:```|~~~).*$/gm;
const LINE_MARKS = /^[ \t]*(?:#{1,6}[ \t]+|>[ \t]?|[-*+][ \t]+|\d{1,3}[.)][ \t]+)+/gm;
const IMAGES = /!\[([^\]\n]{0,500})\]\([^)\s]{0,2000}(?:[ \t]+"[^"\n]{0,500}")?\)/g;
const LINKS = /\[([^\]\n]{0,500})\]\([^)\s]{0,2000}(?:[ \t]+"[^"\n]{0,500}")?\)/g;
/** A row is its cells, one after the other; the rule below its head is none. */
const TABLE_RULE = /^[ \t]*\|?(?:[ \t]*:?-{3,}:?[ \t]*\|)+[ \t:-]*$/gm;
const TABLE_ROW = /^[ \t]*\|(.*)\|[ \t]*$/gm;
/** Marks of emphasis and code touch a word on one side; a star between spaces is a star. */
const EMPHASIS = /`+|(?<=\S)\*+|\*+(?=\S)|(?<![\p{L}\p{N}])_+(?=\S)|(?<=\S)_+(?![\p{L}\p{N}])/gu;

export function plainText(text: string): string {
  return text
    .replace(FENCES, "")
    .replace(TABLE_RULE, "")
    .replace(TABLE_ROW, (_, cells: string) => cells.replace(/[ \t]*\|[ \t]*/g, "; "))
    .replace(LINE_MARKS, "")
    .replace(IMAGES, "$1")
    .replace(LINKS, "$1")
    .replace(EMPHASIS, "")
    .replace(/\s+/g, " ")
    .trim();
}
