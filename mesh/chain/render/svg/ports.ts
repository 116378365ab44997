/** Where arrows leave and reach a box: at its sides, each at a place of its own. */

import type { Point } from "./arrows.ts";
import type { Box } from "./card.ts";

export interface Route {
  readonly from: string;
  readonly to: string;
  /** Of the layout; the first and the last are replaced by the ports. */
  readonly points: readonly Point[];
}

interface Docking {
  readonly route: number;
  readonly end: "first" | "last";
  /** How high the line comes from, or goes to. */
  readonly towards: number;
}

const APART = 9;

/** The routes with their ends at the sides of the boxes, in the order in which the lines come. */
export function docked(routes: readonly Route[], boxes: ReadonlyMap<string, Box>): Point[][] {
  const done = routes.map(({ points }) => [...points]);
  const sides = new Map<string, Docking[]>();
  const dock = (id: string, right: boolean, docking: Docking) => {
    const side = `${right ? "right" : "left"} ${id}`;
    sides.set(side, [...(sides.get(side) ?? []), docking]);
  };
  for (const [route, { from, to, points }] of routes.entries()) {
    const forward = (boxes.get(from)?.x ?? 0) <= (boxes.get(to)?.x ?? 0);
    dock(from, forward, { route, end: "first", towards: points[1]?.y ?? 0 });
    dock(to, !forward, { route, end: "last", towards: points.at(-2)?.y ?? 0 });
  }
  for (const [side, dockings] of sides) {
    const box = boxes.get(side.slice(side.indexOf(" ") + 1));
    if (box === undefined) continue;
    const x = side.startsWith("right") ? box.x + box.width : box.x;
    const apart = Math.min(APART, (box.height - 12) / Math.max(1, dockings.length - 1));
    for (const [place, { route, end }] of dockings.toSorted((a, b) => a.towards - b.towards).entries()) {
      const y = box.y + box.height / 2 + (place - (dockings.length - 1) / 2) * apart;
      const points = done[route];
      if (points !== undefined) points[end === "first" ? 0 : points.length - 1] = { x, y };
    }
  }
  return done;
}
