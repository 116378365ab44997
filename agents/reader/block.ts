/** A block: what the source's own markup holds together. A passage never starts or ends inside of another's words. */

export interface Block {
  /** Code is cut at line ends, text at sentence ends; a heading stands over what follows; a title is no passage. */
  readonly kind: "text" | "code" | "heading" | "title";
  readonly text: string;
  /** A heading's words without its markup, where `text` has markup. */
  readonly label?: string;
  /** UTF-16 offsets into the source. */
  readonly start: number;
  readonly end: number;
  /** Where the text's characters stand in the source. Left out where `text === source.slice(start, end)`. */
  readonly places?: Places;
}

/** Gives the place in the source of a character of a text that was taken out of it. */
export interface Places {
  startOf(index: number): number;
  endOf(index: number): number;
}

/**
 * What an extractor gives: the blocks of one stretch of the source after the other, so that its caller can stop early
 * and let others run in between. A stretch without a block is given as well.
 */
export type Stretches = Iterable<readonly Block[]>;

/** Some 10 ms of work on plain text or HTML. */
export const STRETCH_CHARS = 64 * 1024;
