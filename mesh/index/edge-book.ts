/**
 * The sums of edges in the index's rows. News go to the row of their minute alone; the alarm rolls minutes that are over
 * up into the coarser spans and removes what is no longer kept, in bounded turns. A minute's edge is in the coarser spans
 * once it is marked as rolled up, in the same transaction, so a crash counts nothing twice.
 */
import { EDGE_TURN, EDGES_PER_SPAN } from "../limits.ts";
import type { Sql } from "../sql.ts";
import {
  countEdges,
  deleteEdges,
  hasEdges,
  isRolled,
  readEdge,
  readRolled,
  readUnrolled,
  writeEdge,
  writeRolled,
} from "./edge-rows.ts";
import { type EdgeSums, keyOf, type MinuteSums, mergeEdges, newEdge } from "./edges.ts";
import { keptFrom, minuteOf, SPANS, type Span, startOf } from "./spans.ts";

const [MINUTE, ...COARSER] = SPANS;
/** A minute's news may be this late without meeting a minute that is rolled up, in milliseconds. That would only be dearer. */
export const ROLL_AFTER_MS = 2_000;
/** Stands for the callers and callees beyond EDGES_PER_SPAN. */
const REST = "…";

/** What is left to do after a turn. */
export type Left = "more" | "later" | "nothing";

export class EdgeBook {
  readonly #sql: Sql;
  /** The rows of the minute that news were last written to, as they are stored: most news are of it. */
  readonly #open = new Map<string, EdgeSums>();
  #openMinute = 0;
  /** How many edges a span has, of those that were written to last. */
  readonly #counts = new Map<string, number>();
  #rolled: number | undefined;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** What is in memory is not what is stored: a transaction has failed. */
  forget(): void {
    this.#open.clear();
    this.#counts.clear();
    this.#rolled = undefined;
  }

  /** Adds sums of minutes. @returns what was added, as it was placed */
  write(added: readonly MinuteSums[], nowMs: number): MinuteSums[] {
    return added.map(({ minute, sums }) => {
      const stored = this.#stored(MINUTE, minute, sums);
      const { caller, callee } = stored;
      this.#rolled ??= readRolled(this.#sql);
      const late = minute <= this.#rolled && isRolled(this.#sql, minute, caller, callee);
      if (!late || minute >= keptFrom(MINUTE, nowMs)) this.#add(MINUTE, minute, stored, sums);
      if (late) this.#addCoarser(minute, sums, nowMs);
      return { minute, sums: { ...sums, caller, callee } };
    });
  }

  #addCoarser(minute: number, sums: EdgeSums, nowMs: number): void {
    for (const span of COARSER) {
      const start = startOf(span, minute);
      if (start >= keptFrom(span, nowMs)) this.#add(span, start, this.#stored(span, start, sums), sums);
    }
  }

  #add(span: Span, start: number, stored: EdgeSums, sums: EdgeSums): void {
    mergeEdges(stored, sums);
    writeEdge(this.#sql, span.minutes, start, stored);
  }

  /** An edge as it is stored, or empty; that of the rest when the span is full. */
  #stored(span: Span, start: number, { caller, callee, firstAt }: EdgeSums): EdgeSums {
    if (span !== MINUTE) return this.#read(span, start, caller, callee, firstAt);
    if (start > this.#openMinute) {
      this.#open.clear();
      this.#openMinute = start;
    }
    if (start < this.#openMinute) return this.#read(span, start, caller, callee, firstAt);
    const stored = this.#open.get(keyOf(caller, callee)) ?? this.#read(span, start, caller, callee, firstAt);
    this.#open.set(keyOf(stored.caller, stored.callee), stored);
    return stored;
  }

  #read(span: Span, start: number, caller: string, callee: string, at: number): EdgeSums {
    const known = readEdge(this.#sql, span.minutes, start, caller, callee);
    if (known !== undefined) return known;
    const place = `${span.minutes} ${start}`;
    const count = this.#counts.get(place) ?? countEdges(this.#sql, span.minutes, start);
    if (count >= EDGES_PER_SPAN) {
      this.#counts.set(place, count);
      return readEdge(this.#sql, span.minutes, start, REST, REST) ?? newEdge(REST, REST, at);
    }
    // The newest stand last: what is oldest among the counts goes.
    this.#counts.delete(place);
    this.#counts.set(place, count + 1);
    const [oldest] = this.#counts.keys();
    if (this.#counts.size > 2 * SPANS.length && oldest !== undefined) this.#counts.delete(oldest);
    return newEdge(caller, callee, at);
  }

  /** One bounded turn: rolls up, and once everything is rolled up, removes what is no longer kept. In a transaction. */
  turn(nowMs: number): Left {
    if (this.#roll(nowMs) === EDGE_TURN || this.#remove(nowMs) === EDGE_TURN) return "more";
    return hasEdges(this.#sql) ? "later" : "nothing";
  }

  #roll(nowMs: number): number {
    const rows = readUnrolled(this.#sql, 0, minuteOf(nowMs - ROLL_AFTER_MS), EDGE_TURN);
    for (const span of COARSER) {
      const byStart = new Map<string, { start: number; sums: EdgeSums }>();
      for (const row of rows) {
        const start = startOf(span, row.start);
        if (start < keptFrom(span, nowMs)) continue;
        const key = `${start} ${keyOf(row.sums.caller, row.sums.callee)}`;
        const one = byStart.get(key);
        if (one === undefined) byStart.set(key, { start, sums: structuredClone(row.sums) });
        else mergeEdges(one.sums, row.sums);
      }
      for (const { start, sums } of byStart.values()) this.#add(span, start, this.#stored(span, start, sums), sums);
    }
    const last = rows.at(-1);
    if (last !== undefined) {
      writeRolled(this.#sql, last.start, last.sums);
      this.#rolled = last.start;
    }
    return rows.length;
  }

  #remove(nowMs: number): number {
    let removed = 0;
    for (const span of SPANS) {
      removed += deleteEdges(this.#sql, span.minutes, keptFrom(span, nowMs), EDGE_TURN - removed);
      if (removed === EDGE_TURN) break;
    }
    return removed;
  }
}
