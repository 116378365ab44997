/**
 * Group commit. A settlement is applied and answered when it arrives and written with the next batch; asks that arrive
 * together, in one message or from several isolates in a turn, are decided and written in one transaction before any of
 * them is answered.
 */

import type { Usage } from "../budget.ts";
import { SETTLEMENT_WAIT_MS } from "../limits.ts";
import { decide } from "./admission.ts";
import type { Book } from "./book.ts";
import type { Answer, Ask, Decision, Message, Retry, Settled, Settlement } from "./facts.ts";
import { type LiveHop, plus } from "./live.ts";
import { applyRetry } from "./retry.ts";
import { applySettlement } from "./settlement.ts";

interface Waiting {
  readonly item: Ask | Retry;
  readonly resolve: (decision: Decision) => void;
}

type Decisions = Map<Waiting, Decision | undefined>;

/** For how long a ledger that two isolates have sent to expects both again, in milliseconds. */
const CROWDED_MS = 1_000;

export class LedgerQueue {
  readonly #book: Book;
  readonly #now: () => number;
  /** Called after each commit: hops that ended may be waited for, and due times may have moved. */
  readonly #committed: () => void;
  #asks: Waiting[] = [];
  /** Settlements that are applied and not yet written. */
  #settlements: Settlement[] = [];
  /** Chains of which a message has failed since the last commit: what is in memory of them is not to be trusted. */
  readonly #broken = new Set<string>();
  #scheduled = false;
  /** The isolate that has sent last, and when two have sent by turns. */
  #sender: string | undefined;
  #crowdedAtMs = Number.NEGATIVE_INFINITY;
  /** When the first of the settlements that wait has come. Epoch milliseconds. */
  #oldestAtMs = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(book: Book, now: () => number, committed: () => void) {
    this.#book = book;
    this.#now = now;
    this.#committed = committed;
  }

  /**
   * Takes messages in their order. Resolves when every ask among them is decided and written.
   * @param sender the isolate that sends. One sends what it has together, and the rest when this is answered: with one
   *   there is nothing to wait for
   */
  async exchange(messages: readonly Message[], sender?: string): Promise<Answer[]> {
    const answers = messages.map((message) => (message.type === "settle" ? this.#settle(message) : this.#ask(message)));
    if (this.#asks.length > 0) {
      if (this.#isAlone(sender)) this.commit();
      else this.#commitSoon();
    }
    return Promise.all(answers);
  }

  #ask(item: Ask | Retry): Promise<Decision> {
    const { promise, resolve } = Promise.withResolvers<Decision>();
    this.#asks.push({ item, resolve });
    return promise;
  }

  /** Whether no other isolate has sent anything of late. */
  #isAlone(sender: string | undefined): boolean {
    const now = this.#now();
    if (sender === undefined || (this.#sender !== undefined && sender !== this.#sender)) this.#crowdedAtMs = now;
    this.#sender = sender;
    return now - this.#crowdedAtMs > CROWDED_MS;
  }

  /** After one turn of the event loop: what has already arrived joins this commit. */
  #commitSoon(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    void scheduler.wait(0).then(() => this.commit());
  }

  #settle(settlement: Settlement): Settled {
    const { chainId, hopId } = settlement;
    this.#settlements.push(settlement);
    let hop = this.#try(chainId, () => applySettlement(this.#book, settlement, this.#now()));
    if (settlement.durable || this.#broken.size > 0) {
      this.commit();
      const chain = this.#book.chain(chainId);
      hop = chain && this.#book.hop(chain, hopId);
    } else this.#wakeSoon();
    if (hop === undefined) return UNKNOWN_HOP;
    return { verdict: "settled", status: hop.status, rejection: hop.rejection, usage: usageOf(hop, this.#now()) };
  }

  /** One timer for all: when another commit came first, it goes on for what has come since. */
  #wakeSoon(): void {
    if (this.#settlements.length === 1) this.#oldestAtMs = this.#now();
    this.#timer ??= setTimeout(() => this.#wake(), SETTLEMENT_WAIT_MS);
  }

  #wake(): void {
    const leftMs = this.#settlements.length === 0 ? 0 : this.#oldestAtMs + SETTLEMENT_WAIT_MS - this.#now();
    this.#timer = leftMs > 0 ? setTimeout(() => this.#wake(), leftMs) : undefined;
    if (leftMs <= 0) this.commit();
  }

  /**
   * Decides the asks that wait, and writes everything. Nothing is answered that is not written.
   * @param place whether rows are read next: they are brought up to date
   */
  commit(place = this.#book.isFull): void {
    const [asks, settlements] = [this.#asks, this.#settlements];
    this.#asks = [];
    this.#settlements = [];
    this.#scheduled = false;
    if (!this.#book.hasChanges && this.#broken.size === 0 && asks.length === 0) {
      if (place) this.#book.place();
      return;
    }
    const now = this.#now();
    const decisions: Decisions = new Map();
    for (const ask of asks) {
      const { item } = ask;
      if (!this.#broken.has(item.chainId))
        decisions.set(
          ask,
          this.#try(item.chainId, () => this.#decide(item, now)),
        );
    }
    for (const chain of place ? this.#book.place() : this.#book.write()) this.#broken.add(chain.chainId);
    if (this.#broken.size > 0) this.#replay(settlements, asks, decisions, now);
    if (place) this.#book.place();
    this.#committed();
    for (const ask of asks) ask.resolve(decisions.get(ask) ?? UNDECIDED);
  }

  /** The messages of broken chains again, from what is written, each in a transaction of its own: a bad one fails alone. */
  #replay(settlements: readonly Settlement[], asks: readonly Waiting[], decisions: Decisions, now: number): void {
    const broken = (message: { readonly chainId: string }) => this.#broken.has(message.chainId);
    for (const settlement of settlements.filter(broken)) {
      this.#alone(settlement.chainId, () => applySettlement(this.#book, settlement, now));
    }
    for (const ask of asks.filter(({ item }) => broken(item))) {
      const { item } = ask;
      const again = item.type === "ask" ? { ...item, resent: true } : item;
      decisions.set(
        ask,
        this.#alone(item.chainId, () => this.#decide(again, now)),
      );
    }
    this.#broken.clear();
  }

  #decide(item: Ask | Retry, now: number): Decision {
    return item.type === "ask"
      ? decide(this.#book, item, now, item.resent === true)
      : applyRetry(this.#book, item, now);
  }

  /** A message that fails may have left half a change: its chain is forgotten, and what is written of it stands. */
  #try<T>(chainId: string, work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      console.error("ledger: a message failed", error);
      this.#book.forget(chainId);
      this.#broken.add(chainId);
      return undefined;
    }
  }

  #alone<T>(chainId: string, work: () => T): T | undefined {
    const result = this.#try(chainId, work);
    return this.#book.write().size === 0 ? result : undefined;
  }
}

const UNDECIDED: Decision = {
  verdict: "rejected",
  rejection: { code: "ledger_unavailable", detail: "The ledger could not decide this call. Nothing was started." },
  recorded: false,
};

const UNKNOWN_HOP: Settled = {
  verdict: "settled",
  status: "rejected",
  rejection: { code: "ledger_unavailable", detail: "The ledger has no such hop." },
  usage: { hops: 0, bytes: 0, tokens: 0, costMicros: 0, wallMs: 0 },
};

/** What a hop and all below it have used. */
export function usageOf({ used, below, startedAt, endedAt }: LiveHop, now: number): Usage {
  return { ...plus(used, below), wallMs: (endedAt ?? now) - startedAt };
}
