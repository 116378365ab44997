/**
 * Group commit. A settlement is applied and answered when it arrives and written with the next batch; asks that arrive
 * together are decided and written in one transaction before any of them is answered.
 */
import { SETTLEMENT_WAIT_MS } from "../limits.ts";
import type { Usage } from "../schema.ts";
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

export class LedgerQueue {
  readonly #book: Book;
  readonly #now: () => number;
  /** Called after each commit: hops that ended may be waited for, and due times may have moved. */
  readonly #committed: () => void;
  #asks: Waiting[] = [];
  #scheduled = false;
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
    const hop = this.#alone(settlement.chainId, () => applySettlement(this.#book, settlement, this.#now()));
    if (settlement.durable) this.commit();
    else this.#timer ??= setTimeout(() => this.commit(), SETTLEMENT_WAIT_MS);
    if (hop === undefined) return UNKNOWN_HOP;
    return { verdict: "settled", status: hop.status, rejection: hop.rejection, usage: usageOf(hop, this.#now()) };
  }

  /** Decides the asks that wait, and writes everything. */
  commit(): void {
    const asks = this.#asks;
    this.#asks = [];
    this.#scheduled = false;
    clearTimeout(this.#timer ?? null);
    this.#timer = undefined;
    const now = this.#now();
    const decisions = asks.map(({ item }) => this.#alone(item.chainId, () => this.#decide(item, now)));
    if (!this.#book.hasChanges && asks.length === 0) return;
    const failed = new Set([...this.#book.write()].map((chain) => chain.chainId));
    this.#committed();
    for (const [place, { item, resolve }] of asks.entries()) {
      const decision = decisions[place];
      resolve(decision === undefined || failed.has(item.chainId) ? UNDECIDED : decision);
    }
  }

  #decide(item: Ask | Retry, now: number): Decision {
    return item.type === "ask"
      ? decide(this.#book, item, now, item.resent === true)
      : applyRetry(this.#book, item, now);
  }

  /** A message that fails leaves nothing of its chain in memory: what the rows say, stands. */
  #alone<T>(chainId: string, work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      console.error("ledger: a message failed", error);
      const chain = this.#book.chain(chainId);
      if (chain !== undefined) this.#book.forget(chain);
      return undefined;
    }
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
