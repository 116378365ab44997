/** The line from a caller's card to the card of what it called, as a path. */
import { GAP } from "../../../mesh/chain/render/svg/lines.ts";

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const BEND = 7;

/** @param hangs whether the caller stands above what it called: then its lines share a trunk */
export function edgePath(from: Box, to: Box, hangs: boolean): string {
  const [x, y] = [from.x + from.width, middle(from)];
  const end = middle(to);
  if (hangs) {
    const trunk = x + GAP / 2;
    if (end <= y + BEND) return `M${x} ${end}H${to.x}`;
    return `M${x} ${y}H${trunk - BEND}q${BEND} 0 ${BEND} ${BEND}V${end - BEND}q0 ${BEND} ${BEND} ${BEND}H${to.x}`;
  }
  const [bend, level] = [x + GAP / 2, Math.min(x + GAP, to.x)];
  return `M${x} ${y}C${bend} ${y} ${bend} ${end} ${level} ${end}H${to.x}`;
}

function middle({ y, height }: Box): number {
  return y + height / 2;
}
