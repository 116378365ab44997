/**
 * Group commit. A settlement is applied and answered when it arrives and written with the next batch; asks that arrive
 * together are decided and written in one transaction before any of them is answered.
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
  /** When the first of the settlements that wait has come. Epoch milliseconds. */
  #oldestAtMs = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(book: Book, now: () => number, committed: () => void) {
    this.#book = book;
    this.#now = now;
    this.#committed = committed;
  }

  /** Takes messages in their order. Resolves when every ask among them is decided and written. */
  async exchange(messages: readonly Message[]): Promise<Answer[]> {
    return Promise.all(
      messages.map((message) => (message.type === "settle" ? this.#settle(message) : this.#ask(message))),
    );
  }

  #ask(item: Ask | Retry): Promise<Decision> {
    const { promise, resolve } = Promise.withResolvers<Decision>();
    this.#asks.push({ item, resolve });
    if (!this.#scheduled) {
      this.#scheduled = true;
      // One turn of the event loop: what has already arrived joins this commit.
      void scheduler.wait(0).then(() => this.commit());
    }
    return promise;
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

  /** Decides the asks that wait, and writes everything. Nothing is answered that is not written. */
  commit(): void {
    const [asks, settlements] = [this.#asks, this.#settlements];
    this.#asks = [];
    this.#settlements = [];
    this.#scheduled = false;
    if (!this.#book.hasChanges && this.#broken.size === 0 && asks.length === 0) return;
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
    for (const chain of this.#book.write()) this.#broken.add(chain.chainId);
    if (this.#broken.size > 0) this.#replay(settlements, asks, decisions, now);
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
