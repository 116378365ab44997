/** A text that flows → its passages, a stretch at a time. */
import type { Stretches } from "./block.ts";
import { htmlStretches } from "./html.ts";
import { markdownStretches } from "./markdown.ts";
import { passageMaker } from "./passages.ts";
import { MAX_SOURCE_CHARS, type Passage } from "./schema.ts";
import { textStretches } from "./text.ts";

/** Types whose text is read a stretch at a time. */
export type FlowingType = "text" | "markdown" | "html";

const EXTRACTORS: Readonly<Record<FlowingType, (source: string) => Stretches>> = {
  text: textStretches,
  markdown: markdownStretches,
  html: htmlStretches,
};

export interface Reading {
  readonly title: string | undefined;
  readonly passages: readonly Passage[];
  readonly truncated: boolean;
}

/** @param pause is awaited after each stretch: what else runs in the isolate gets its turn there, and it may throw. */
export async function readPassages(
  source: string,
  type: FlowingType,
  limit: number,
  pause: () => Promise<void> | void = () => {},
): Promise<Reading> {
  const text = source.slice(0, MAX_SOURCE_CHARS);
  const maker = passageMaker(text, limit);
  for (const blocks of EXTRACTORS[type](text)) {
    maker.add(blocks);
    if (maker.full) break;
    await pause();
  }
  maker.end();
  return { title: maker.title, passages: maker.passages, truncated: maker.full || text.length < source.length };
}
