/**
 * Carries one isolate's messages to one ledger: what waits while a message is under way travels together in the next
 * one, so that a busy isolate pays for one RPC, and its ledger for one commit, where many hops start and end at once.
 * While it is busy, a flight also waits for what the next few turns of the event loop bring: who was answered by the last
 * flight is about to ask again.
 *
 * Requests share a flight. The promise of one may be resolved from the context of another, which the platform allows;
 * each keeps a timer of its own, so that a flight whose request was ended does not strand the others: they send again
 * for themselves. The ledger answers a message that it gets twice with what it decided the first time.
 */
import type { Answer, Message } from "../chain/facts.ts";

/** The request that sends. */
export interface Sender {
  /** Keeps its context alive for work that it does not wait for. */
  defer(work: Promise<unknown>): void;
  /** A time of its own. @returns how to take it back */
  after(ms: number, run: () => void): () => void;
}

/** Who takes the messages; the ledger's stub. */
export interface Exchange {
  exchange(messages: readonly Message[], sender: string): Promise<Answer[]>;
}

interface Item {
  readonly message: Message;
  /** Whether somebody waits for its answer; nobody does for what was left. */
  readonly awaited: boolean;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
  /** Asks the request that waits for this item to make the next flight; set while it waits. */
  lead?: (() => void) | undefined;
}

/** How long a message waits for the flights of others before its own request takes it on, in milliseconds. */
const STRANDED_MS = 2_000;
/** Messages of one flight: far below the 32 MiB of an RPC. */
const FLIGHT = 500;
/** Turns of the event loop that a busy isolate's flight waits for more, at most, and those in a row that bring nothing. */
const GATHER_TURNS = 10;
const EMPTY_TURNS = 4;
/** Steps within one turn that what was left waits for something to travel with: from a callee's end to its caller's next call. */
const LEFT_STEPS = 60;

export class Courier {
  /** What the ledger knows this isolate by. */
  readonly #sender = crypto.randomUUID();
  readonly #turn: () => Promise<unknown>;
  #waiting: Item[] = [];
  /** Whether the last flight carried several messages: more are about to come. */
  #busy = false;
  #flying = false;
  /** Steps that what was left still waits. */
  #leftSteps = 0;
  /** How much was left so far, and how much of it was answered, or lost: in its order. */
  #left = 0;
  #landed = 0;

  /** @param turn resolves in the next turn of the event loop */
  constructor(turn: () => Promise<unknown> = () => scheduler.wait(0)) {
    this.#turn = turn;
  }

  /**
   * @param ledger the stub of the asking request's own context
   */
  send(message: Message, ledger: Exchange, sender: Sender): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    if (!this.#flying) {
      this.#waiting.push({ message, awaited: true, resolve, reject });
      // A flight is one exchange: the request that waits for its own message is there until it has landed.
      void this.#fly(ledger, sender);
      return promise;
    }
    // The request's own timer also tells the runtime that the request waits for something.
    const cancel = sender.after(STRANDED_MS, () => {
      if (this.#waiting.includes(item)) item.lead?.();
      else sendAgain(message, ledger, this.#sender).then(item.resolve, item.reject);
    });
    const item: Item = {
      message,
      awaited: true,
      resolve: (answer) => {
        cancel();
        resolve(answer);
      },
      reject: (error) => {
        cancel();
        reject(error);
      },
      // In the turn, and so in the context, of the request that waits.
      lead: () => void turn.resolve(),
    };
    const turn = Promise.withResolvers<void>();
    turn.promise.then(() => {
      cancel();
      item.lead = undefined;
      void this.#fly(ledger, sender);
    });
    this.#waiting.push(item);
    return promise;
  }

  /**
   * Sends a message whose answer nobody needs. It travels with the next one, or by itself before the event loop turns: what is
   * sent after it arrives after it, and no time passes until it is on its way.
   */
  leave(message: Message, ledger: Exchange, sender: Pick<Sender, "defer">): void {
    const landed = () => {
      this.#landed += 1;
    };
    const lost = (error: unknown) => {
      landed();
      console.error("courier: what was left has not arrived", error);
    };
    this.#left += 1;
    this.#waiting.push({ message, awaited: false, resolve: landed, reject: lost });
    const pending = this.#leftSteps > 0;
    this.#leftSteps = LEFT_STEPS;
    if (!this.#flying && !pending) sender.defer(this.#flyUnlessSent(ledger, sender));
  }

  /** Resolves when the ledger has everything that was left so far, for those who ask it by other ways. */
  async landed(): Promise<void> {
    for (const upTo = this.#left; this.#landed < upTo; ) await this.#turn();
  }

  async #flyUnlessSent(ledger: Exchange, sender: Pick<Sender, "defer">): Promise<void> {
    while (this.#leftSteps > 0 && !this.#flying) {
      this.#leftSteps -= 1;
      await undefined;
    }
    this.#leftSteps = 0;
    if (!this.#flying) await this.#fly(ledger, sender);
  }

  async #fly(ledger: Exchange, sender: Pick<Sender, "defer">): Promise<void> {
    this.#flying = true;
    // What this turn of the event loop still sends travels along.
    await Promise.resolve();
    if (this.#busy) await this.#gather();
    await this.#carry(ledger);
    // Somebody who waits takes the next flight; for what was left there is only this one, and its request may be over.
    if (this.#hasLeftAlone()) sender.defer(this.#carryLeft(ledger));
    else this.#handOver();
  }

  async #carry(ledger: Exchange): Promise<void> {
    const items = this.#waiting.splice(0, FLIGHT);
    this.#busy = items.filter(({ awaited }) => awaited).length > 1;
    await deliver(items, ledger, this.#sender);
  }

  async #carryLeft(ledger: Exchange): Promise<void> {
    while (this.#hasLeftAlone()) await this.#carry(ledger);
    this.#handOver();
  }

  #hasLeftAlone(): boolean {
    return this.#waiting.length > 0 && this.#waiting.every(({ awaited }) => !awaited);
  }

  #handOver(): void {
    this.#waiting.find(({ awaited }) => awaited)?.lead?.();
    this.#flying = this.#waiting.length > 0;
  }

  /** Turn after turn, until several in a row have brought nothing: what travels together is one RPC and one commit. */
  async #gather(): Promise<void> {
    for (let turn = 0, empty = 0; turn < GATHER_TURNS && empty < EMPTY_TURNS; turn++) {
      const before = this.#waiting.length;
      await this.#turn();
      empty = this.#waiting.length > before ? 0 : empty + 1;
    }
  }
}

/** The flight that carried the message is lost: whether it has arrived is not known. */
async function sendAgain(message: Message, ledger: Exchange, sender: string): Promise<Answer> {
  const again = message.type === "ask" ? { ...message, resent: true } : message;
  const [answer] = await ledger.exchange([again], sender);
  if (answer === undefined) throw new Error("The ledger gave no answer.");
  return answer;
}

async function deliver(items: readonly Item[], ledger: Exchange, sender: string): Promise<void> {
  try {
    const messages = items.map((item) => item.message);
    const answers = await ledger.exchange(messages, sender);
    for (const [place, { resolve, reject }] of items.entries()) {
      const answer = answers[place];
      if (answer === undefined) reject(new Error("The ledger gave no answer."));
      else resolve(answer);
    }
  } catch (error) {
    for (const { reject } of items) reject(error);
  }
}
