/** Ordinary calls of a session that run before it is known whether they need a stream. */
import type { Begun, SessionCall } from "./surface.ts";

/** How a call was answered: by JSON, or it runs on under a number, by which it is to be taken up. */
export type Called = { readonly answer: string } | { readonly begun: number };

/** How long a call that runs on waits for the request that takes it up, in milliseconds: its Worker may be gone. */
const TAKE_UP_MS = 5_000;

interface Entry {
  readonly id: SessionCall["id"];
  readonly begun: Begun;
}

export class BegunCalls {
  readonly #entries = new Map<number, Entry>();
  #last = 0;

  get open(): number {
    return this.#entries.size;
  }

  async call(id: SessionCall["id"], begun: Begun): Promise<Called> {
    this.#last += 1;
    const number = this.#last;
    this.#entries.set(number, { id, begun });
    try {
      const answer = await begun.soon();
      if (answer !== undefined) {
        this.#entries.delete(number);
        return { answer };
      }
    } catch (error) {
      this.#entries.delete(number);
      throw error;
    }
    setTimeout(() => this.takeUp(number)?.cancel(), TAKE_UP_MS);
    return { begun: number };
  }

  /** The call of a number, which is from now on the server's. */
  takeUp(number: number): Begun | undefined {
    const entry = this.#entries.get(number);
    this.#entries.delete(number);
    return entry?.begun;
  }

  /** Cancels the calls of a request's id. */
  cancel(id: unknown): void {
    for (const entry of this.#entries.values()) if (entry.id === id) entry.begun.cancel();
  }
}
