/** Offsets → line numbers. */

const LINE_ENDS = /\r\n?|\n/g;

/** Gives the line of an offset, from 1. Offsets have to ascend: the source is walked through once. */
export function lineCounter(source: string): (offset: number) => number {
  const ends = source.matchAll(LINE_ENDS);
  let next = ends.next();
  let line = 1;
  return (offset) => {
    while (!next.done && next.value.index + next.value[0].length <= offset) {
      line += 1;
      next = ends.next();
    }
    return line;
  };
}
