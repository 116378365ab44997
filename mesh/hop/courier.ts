/**
 * Carries one isolate's messages to one ledger: what waits while a message is under way travels together in the next
 * one, so that a busy isolate pays for one RPC, and its ledger for one commit, where many hops start and end at once.
 *
 * Requests share a flight. The promise of one may be resolved from the context of another, which the platform allows;
 * each keeps a timer of its own, so that a flight whose request was ended does not strand the others: they send again
 * for themselves. The ledger answers a message that it gets twice with what it decided the first time.
 */
import type { Answer, Message } from "../chain/facts.ts";

/** Who takes the messages; the ledger's stub. */
export interface Exchange {
  exchange(messages: readonly Message[]): Promise<Answer[]>;
}

interface Item {
  readonly message: Message;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/** How long a message waits for a flight of another request before its own request sends it, in milliseconds. */
const STRANDED_MS = 2_000;
/** Messages of one flight: far below the 32 MiB of an RPC. */
const FLIGHT = 500;

export class Courier {
  #waiting: Item[] = [];
  #flying = false;

  /**
   * @param ledger the stub of the asking request's own context
   * @param defer keeps that context alive while it flies for others
   */
  async send(message: Message, ledger: Exchange, defer: (work: Promise<unknown>) => void): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.#waiting.push({ message, resolve, reject });
    // The request whose flight it is keeps that flight alive: it needs no timer.
    if (!this.#flying) {
      defer(this.#fly(ledger));
      return promise;
    }
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stranded = new Promise<undefined>((wake) => {
      timer = setTimeout(() => wake(undefined), STRANDED_MS);
    });
    const answer = await Promise.race([promise, stranded]);
    clearTimeout(timer ?? null);
    return answer ?? this.#sendAlone(message, ledger);
  }

  /** Sends what waits until nothing does. Exchanges never wait for an agent, so a flight is short. */
  async #fly(ledger: Exchange): Promise<void> {
    this.#flying = true;
    try {
      // What this turn of the event loop still sends travels along.
      await Promise.resolve();
      for (let items = this.#waiting.splice(0, FLIGHT); items.length > 0; items = this.#waiting.splice(0, FLIGHT)) {
        await deliver(items, ledger);
      }
    } finally {
      this.#flying = false;
    }
  }

  async #sendAlone(message: Message, ledger: Exchange): Promise<Answer> {
    this.#flying = false;
    const [answer] = await ledger.exchange([message.type === "ask" ? { ...message, resent: true } : message]);
    if (answer === undefined) throw new Error("The ledger gave no answer.");
    return answer;
  }
}

async function deliver(items: readonly Item[], ledger: Exchange): Promise<void> {
  try {
    const answers = await ledger.exchange(items.map((item) => item.message));
    for (const [place, { resolve, reject }] of items.entries()) {
      const answer = answers[place];
      if (answer === undefined) reject(new Error("The ledger gave no answer."));
      else resolve(answer);
    }
  } catch (error) {
    for (const { reject } of items) reject(error);
  }
}
