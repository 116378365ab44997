/**
 * Group commit. Settlements are answered when the ledger has them and written with the next batch; asks that arrive
 * together are decided in one transaction, after the settlements, each in a nested one so that a bad one fails alone.
 */
import { SETTLEMENT_WAIT_MS } from "../limits.ts";
import type { Usage } from "../schema.ts";
import { decide } from "./admission.ts";
import type { Answer, Ask, Decision, Message, Retry, Settled, Settlement } from "./facts.ts";
import { type Amounts, countOpenChildren, type HopRow, readHopOfChain } from "./hops.ts";
import { applyRetry } from "./retry.ts";
import { applySettlement, knowsUse, type LedgerDatabase, plus } from "./settlement.ts";

const NOTHING: Amounts = { hops: 0, bytes: 0, tokens: 0, costMicros: 0 };

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
}

export class LedgerQueue {
  readonly #database: LedgerDatabase;
  readonly #now: () => number;
  /** Called after each commit: hops that ended may be waited for, and due times may have moved. */
  readonly #committed: () => void;
  #asks: Waiting<Ask | Retry, Decision>[] = [];
  #settlements: Settlement[] = [];
  /** Settlements that are answered but not yet written, by hop row, and what they will add below their parents. */
  readonly #pending = new Set<number>();
  readonly #pendingBelow = new Map<number, { count: number; amounts: Amounts }>();
  #scheduled = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(database: LedgerDatabase, now: () => number, committed: () => void) {
    this.#database = database;
    this.#now = now;
    this.#committed = committed;
  }

  /** Takes messages in their order. Resolves when every ask among them is decided and written. */
  exchange(messages: readonly Message[]): Promise<Answer[]> {
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

  /** Answers at once where the answer can be had without writing; else writes first. */
  #settle(settlement: Settlement): Settled {
    const hop = readHopOfChain(this.#database.sql, settlement.chainId, settlement.hopId);
    if (hop === undefined) return { verdict: "settled", status: "rejected", usage: { ...NOTHING, wallMs: 0 } };
    this.#settlements.push(settlement);
    const early = this.#answerEarly(hop, settlement);
    if (early !== undefined) return early;
    this.commit();
    const written = readHopOfChain(this.#database.sql, settlement.chainId, settlement.hopId) ?? hop;
    return settledView(written, this.#now());
  }

  /** The answer to a settlement that will be written as it is: an open hop, a known use, nobody open below. */
  #answerEarly(hop: HopRow, settlement: Settlement): Settled | undefined {
    const below = this.#pendingBelow.get(hop.id);
    const plain =
      hop.status === "open" &&
      hop.attempt === settlement.attempt &&
      knowsUse(settlement) &&
      settlement.durable !== true &&
      !this.#pending.has(hop.id) &&
      countOpenChildren(this.#database.sql, hop.id) === (below?.count ?? 0);
    if (!plain) return undefined;
    const use = { hops: 0, bytes: settlement.bytes, tokens: settlement.tokens, costMicros: settlement.costMicros };
    const total = plus(plus(hop.used, use), plus(hop.below, below?.amounts ?? NOTHING));
    this.#pending.add(hop.id);
    const { parent } = hop;
    if (parent !== null) {
      const above = this.#pendingBelow.get(parent);
      this.#pendingBelow.set(parent, {
        count: (above?.count ?? 0) + 1,
        amounts: plus(above?.amounts ?? NOTHING, total),
      });
    }
    this.#timer ??= setTimeout(() => this.commit(), SETTLEMENT_WAIT_MS);
    const status = settlement.outcome === "done" ? "done" : "error";
    return {
      verdict: "settled",
      status,
      rejection: settlement.rejection,
      usage: { ...total, wallMs: this.#now() - hop.startedAt },
    };
  }

  /** Writes everything that waits: settlements first, so that what they give back can be had by the asks. */
  commit(): void {
    const settlements = this.#settlements;
    const asks = this.#asks;
    this.#settlements = [];
    this.#asks = [];
    this.#pending.clear();
    this.#pendingBelow.clear();
    this.#scheduled = false;
    clearTimeout(this.#timer ?? null);
    this.#timer = undefined;
    if (settlements.length + asks.length === 0) return;
    const now = this.#now();
    const answers: (() => void)[] = [];
    this.#database.transactionSync(() => {
      for (const settlement of settlements) this.#alone(() => applySettlement(this.#database, settlement, now));
      for (const { item, resolve } of asks) {
        const decision = this.#alone(() =>
          item.type === "ask" ? decide(this.#database, item, now) : applyRetry(this.#database, item, now),
        );
        answers.push(() => resolve(decision ?? UNDECIDED));
      }
    });
    this.#committed();
    for (const answer of answers) answer();
  }

  /** A failure is that of one message: what it wrote is undone, the others of its batch stand. */
  #alone<T>(work: () => T): T | undefined {
    try {
      return this.#database.transactionSync(work);
    } catch (error) {
      console.error("ledger: a message failed", error);
      return undefined;
    }
  }
}

const UNDECIDED: Decision = {
  verdict: "rejected",
  rejection: { code: "ledger_unavailable", detail: "The ledger could not decide this call. Nothing was started." },
  recorded: false,
};

function settledView(hop: HopRow, now: number): Settled {
  const { status, rejection } = hop;
  return { verdict: "settled", status, rejection, usage: usageOf(hop, now) };
}

/** What a hop and all below it have used. */
export function usageOf({ used, below, startedAt, endedAt }: HopRow, now: number): Usage {
  return { ...plus(used, below), wallMs: (endedAt ?? now) - startedAt };
}
