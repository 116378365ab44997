/** Lines from a caller to what it called. A refused one is red, dashed, and says which rule it was. */
import type { Box } from "./card.ts";
import { px, xml } from "./xml.ts";

/** From a caller's column to the next, without room for what refusals say. */
export const GAP = 44;
const BEND = 7;

export interface End {
  readonly box: Box;
  readonly refusal: string;
  /** Level line before the box, for the refusal's name. */
  readonly room: number;
}

/** A curve a call: for a caller in the middle of what it called. */
export function curves(from: Box, ends: readonly End[]): string[] {
  const [x, y] = [from.x + from.width, middle(from)];
  return grantedFirst(ends).map((end) => {
    const [bend, level] = [x + GAP / 2, Math.min(x + GAP, end.box.x)];
    const to = px(middle(end.box));
    return line(end, `M${px(x)} ${px(y)}C${px(bend)} ${px(y)} ${px(bend)} ${to} ${px(level)} ${to}H${px(end.box.x)}`);
  });
}

/** A trunk a caller, with a branch a call: for a caller above what it called, however many those are. */
export function branches(from: Box, ends: readonly End[]): string[] {
  const [x, y] = [from.x + from.width, middle(from)];
  const trunk = x + GAP / 2;
  const lowest = ends.reduce((most, { box }) => Math.max(most, middle(box)), y);
  const all = ends.every((end) => end.refusal !== "");
  const down = lowest > y + BEND ? `M${px(x)} ${px(y)}H${px(trunk)}V${px(lowest - BEND)}` : "";
  const stem = down === "" ? [] : [`<path class="edge${all ? " refused" : ""}" d="${down}"/>`];
  const drawn = grantedFirst(ends).map((end) => {
    const to = middle(end.box);
    const level = to <= y + BEND;
    const start = level ? `M${px(x)} ${px(to)}` : `M${px(trunk)} ${px(to - BEND)}q0 ${BEND} ${BEND} ${BEND}`;
    return line(end, `${start}H${px(end.box.x)}`);
  });
  return [...stem, ...drawn];
}

/** What was refused is drawn over what was granted. */
function grantedFirst(ends: readonly End[]): End[] {
  return [...ends.filter((end) => end.refusal === ""), ...ends.filter((end) => end.refusal !== "")];
}

function line({ box, refusal }: End, path: string): string {
  if (refusal === "") return `<path class="edge" d="${path}"/>`;
  const place = `x="${px(box.x - 8)}" y="${px(middle(box) - 4)}"`;
  return `<path class="edge refused" d="${path}"/><text class="code rejected" ${place} text-anchor="end">${xml(refusal)}</text>`;
}

function middle({ y, height }: Box): number {
  return y + height / 2;
}
