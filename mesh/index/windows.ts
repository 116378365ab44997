/**
 * What was asked for last, kept in memory and up to date: all edges since some minute. Made from the rows when it is
 * first asked for; news are then added as they come. Bounded, and nothing is lost with it.
 */
import type { Sql } from "../sql.ts";
import { readPiece, readUnrolled } from "./edge-rows.ts";
import { type EdgeSums, type EdgeView, edgeView, keyOf, type MinuteSums, mergeEdges, newEdge } from "./edges.ts";
import type { Window } from "./spans.ts";

/** Windows that are kept, and edges of all of them together. */
const WINDOWS = 4;
const EDGES = 20_000;
const ALL = -1;

interface Held {
  readonly sums: EdgeSums;
  /** As it is shown; made when it is asked for, because quantiles cost more than sums. */
  view?: EdgeView | undefined;
}

export class Windows {
  readonly #sql: Sql;
  readonly #held = new Map<number, Map<string, Held>>();

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** All edges of a window, in order; of one agent, if it is named. */
  views(window: Window, agent: string | undefined): EdgeView[] {
    const edges = this.#held.get(window.start) ?? this.#sum(window);
    this.#held.delete(window.start);
    this.#held.set(window.start, edges);
    this.#shrink();
    const views: EdgeView[] = [];
    for (const held of edges.values()) {
      const { caller, callee } = held.sums;
      if (agent !== undefined && caller !== agent && callee !== agent) continue;
      held.view ??= edgeView(held.sums);
      views.push(held.view);
    }
    return views.sort(byEnds);
  }

  /** Adds what was written to the rows. */
  note(added: readonly MinuteSums[]): void {
    for (const [start, edges] of this.#held) {
      for (const { minute, sums } of added) if (minute >= start) addTo(edges, sums);
    }
  }

  forget(): void {
    this.#held.clear();
  }

  #sum({ start, pieces }: Window): Map<string, Held> {
    const edges = new Map<string, Held>();
    for (const piece of pieces) for (const { sums } of readPiece(this.#sql, piece)) addTo(edges, sums);
    for (const { sums } of readUnrolled(this.#sql, start, Number.MAX_SAFE_INTEGER, ALL)) addTo(edges, sums);
    return edges;
  }

  /** What was asked for longest ago goes first; the last one stays. */
  #shrink(): void {
    let edges = 0;
    for (const held of this.#held.values()) edges += held.size;
    for (const [start, held] of this.#held) {
      if (this.#held.size === 1 || (this.#held.size <= WINDOWS && edges <= EDGES)) return;
      edges -= held.size;
      this.#held.delete(start);
    }
  }
}

/** In code units: the order is to be the same everywhere, and fast. */
function byEnds(a: EdgeView, b: EdgeView): number {
  if (a.from !== b.from) return a.from < b.from ? -1 : 1;
  return a.to < b.to ? -1 : 1;
}

function addTo(edges: Map<string, Held>, sums: EdgeSums): void {
  const key = keyOf(sums.caller, sums.callee);
  let held = edges.get(key);
  if (held === undefined) {
    held = { sums: newEdge(sums.caller, sums.callee, sums.firstAt) };
    edges.set(key, held);
  }
  mergeEdges(held.sums, sums);
  held.view = undefined;
}
