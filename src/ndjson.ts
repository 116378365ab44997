/** Newline-delimited JSON from a body, a line at a time: what is held is one line, however long the body is. */

import { joined } from "../mesh/bytes.ts";

export interface Line {
  /** From 1; blank lines are counted, and not given. */
  readonly number: number;
  /** Nothing where the line is longer than it may be. */
  readonly bytes: Uint8Array | undefined;
}

const NEWLINE = 0x0a;
/** Space, tab, carriage return. */
const BLANK = new Set([0x20, 0x09, 0x0d]);

/**
 * @param maxBytes of a line: what is longer is read and dropped
 * @param read told of each piece of the body that has come
 */
export async function* linesIn(
  body: ReadableStream<Uint8Array>,
  maxBytes: number,
  read: (bytes: number) => void,
): AsyncGenerator<Line> {
  let number = 0;
  let begun: Uint8Array[] = [];
  let length = 0;
  const take = (part: Uint8Array) => {
    length += part.byteLength;
    if (length <= maxBytes) begun.push(part);
    else begun = [];
  };
  const end = (): Line | undefined => {
    number += 1;
    const bytes = length > maxBytes ? undefined : joined(begun, length);
    begun = [];
    length = 0;
    return bytes?.every((byte) => BLANK.has(byte)) ? undefined : { number, bytes };
  };
  for await (const chunk of body) {
    read(chunk.byteLength);
    let from = 0;
    for (let to = chunk.indexOf(NEWLINE); to >= 0; to = chunk.indexOf(NEWLINE, from)) {
      take(chunk.subarray(from, to));
      from = to + 1;
      const line = end();
      if (line !== undefined) yield line;
    }
    take(chunk.subarray(from));
  }
  const last = length === 0 ? undefined : end();
  if (last !== undefined) yield last;
}
