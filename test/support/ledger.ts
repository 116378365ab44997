/**
 * The ledger as histories drive and read it: the only file of theirs that knows its functions and its rows. Each call
 * is one transaction, as it is in the ledger's queue.
 */
import { decide } from "../../mesh/chain/admission.ts";
import { readChain } from "../../mesh/chain/chains.ts";
import type { Ask, Decision, HopStatus, Retry, Settlement } from "../../mesh/chain/facts.ts";
import { type Amounts, readHopByRow, readHopOfChain } from "../../mesh/chain/hops.ts";
import { expireLeases, renewLease } from "../../mesh/chain/leases.ts";
import { LEDGER_MIGRATIONS } from "../../mesh/chain/migrations.ts";
import { applyRetry } from "../../mesh/chain/retry.ts";
import { applySettlement, endOpenHops } from "../../mesh/chain/settlement.ts";
import type { OwnPurses, RootPurses } from "../../mesh/chain/stack.ts";
import { type ChainView, chainView, type HopView, readHopViews } from "../../mesh/chain/views.ts";
import { firstRow } from "../../mesh/sql.ts";
import { memoryDatabase } from "./sqlite.ts";

/** A hop as its row has it. */
export interface LedgerHop {
  readonly row: number;
  readonly hopId: string;
  readonly parentRow: number | null;
  readonly status: HopStatus;
  readonly attempt: number;
  readonly late: boolean;
  readonly estimate: { readonly tokens: number; readonly costMicros: number };
  readonly used: Amounts;
  readonly below: Amounts;
  readonly purses: OwnPurses | undefined;
  readonly leaseAt: number;
  readonly deadlineMs: number;
}

export interface LedgerState {
  readonly chain: ChainView;
  readonly purses: RootPurses;
  readonly hops: readonly LedgerHop[];
  /** When the ledger looks at the chain's leases next, and whether it will remove the chain one day. */
  readonly leaseDue: number | null;
  readonly retained: boolean;
}

export interface LedgerPort {
  ask(ask: Ask, now: number): Decision;
  settle(settlement: Settlement, now: number): void;
  retry(retry: Retry, now: number): Decision;
  watch(chainId: string, hopId: string, now: number): void;
  cancel(chainId: string, now: number): void;
  expire(chainId: string, now: number, bornAtMs: number): void;
  /** Rows of the hops that the calls since the last time have said to have ended. */
  takeEnded(): ReadonlySet<number>;
  state(chainId: string, now: number): LedgerState;
  views(chainId: string): HopView[];
}

const CANCELLED = { code: "chain_cancelled", detail: "The chain was cancelled." } as const;

export function memoryLedger(): LedgerPort {
  const database = { ...memoryDatabase(LEDGER_MIGRATIONS), ended: new Set<number>() };
  const { sql } = database;
  const chainOf = (chainId: string) => {
    const chain = readChain(sql, chainId);
    if (chain === undefined) throw new Error("the ledger has no such chain");
    return chain;
  };
  const due = (kind: string, chain: number) =>
    firstRow(sql.exec<{ at: number }>("SELECT at FROM due WHERE kind = ? AND ref = ?", kind, chain))?.at ?? null;

  return {
    ask: (ask, now) => database.transactionSync(() => decide(database, ask, now)),
    settle: (settlement, now) => database.transactionSync(() => applySettlement(database, settlement, now)),
    retry: (retry, now) => database.transactionSync(() => applyRetry(database, retry, now)),
    watch(chainId, hopId, now) {
      const hop = readHopOfChain(sql, chainId, hopId);
      if (hop) renewLease(database, hop, chainOf(chainId).deadlineMs, now);
    },
    cancel(chainId, now) {
      const { id, status } = chainOf(chainId);
      if (status === "running") database.transactionSync(() => endOpenHops(database, id, CANCELLED, now));
    },
    expire(chainId, now, bornAtMs) {
      database.transactionSync(() => expireLeases(database, chainOf(chainId).id, now, bornAtMs));
    },
    takeEnded() {
      const ended = new Set(database.ended);
      database.ended.clear();
      return ended;
    },
    state(chainId, now) {
      const chain = chainOf(chainId);
      const rows = [...sql.exec<{ id: number }>("SELECT id FROM hop WHERE chain = ? ORDER BY id", chain.id)];
      const hops = rows.flatMap(({ id }) => {
        const hop = readHopByRow(sql, id);
        return hop === undefined ? [] : [{ ...hop, row: id, parentRow: hop.parent }];
      });
      const retained = due("retention", chain.id) !== null;
      return { chain: chainView(chain, now), purses: chain.purses, hops, leaseDue: due("lease", chain.id), retained };
    },
    views: (chainId) => readHopViews(sql, chainOf(chainId).id, 0, 1_000),
  };
}
