/**
 * Blocks → passages: long blocks are cut, small neighbours under one heading are put together, each keeps its place.
 *
 * What holds: offsets lie in the source, ascend and do not overlap; no text is empty or longer than `PASSAGE_CHARS`.
 * In plain text and Markdown `text === source.slice(start, end)`, markup included. In HTML `text` is what a browser
 * shows of `source.slice(start, end)`: tags gone, entities decoded, white space as one space (but inside of `pre`).
 */
import type { Block } from "./block.ts";
import { cutIndex, PASSAGE_CHARS, SMALL_CHARS } from "./cut.ts";
import { lineCounter } from "./line.ts";
import type { Passage } from "./schema.ts";

/** A heading is context, and no text of its own. */
const HEADING_CHARS = 200;

interface Piece {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

export interface PassageMaker {
  add(blocks: readonly Block[]): void;
  /** Closes the last passage. */
  end(): void;
  /** Whether there was more than `limit`. */
  readonly full: boolean;
  readonly passages: readonly Passage[];
  /** What the source calls itself: its title, else its first heading. */
  readonly title: string | undefined;
  /** The one that the last passage stands under. */
  readonly heading: string | undefined;
}

/** @param under is the heading that the source begins under, where it is part of a longer one */
export function passageMaker(source: string, limit: number, under?: string): PassageMaker {
  const passages: Passage[] = [];
  const lineAt = lineCounter(source);
  let full = false;
  let open: Piece | undefined;
  let heading = under;
  let title: string | undefined;
  let firstHeading: string | undefined;
  /** The heading itself, as long as nothing stands under it: so that no word of the source is lost. */
  let lonely: Piece | undefined;

  const close = (piece: Piece | undefined): void => {
    if (piece === undefined) return;
    if (passages.length === limit) full = true;
    else passages.push({ ...piece, line: lineAt(piece.start), ...(heading !== undefined && { heading }) });
  };
  const closeOpen = (): void => {
    close(open ?? lonely);
    open = lonely = undefined;
  };

  return {
    passages,
    get full() {
      return full;
    },
    get title() {
      return title ?? firstHeading;
    },
    get heading() {
      return heading;
    },
    add(blocks) {
      for (const block of blocks) {
        if (full) return;
        if (block.kind === "title") {
          title ??= labelOf(block);
          continue;
        }
        const pieces = piecesOf(block);
        if (block.kind === "heading" && block.text.length <= PASSAGE_CHARS) {
          closeOpen();
          lonely = pieces.next().value ?? undefined;
          heading = lonely && labelOf(block);
          firstHeading ??= heading;
          continue;
        }
        for (const piece of pieces) {
          const joined = open && join(source, open, piece, block.places !== undefined);
          if (!joined) close(open);
          open = joined ?? piece;
          if (full) return;
        }
      }
    },
    end: closeOpen,
  };
}

function labelOf({ label, text }: Block): string | undefined {
  return (label ?? text).replace(/\s+/g, " ").trim().slice(0, HEADING_CHARS) || undefined;
}

/** White space at either end belongs to no passage. */
function* piecesOf({ text, kind, start, places }: Block): Generator<Piece, undefined> {
  for (let from = 0, to = 0; from < text.length; from = to) {
    to = cutIndex(text, from, kind);
    const piece = text.slice(from, to);
    const trimmed = piece.trim();
    if (trimmed === "") continue;
    const first = from + piece.length - piece.trimStart().length;
    const last = first + trimmed.length;
    yield {
      text: trimmed,
      start: places ? places.startOf(first) : start + first,
      end: places ? places.endOf(last) : start + last,
    };
  }
  return undefined;
}

/** Two neighbours as one piece, when one of them is small and both fit. */
function join(source: string, left: Piece, right: Piece, extracted: boolean): Piece | undefined {
  if (left.text.length >= SMALL_CHARS && right.text.length >= SMALL_CHARS) return undefined;
  const length = extracted ? left.text.length + 1 + right.text.length : right.end - left.start;
  if (length > PASSAGE_CHARS) return undefined;
  const text = extracted ? `${left.text}\n${right.text}` : source.slice(left.start, right.end);
  return { text, start: left.start, end: right.end };
}
