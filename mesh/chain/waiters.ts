/** Calls that are held until a hop ends. In memory: a restart ends the calls, and their callers ask again. */
export class Waiters {
  readonly #held = new Map<number, Set<() => void>>();

  /** Resolves when the hop is woken, or after `ms`. */
  wait(hop: number, ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const held = this.#held.get(hop) ?? new Set();
    this.#held.set(hop, held);
    const end = () => {
      clearTimeout(timer);
      held.delete(end);
      if (held.size === 0) this.#held.delete(hop);
      resolve();
    };
    const timer = setTimeout(end, ms);
    held.add(end);
    return promise;
  }

  wake(hop: number): void {
    for (const end of this.#held.get(hop) ?? []) end();
  }
}
