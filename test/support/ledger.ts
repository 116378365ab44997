/**
 * The ledger as histories drive and read it: the only file of theirs that knows its functions and its rows. As in the
 * ledger's queue, a settlement waits in memory for the next commit, and everything else is written before it is answered.
 */
import { decide } from "../../mesh/chain/admission.ts";
import { Book } from "../../mesh/chain/book.ts";
import type { Ask, Decision, Retry, Settlement } from "../../mesh/chain/facts.ts";
import { expireLeases, renewLease } from "../../mesh/chain/leases.ts";
import type { LiveChain, LiveHop } from "../../mesh/chain/live.ts";
import { LEDGER_MIGRATIONS } from "../../mesh/chain/migrations.ts";
import { applyRetry } from "../../mesh/chain/retry.ts";
import { applySettlement, endOpenHops } from "../../mesh/chain/settlement.ts";
import type { RootPurses } from "../../mesh/chain/stack.ts";
import { type ChainView, chainView, type HopView, readHopViews } from "../../mesh/chain/views.ts";
import { RETENTION_MS } from "../../mesh/limits.ts";
import { firstRow } from "../../mesh/sql.ts";
import { memoryDatabase } from "./sqlite.ts";

export type LedgerHop = Pick<
  LiveHop,
  | "id"
  | "hopId"
  | "status"
  | "attempt"
  | "late"
  | "estimate"
  | "used"
  | "below"
  | "purses"
  | "leaseAt"
  | "deadlineMs"
  | "endedAt"
> & { readonly parent: { readonly id: number } | undefined };

export interface LedgerState {
  readonly chain: ChainView;
  readonly purses: RootPurses;
  readonly hops: readonly LedgerHop[];
  /** When the ledger looks at the chain next, as it has it in memory. */
  readonly dueAt: number;
  /** When it will remove the chain, once it has ended. */
  readonly removedAt: number | undefined;
}

/** How the ledger is looked at, by turns: several commits are in the journal when it is brought into its rows. */
const LOOKS = ["memory", "memory", "rows", "memory", "memory", "memory", "start"] as const;

export class LedgerPort {
  readonly #database = memoryDatabase(LEDGER_MIGRATIONS);
  #book = new Book(this.#database);
  /** Whether a settlement waits in memory. */
  #waits = false;
  #looks = 0;

  ask(ask: Ask, now: number, resent: boolean): Decision {
    return this.#written(() => decide(this.#book, ask, now, resent));
  }

  settle(settlement: Settlement, now: number): void {
    this.#waits = true;
    applySettlement(this.#book, settlement, now);
  }

  retry(retry: Retry, now: number): Decision {
    return this.#written(() => applyRetry(this.#book, retry, now));
  }

  watch(chainId: string, hopId: string, now: number): void {
    const hop = this.#book.hop(this.#chain(chainId), hopId);
    if (hop?.status === "open") this.#written(() => renewLease(this.#book, hop, now));
  }

  cancel(chainId: string, now: number): void {
    const chain = this.#chain(chainId);
    const rejection = { code: "chain_cancelled", detail: "The chain was cancelled." } as const;
    if (chain.status === "running") this.#written(() => endOpenHops(this.#book, chain, rejection, now));
  }

  expire(chainId: string, now: number, bornAtMs: number): void {
    const chain = this.#chain(chainId);
    if (chain.status === "running") this.#written(() => expireLeases(this.#book, chain, now, bornAtMs));
  }

  /** Everything is written and forgotten; what follows is read from the rows. */
  restart(): void {
    this.#written(() => undefined);
    this.#book = new Book(this.#database);
    this.#book.recover();
  }

  /** Ids of the hops that the calls since the last time have said to have ended. */
  takeEnded(): ReadonlySet<number> {
    const ended = new Set(this.#book.ended);
    this.#book.ended.clear();
    return ended;
  }

  /**
   * What is in memory, and beside it what is only in rows. After a commit, every few times: what the rows say, once they
   * were brought up to date, from memory or by a new start. Read without leaving a trace in the ledger's memory.
   */
  state(chainId: string, now: number): LedgerState {
    const look = this.#waits ? "memory" : LOOKS[this.#looks++ % LOOKS.length];
    if (look === "rows") this.#book.place();
    if (look === "start") {
      const { ended } = this.#book;
      this.restart();
      for (const hop of ended) this.#book.ended.add(hop);
    }
    const rows = new Book(this.#database);
    const written = rows.chain(chainId);
    const chain = look === "memory" ? this.#chain(chainId) : written;
    if (chain === undefined) throw new Error("the ledger has no such chain");
    const ids = this.#database.sql.exec<{ hopId: string }>("SELECT hop_id AS hopId FROM hop WHERE chain = ?", chain.id);
    const inRows = [...ids].flatMap(({ hopId }) => (written && rows.hop(written, hopId)) ?? []);
    const inMemory = look === "memory" ? [...chain.hops.values()] : [];
    const hops = [...new Map([...inRows, ...inMemory].map((hop) => [hop.id, hop])).values()].sort(
      (a, b) => a.id - b.id,
    );
    const removedAt = chain.endedAt === null ? undefined : chain.endedAt + RETENTION_MS;
    return { chain: chainView(chain, now), purses: chain.purses, hops, dueAt: chain.dueAt, removedAt };
  }

  /** What is handed out, after a commit; and the due time that is written. */
  views(chainId: string): { readonly hops: HopView[]; readonly dueAt: number | undefined } {
    this.restart();
    const { sql } = this.#database;
    const { id } = this.#chain(chainId);
    const due = firstRow(sql.exec<{ at: number }>("SELECT due_at AS at FROM chain WHERE id = ?", id));
    return { hops: readHopViews(sql, id, 0, 1_000), dueAt: due?.at };
  }

  #chain(chainId: string): LiveChain {
    const chain = this.#book.chain(chainId);
    if (chain === undefined) throw new Error("the ledger has no such chain");
    return chain;
  }

  #written<T>(work: () => T): T {
    const result = work();
    this.#waits = false;
    if (this.#book.write().size > 0) throw new Error("a chain could not be written");
    return result;
  }
}
