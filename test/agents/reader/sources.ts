/** What the tests of the reader share: reading a text, and texts that nobody would think of. */
import fc from "fast-check";
import { type FlowingType, readPassages } from "../../../agents/reader/read.ts";
import { MAX_PASSAGES, type Passage } from "../../../agents/reader/schema.ts";

export async function passagesOf(source: string, type: FlowingType): Promise<readonly Passage[]> {
  return (await readPassages(source, type, MAX_PASSAGES)).passages;
}

export function textsOf(passages: readonly Passage[]): string[] {
  return passages.map(({ text }) => text);
}

/** Pieces that the three formats give a meaning, and that break parsers. */
const PIECES = [
  "word ",
  "A sentence. Another one! ",
  "\n",
  "\n\n",
  "\r\n",
  "\r",
  "\t",
  "    ",
  "# Heading\n",
  "Under\n===\n",
  "- item\n",
  "  - inner\n",
  "1. one\n",
  "> quote\n",
  "```\n",
  "---\n",
  "[a]: http://b.example\n",
  "[a](b)",
  "*_`",
  "<p>",
  "</p>",
  "<div hidden>",
  "</div>",
  "<nav>",
  "<h2>",
  "</h2>",
  "<pre>",
  "</pre>",
  "<script>",
  "</script>",
  "<!--",
  "-->",
  "<svg><title>",
  "<title>t",
  "<a href='",
  "&amp;",
  "&NotEqualTilde;",
  "&#xD800;",
  "&nbsp;",
  "&#0",
  "\0",
  "\ud800",
  "\udfff",
  "\ufeff",
  "😀",
  "模型很好。",
  "x".repeat(900),
  "long words here ".repeat(70),
];
export const SOURCE = fc.array(fc.constantFrom(...PIECES), { maxLength: 60 }).map((pieces) => pieces.join(""));
export const utf8 = (text: string) => new TextEncoder().encode(text);
export const TYPE = fc.constantFrom<FlowingType>("text", "markdown", "html");
