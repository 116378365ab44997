/**
 * All that one request waits for, on one timer of the platform: setting and clearing one costs more than deciding a
 * hop, and most of what is set is never needed. A timer belongs to its request, so each request has its own.
 */

/** Takes a time back; it may have come already. */
export type Cancel = () => void;

interface Entry {
  readonly atMs: number;
  readonly run: () => void;
}

/** The first look, in milliseconds: times that are set one after the other then rarely move the timer. */
const FIRST_LOOK_MS = 250;

export class Timers {
  readonly #now: () => number;
  readonly #entries = new Set<Entry>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #looksAtMs = Number.POSITIVE_INFINITY;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Runs `run` once in `ms` milliseconds, or later, unless it is cancelled before. */
  after(ms: number, run: () => void): Cancel {
    const entry = { atMs: this.#now() + ms, run };
    this.#entries.add(entry);
    this.#lookIn(Math.min(ms, FIRST_LOOK_MS));
    return () => void this.#entries.delete(entry);
  }

  #lookIn(ms: number): void {
    const atMs = this.#now() + Math.max(0, ms);
    if (atMs >= this.#looksAtMs) return;
    clearTimeout(this.#timer ?? null);
    this.#looksAtMs = atMs;
    this.#timer = setTimeout(() => this.#look(), Math.max(0, ms));
  }

  #look(): void {
    this.#looksAtMs = Number.POSITIVE_INFINITY;
    const now = this.#now();
    for (const entry of this.#entries) {
      if (entry.atMs > now || !this.#entries.delete(entry)) continue;
      entry.run();
    }
    let earliest = Number.POSITIVE_INFINITY;
    for (const { atMs } of this.#entries) earliest = Math.min(earliest, atMs);
    if (earliest < Number.POSITIVE_INFINITY) this.#lookIn(earliest - this.#now());
  }
}
