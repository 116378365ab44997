/** Random bytes of the platform, drawn many at once: an id takes eight, and each draw costs more than making an id of them. */

/** Bytes of one draw. */
const DRAW = 1_024;
let drawn = new Uint8Array();
let given = 0;

/** Bytes that nobody else gets. @param count at most DRAW */
export function randomBytes(count: number): Uint8Array {
  if (count > DRAW) throw new RangeError(`At most ${DRAW} random bytes are given at once.`);
  if (given + count > drawn.byteLength) {
    drawn = crypto.getRandomValues(new Uint8Array(DRAW));
    given = 0;
  }
  given += count;
  return drawn.subarray(given - count, given);
}
