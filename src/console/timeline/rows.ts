/** The rows of the timeline: every hop below its caller, in the order of the calls, without what is folded away. Pure. */
import type { GraphHop } from "../../../mesh/chain/lineage.ts";

export interface TimelineRow<Hop extends GraphHop = GraphHop> {
  readonly hop: Hop;
  /** 0 at the root. */
  readonly indent: number;
  readonly hasChildren: boolean;
  readonly isFolded: boolean;
}

export function rowsOf<Hop extends GraphHop>(hops: readonly Hop[], folded: ReadonlySet<string>): TimelineRow<Hop>[] {
  const known = new Set(hops.map(({ hopId }) => hopId));
  const below = Map.groupBy(hops, ({ parentHopId }) =>
    parentHopId !== null && known.has(parentHopId) ? parentHopId : undefined,
  );
  const rows: TimelineRow<Hop>[] = [];
  const grow = (parent: string | undefined, indent: number): void => {
    for (const hop of below.get(parent) ?? []) {
      const hasChildren = below.has(hop.hopId);
      const isFolded = hasChildren && folded.has(hop.hopId);
      rows.push({ hop, indent, hasChildren, isFolded });
      if (!isFolded) grow(hop.hopId, indent + 1);
    }
  };
  grow(undefined, 0);
  return rows;
}

/** Round times to draw a line at, in milliseconds from the start. @param most lines at most */
export function ticksOf(spanMs: number, most: number): number[] {
  const raw = Math.max(1, spanMs / Math.max(1, most));
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 5, 10].find((times) => times * power >= raw) ?? 10) * power;
  return Array.from({ length: Math.floor(spanMs / step) + 1 }, (_, place) => place * step);
}
