/** Into which spans of time the sums of an edge are taken, how long each is kept, and which together begin at a time. Pure. */
import { RETENTION_MS } from "../limits.ts";

export const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

export interface Span {
  readonly minutes: number;
  /** Sums of spans that began within this time are kept. */
  readonly keptMs: number;
}

/** The finest first; each divides the next. News go to the finest, and are rolled up into all others once its span is over. */
export const SPANS = [
  { minutes: 1, keptMs: HOUR_MS },
  { minutes: 10, keptMs: 6 * HOUR_MS },
  { minutes: 60, keptMs: 48 * HOUR_MS },
  { minutes: 24 * 60, keptMs: RETENTION_MS },
] as const satisfies readonly Span[];

/** Starts are minutes since the epoch. */
export function minuteOf(atMs: number): number {
  return Math.floor(atMs / MINUTE_MS);
}

/** The start of the span in which a minute is. */
export function startOf(span: Span, minute: number): number {
  return minute - (minute % span.minutes);
}

/** The start of the oldest span that is kept. */
export function keptFrom(span: Span, nowMs: number): number {
  return startOf(span, minuteOf(nowMs - span.keptMs));
}

/** Sums of one span whose starts are in [from, to). */
export interface Piece {
  readonly span: Span;
  readonly from: number;
  readonly to: number;
}

/** What is summed for a `since`. */
export interface Window {
  /** The minute with which it begins: that of `since`, or the start of the finest kept span that has it. */
  readonly start: number;
  /** Together all that was rolled up since then, each once: ever coarser up to the boundary of the next. */
  readonly pieces: readonly Piece[];
}

export function windowSince(sinceMs: number, nowMs: number): Window {
  const minute = minuteOf(Math.min(sinceMs, nowMs));
  const place = SPANS.findIndex((span) => minute >= keptFrom(span, nowMs));
  const finest = SPANS.slice(place === -1 ? -1 : place);
  const [first = SPANS[0]] = finest;
  const start = place === -1 ? keptFrom(first, nowMs) : startOf(first, minute);
  let from = start;
  const pieces = finest.map((span, at): Piece => {
    const next = finest[at + 1];
    const to = next === undefined ? Number.MAX_SAFE_INTEGER : Math.ceil(from / next.minutes) * next.minutes;
    const piece = { span, from, to };
    from = to;
    return piece;
  });
  return { start, pieces };
}
