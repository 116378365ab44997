/** PDF → passages, page by page. What a page shows becomes lines, lines become blocks; passages stay within their page. */
import { getDocumentProxy } from "unpdf";
import { HopRejected } from "../define.ts";
import type { Block } from "./block.ts";
import { passageMaker } from "./passages.ts";
import type { Reading } from "./read.ts";
import type { Passage } from "./schema.ts";

/** Pages that are looked at: a page without text costs as much as one with. */
const MAX_PAGES = 2_000;

/** In line heights: a larger step down starts a new block. */
const BLOCK_STEP = 1.6;
/** In sizes of the page's usual letters: what is larger is a heading, if it is short. */
const HEADING_SIZE = 1.15;
const HEADING_CHARS = 160;

export interface Line {
  readonly text: string;
  /** Height above the page's lower edge, and of the letters, in points. */
  readonly y: number;
  readonly size: number;
}

/**
 * Offsets and lines are those of the page's text: its blocks with an empty line between.
 * @throws {HopRejected} for what is no PDF, is locked, or has no text
 */
export async function readPdf(
  source: string,
  bytes: Uint8Array,
  limit: number,
  pause: () => Promise<void> | void,
): Promise<Reading> {
  const document = await open(source, bytes);
  try {
    const passages: Passage[] = [];
    let title = await titleOf(document);
    let heading: string | undefined;
    let full = false;
    for (let number = 1; number <= Math.min(document.numPages, MAX_PAGES) && !full; number++) {
      const page = await document.getPage(number);
      const { items } = await page.getTextContent();
      const { text, blocks } = pageText(linesOf(items.filter((item) => "str" in item)));
      const maker = passageMaker(text, limit - passages.length, heading);
      maker.add(blocks);
      maker.end();
      title ??= maker.title;
      passages.push(...maker.passages.map((passage) => ({ ...passage, page: number })));
      heading = maker.heading;
      full = maker.full;
      page.cleanup();
      await pause();
    }
    if (passages.length === 0 && !full) {
      throw unreadable(source, "has no text: its pages may be pictures of text, which the reader cannot read");
    }
    return { title, passages, truncated: full || document.numPages > MAX_PAGES };
  } finally {
    await document.loadingTask.destroy();
  }
}

type Document = Awaited<ReturnType<typeof getDocumentProxy>>;

async function open(source: string, bytes: Uint8Array): Promise<Document> {
  try {
    // It takes the buffer away from whom it is given by.
    return await getDocumentProxy(new Uint8Array(bytes), { disableFontFace: true, verbosity: 0 });
  } catch (error) {
    const name = error instanceof Error ? error.name : "";
    throw unreadable(source, name === "PasswordException" ? "is locked by a password" : "is damaged, or no PDF at all");
  }
}

async function titleOf(document: Document): Promise<string | undefined> {
  const { info } = await document.getMetadata().catch(() => ({ info: {} }));
  const title = "Title" in info && typeof info.Title === "string" ? info.Title.trim() : "";
  return title === "" ? undefined : title.slice(0, HEADING_CHARS);
}

function unreadable(source: string, why: string): HopRejected {
  return new HopRejected({ code: "unsupported_media_type", detail: `${source} ${why}.` });
}

/** A piece of text as pdf.js gives it. */
export interface TextItem {
  readonly str: string;
  readonly transform: readonly number[];
  readonly hasEOL: boolean;
}

export function linesOf(items: readonly TextItem[]): readonly Line[] {
  const lines: Line[] = [];
  let text = "";
  let [y, size] = [0, 0];
  const close = (): void => {
    const even = text.replace(/\s+/g, " ").trim();
    if (even !== "") lines.push({ text: even, y, size });
    text = "";
    size = 0;
  };
  for (const { str, transform, hasEOL } of items) {
    const [, , skew = 0, height = 0, , at = 0] = transform;
    const letters = Math.hypot(skew, height);
    // A step of half a letter is another line, whatever the file says of line ends; a footnote's sign is none.
    if (text !== "" && str.trim() !== "" && Math.abs(at - y) > size * 0.7) close();
    if (str.trim() !== "" && letters >= size) [y, size] = [at, letters];
    text += str;
    if (hasEOL) close();
  }
  close();
  return lines;
}

/** The page's blocks, and the text that their offsets are of. */
export function pageText(lines: readonly Line[]): { readonly text: string; readonly blocks: readonly Block[] } {
  const usual = median(lines.map(({ size }) => size));
  const blocks: Block[] = [];
  let text = "";
  let open: { text: string; size: number } | undefined;
  const close = (): void => {
    if (open === undefined) return;
    const start = text === "" ? 0 : text.length + 2;
    const kind = open.size > usual * HEADING_SIZE && open.text.length <= HEADING_CHARS ? "heading" : "text";
    text += `${text === "" ? "" : "\n\n"}${open.text}`;
    blocks.push({ kind, text: open.text, start, end: text.length });
    open = undefined;
  };
  let before: Line | undefined;
  for (const line of lines) {
    const step = before === undefined ? 0 : before.y - line.y;
    const isOther = before !== undefined && Math.abs(before.size - line.size) > usual * (HEADING_SIZE - 1);
    if (isOther || step < 0 || step > line.size * BLOCK_STEP) close();
    open = { text: open === undefined ? line.text : joined(open.text, line.text), size: line.size };
    before = line;
  }
  close();
  return { text, blocks };
}

/** A word that the line's end has divided is one again. */
function joined(above: string, below: string): string {
  return /\p{L}-$/u.test(above) && /^\p{Ll}/u.test(below) ? above.slice(0, -1) + below : `${above} ${below}`;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}
