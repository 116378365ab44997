/** Arrows between agents, with what went over them. */
import type { CallEdge } from "../agents.ts";
import { visible } from "../text.ts";
import type { Box } from "./card.ts";
import type { KeyEntry } from "./frame.ts";
import { monoWidth, sansWidth } from "./measure.ts";
import { SMALL_SIZE } from "./style.ts";
import { px, titleTag, xml } from "./xml.ts";

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Label {
  readonly size: { readonly width: number; readonly height: number };
  /** Its markup, around this point. */
  readonly at: (middle: Point) => string;
}

const LINE = 14;
/** Room above and below a node for calls of itself. */
export const LOOP_HEIGHT = 40;

export const EDGE_KEY: readonly KeyEntry[] = [
  { sign: '<path class="edge" d="M0 0H26"/>', width: 26, word: "granted" },
  { sign: '<path class="edge refused" d="M0 0H26"/>', width: 26, word: "refused" },
];

/** @param wordy whether the label also says what the calls took; the tooltip does in any case */
export function labelOf(edge: CallEdge, wordy: boolean): Label {
  const { counts, uses, details } = edge;
  const lines = edge.refused ? counts : [counts.join(" · "), ...(wordy && uses.length > 0 ? [uses.join(" · ")] : [])];
  const widthOf = edge.refused ? monoWidth : sansWidth;
  const width = lines.reduce((most, line) => Math.max(most, widthOf(line, SMALL_SIZE)), 0) + 8;
  const title = titleTag([[...counts, ...uses].join(" · "), ...details.map((detail) => visible(detail, 200))]);
  const look = edge.refused ? "code rejected" : "count";
  const size = { width, height: LINE * lines.length + 2 };
  const at = ({ x, y }: Point) => {
    const top = y - (LINE * (lines.length - 1)) / 2 + 4;
    const spans = lines.map((line, place) => `<tspan x="${px(x)}" y="${px(top + LINE * place)}">${xml(line)}</tspan>`);
    const [left, upper] = [px(x - size.width / 2), px(y - size.height / 2)];
    const back = `<rect class="back" x="${left}" y="${upper}" width="${px(size.width)}" height="${px(size.height)}"/>`;
    return `<g>${title}${back}<text class="${look}" text-anchor="middle">${spans.join("")}</text></g>`;
  };
  return { size, at };
}

export function arrow({ refused }: CallEdge, points: readonly Point[]): string {
  const look = refused ? " refused" : "";
  const [tip, before] = [points.at(-1), points.at(-2)];
  const level = tip === undefined || before === undefined ? [] : [{ x: before.x, y: tip.y }, tip];
  return `<path class="edge${look}" d="${smooth(points)}"/><path class="head${look}" d="${head(level)}"/>`;
}

/** A call of oneself: granted above the node, refused below it. */
export function loop(edge: CallEdge, box: Box, label: Label | undefined): { line: string; label: string } {
  const away = edge.refused ? 1 : -1;
  const side = edge.refused ? box.y + box.height : box.y;
  const middle = box.x + box.width / 2;
  const look = edge.refused ? " refused" : "";
  const tip = { x: middle + 14, y: side };
  const path = `M${px(middle - 14)} ${px(side)}c-14 ${20 * away} 42 ${20 * away} 28 0`;
  const line = `<path class="edge${look}" d="${path}"/><path class="head${look}" d="${head([{ x: tip.x + 4, y: side + 12 * away }, tip])}"/>`;
  return { line, label: label?.at({ x: middle, y: side + 26 * away }) ?? "" };
}

/** The points with a level piece where the label stands, so that no other line's bend is under it. */
export function alongLabel(points: readonly Point[], middle: Point, width: number): Point[] {
  const forward = (points[0]?.x ?? 0) <= (points.at(-1)?.x ?? 0) ? 1 : -1;
  const [before, after] = [-0.5, 0.5].map((side) => ({ x: middle.x + side * forward * width, y: middle.y }));
  return points.flatMap((point) =>
    point.x === middle.x && point.y === middle.y && before && after ? [before, after] : [point],
  );
}

/** A curve through all points of the layout, level at each: labels stand on them, and none is overshot. */
function smooth(points: readonly Point[]): string {
  const [first] = points;
  if (first === undefined) return "M0 0";
  const arcs = points.slice(1).map((to, place) => {
    const from = points[place] ?? to;
    const middle = px((from.x + to.x) / 2);
    return `C${middle} ${px(from.y)} ${middle} ${px(to.y)} ${at(to)}`;
  });
  return `M${at(first)}${arcs.join("")}`;
}

/** The point of the arrow, along the last piece of its line. */
function head(points: readonly Point[]): string {
  const [tip, before] = [points.at(-1), points.at(-2)];
  if (tip === undefined || before === undefined) return "M0 0";
  const angle = Math.atan2(tip.y - before.y, tip.x - before.x);
  const wing = (turn: number) => ({ x: tip.x - 9 * Math.cos(angle + turn), y: tip.y - 9 * Math.sin(angle + turn) });
  return `M${at(tip)}L${at(wing(0.45))}L${at(wing(-0.45))}Z`;
}

function at({ x, y }: Point): string {
  return `${px(x)} ${px(y)}`;
}
