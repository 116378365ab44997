/** The picture around a drawing: size, heading, key, what part of the chain it is, and the words for who can't see it. */
import type { GraphPage } from "../../lineage.ts";
import { headline, pageNote } from "../page-note.ts";
import { visible } from "../text.ts";
import { monoWidth, sansWidth } from "./measure.ts";
import { SMALL_SIZE, STYLE, TITLE_SIZE } from "./style.ts";
import { px, xml } from "./xml.ts";

/** A sign that the drawing uses, at (0, 0) and as wide as said, with its word. */
export interface KeyEntry {
  readonly sign: string;
  readonly width: number;
  readonly word: string;
}

/** What a view draws, from (0, 0) to (width, height). */
export interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly markup: string;
  readonly key: readonly KeyEntry[];
  /** What the drawing has folded together, in a sentence. */
  readonly note?: string;
}

const MARGIN = 24;
const LINE = 20;

/** What stands above a drawing. */
export interface Heading {
  readonly name: string;
  readonly status: string;
  readonly facts: readonly string[];
  /** What is meant, exactly; empty when the name says it. */
  readonly id: string;
  readonly note?: string | undefined;
  /** The same as a sentence, for who can't see it. */
  readonly sentence: string;
}

export function frame(page: GraphPage, drawing: Drawing): string {
  const { id, status, facts } = headline(page);
  const sentence = `The call graph of chain ${id}: ${status}, ${facts.join(", ")}.`;
  return framed(
    { name: visible(page.chain.root.agent, 63), status, facts, id, note: pageNote(page), sentence },
    drawing,
  );
}

export function framed(heading: Heading, drawing: Drawing): string {
  const { name, status, facts, id } = heading;
  const notes = [heading.note, drawing.note].filter((note) => note !== undefined);
  const key = keyOf(drawing.key);
  const factsLine = facts.join(" · ");
  const headings = [
    monoWidth(name, TITLE_SIZE) + 12 + sansWidth(status, SMALL_SIZE),
    sansWidth(factsLine, SMALL_SIZE) + 24 + monoWidth(id, SMALL_SIZE),
    key.width,
    ...notes.map((note) => sansWidth(note, SMALL_SIZE)),
  ];
  const top = MARGIN + LINE * (3 + notes.length) + 16;
  const width = Math.ceil(Math.max(drawing.width, ...headings)) + 2 * MARGIN;
  const height = Math.ceil(top + drawing.height + MARGIN);
  const line = (place: number) => px(MARGIN + LINE * place + 12);
  const sentence = [heading.sentence, ...notes].join(" ");
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title desc">`,
    `<title id="title">${xml(`${name}: call graph`)}</title><desc id="desc">${xml(sentence)}</desc>`,
    STYLE,
    `<rect class="back" width="${width}" height="${height}"/>`,
    `<text x="${MARGIN}" y="${line(0)}"><tspan class="chain">${xml(name)}</tspan><tspan class="muted" dx="12">${status}</tspan></text>`,
    `<text class="muted" x="${MARGIN}" y="${line(1)}">${xml(factsLine)}${id === "" ? "" : `<tspan class="id" dx="14">${id}</tspan>`}</text>`,
    `<g transform="translate(${MARGIN} ${MARGIN + LINE * 2 + 8})">${key.markup}</g>`,
    ...notes.map((note, place) => `<text x="${MARGIN}" y="${line(3 + place)}">${xml(note)}</text>`),
    `<g transform="translate(${MARGIN} ${top})">`,
    drawing.markup,
    "</g>",
    "</svg>",
    "",
  ].join("\n");
}

function keyOf(key: readonly KeyEntry[]): { readonly width: number; readonly markup: string } {
  let x = 0;
  const entries = key.map(({ sign, width, word }) => {
    const entry = `<g transform="translate(${px(x)} 0)">${sign}<text class="muted" x="${width + 5}" y="4">${xml(word)}</text></g>`;
    x += width + 5 + sansWidth(word, SMALL_SIZE) + 16;
    return entry;
  });
  return { width: x, markup: entries.join("") };
}
