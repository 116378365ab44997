/** A status as a shape, drawn: a font need not have the sign, and colour only repeats it. */
import type { HopStatus } from "../../facts.ts";
import { px } from "./xml.ts";

/** Strokes within a circle of radius 7. */
const STROKES: Readonly<Record<HopStatus, string>> = {
  done: "M-3.2.2-1 2.6 3.4-2.6",
  error: "M-2.6-2.6 2.6 2.6M2.6-2.6-2.6 2.6",
  rejected: "M-4.6 4.6 4.6-4.6",
  open: "M-3.3 0v.01M0 0v.01M3.3 0v.01",
  lost: "M-2.1-1.6A2.1 2.1 0 1 1 .9.2Q0 .6 0 1.6M0 3.8v.01",
  cancelled: "M-3.2 0H3.2",
};

/** Those that ended have a full circle, the others a ring. */
const RINGS: ReadonlySet<HopStatus> = new Set(["rejected", "open", "lost"]);

export function icon(status: HopStatus, x: number, y: number): string {
  const shape = RINGS.has(status) ? "ring" : "disc";
  return `<g class="${shape} ${status}" transform="translate(${px(x)} ${px(y)})"><circle r="7"/><path d="${STROKES[status]}"/></g>`;
}
