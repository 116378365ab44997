/** The hops of one chain as they are told: each at its last event, in the order of their admission. */
import type { HopEvent } from "../shapes.ts";

/** What is told at once is drawn at once: pauses between two drawings, in milliseconds. */
const PAUSE_MS = 100;
const PAUSE_LARGE_MS = 500;
const LARGE = 400;

export class HopStore {
  readonly #hops = new Map<string, HopEvent>();
  readonly #listeners = new Set<() => void>();
  #list: readonly HopEvent[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  add(event: HopEvent): void {
    this.#hops.set(event.hopId, event);
    const pause = this.#hops.size > LARGE ? PAUSE_LARGE_MS : PAUSE_MS;
    this.#timer ??= setTimeout(() => this.flush(), pause);
  }

  /** Tells the listeners now, if there is news. */
  flush(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#list = [...this.#hops.values()];
    for (const listener of this.#listeners) listener();
  }

  /** The same list until there is news. */
  get list(): readonly HopEvent[] {
    return this.#list;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
