/** Settlement: how hops end, and what returns to the purses. Each call is part of one transaction. */
import { COUNTED, type Counted, RETENTION_MS } from "../limits.ts";
import type { Rejection } from "../rejection.ts";
import type { Database } from "../sql.ts";
import { type ChainRow, endChain, readChainByRow, writeChainOnSettlement, writeChainPurses } from "./chains.ts";
import { clearDue, setDue } from "./due.ts";
import { appendEvent } from "./events.ts";
import type { ChainStatus, Settlement } from "./facts.ts";
import {
  type Amounts,
  type Ancestor,
  type HopRow,
  readHopByRow,
  readHopOfChain,
  readOpenBelow,
  readOpenByLease,
  readPathOfRow,
} from "./hops.ts";
import { addBelow, markLate, writeHopPurses, writeLateHop, writeSettledHop } from "./hops-write.ts";
import { writeAnswer } from "./idempotency.ts";
import { close, correct, type Purses, settle, unknownUse } from "./purses.ts";
import { stackOf } from "./stack.ts";

/** A ledger's database, and the rows of hops that have ended since its commit: somebody may wait for them. */
export interface LedgerDatabase extends Database {
  readonly ended: Set<number>;
}

/** How an open hop ends. `used` is left out where nobody knows it. */
export interface End {
  readonly status: "done" | "error" | "lost" | "cancelled";
  readonly rejection?: Rejection | undefined;
  readonly used?: { readonly bytes: number; readonly tokens: number; readonly costMicros: number } | undefined;
  readonly outputDigest?: string | undefined;
}

/** Applies a settlement. One for a hop that has ended changes nothing, but for the one late result of an unknown use. */
export function applySettlement(database: LedgerDatabase, settlement: Settlement, now: number): void {
  const hop = readHopOfChain(database.sql, settlement.chainId, settlement.hopId);
  if (hop === undefined || hop.status === "rejected") return;
  if (hop.status !== "open") return applyLate(database, hop, settlement, now);
  if (settlement.attempt < hop.attempt) return recordLate(database, hop, settlement, now);
  const { outcome, bytes, tokens, costMicros } = settlement;
  endHop(
    database,
    hop,
    {
      status: outcome === "timeout" ? "error" : outcome,
      rejection: settlement.rejection,
      used: knowsUse(settlement) ? { bytes, tokens, costMicros } : undefined,
      outputDigest: settlement.outputDigest,
    },
    now,
  );
  if (settlement.answer !== undefined) writeAnswer(database.sql, hop.id, settlement.answer);
}

export function knowsUse({ outcome }: Settlement): boolean {
  return outcome === "done" || outcome === "error";
}

/** Ends an open hop, those below it first, deepest first. The root hop ends its chain. */
export function endHop(database: LedgerDatabase, hop: HopRow, end: End, now: number): void {
  endOne(database, endBelow(database, hop, now), end, now);
}

/** @returns the hop as it is when all below it has ended */
export function endBelow(database: LedgerDatabase, hop: HopRow, now: number): HopRow {
  const below = readOpenBelow(database.sql, hop.id);
  if (below.length === 0) return hop;
  const detail = "The calling hop has ended, and what it had called with it.";
  cancelAll(database, below, { code: "chain_cancelled", detail }, now);
  return fresh(database, hop);
}

/** Ends every open hop of a chain as cancelled, deepest first, and with its root hop the chain. */
export function endOpenHops(database: LedgerDatabase, chain: number, rejection: Rejection, now: number): void {
  cancelAll(database, readOpenByLease(database.sql, chain, Number.MAX_SAFE_INTEGER), rejection, now);
}

function cancelAll(database: LedgerDatabase, hops: readonly HopRow[], rejection: Rejection, now: number): void {
  const deepestFirst = hops.toSorted((a, b) => b.depth - a.depth);
  for (const hop of deepestFirst) endOne(database, fresh(database, hop), { status: "cancelled", rejection }, now);
}

/** The row as it is now: ending a hop writes into the rows above it. */
function fresh({ sql }: Database, { id, hopId }: HopRow): HopRow {
  const hop = readHopByRow(sql, id);
  if (hop === undefined) throw new Error(`Hop ${hopId} has no row.`);
  return hop;
}

function endOne(database: LedgerDatabase, hop: HopRow, end: End, now: number): void {
  const { sql } = database;
  const chain = chainOf(database, hop);
  const ancestors = readPathOfRow(sql, hop.parent);
  const use = bookEnd(chain, ancestors, hop, end.used);
  const used = plus(hop.used, use);
  for (const ancestor of ancestors) {
    if (ancestor.purses === undefined) continue;
    if (ancestor.purses.concurrency) ancestor.purses.concurrency.open -= 1;
    writeHopPurses(sql, ancestor.id, ancestor.purses);
  }
  writeSettledHop(sql, hop.id, {
    status: end.status,
    rejection: end.rejection,
    purses: hop.purses,
    used,
    unknown: end.used === undefined ? use : undefined,
    outputDigest: end.outputDigest ?? null,
    now,
  });
  writeChainOnSettlement(sql, chain.id, chain.purses, end.status);
  appendEvent(
    sql,
    chain.id,
    hop.id,
    "settled",
    now,
    JSON.stringify({ tokens: used.tokens, costMicros: used.costMicros }),
  );
  database.ended.add(hop.id);
  if (hop.parent !== null) return addBelow(sql, hop.parent, plus(used, hop.below));
  finishChain(database, chain, end, now);
}

/** Books the end in every counted dimension. @returns what was booked for the last attempt */
function bookEnd(chain: ChainRow, ancestors: readonly Ancestor[], hop: HopRow, known: End["used"]): Amounts {
  const stack = stackOf([hop.purses, ...ancestors.map((ancestor) => ancestor.purses)], chain.purses);
  const use: Record<Counted, number> = { hops: 0, bytes: 0, tokens: 0, costMicros: 0 };
  for (const dimension of COUNTED) {
    const estimate = estimateOf(hop, dimension);
    const own = hop.purses?.counted[dimension];
    use[dimension] = known === undefined ? unknownOf(dimension, estimate, own) : knownOf(dimension, known);
    settle(stack[dimension], estimate, use[dimension]);
    if (own !== undefined || hop.parent === null) closeOwn(stack[dimension], own !== undefined, hop.parent === null);
  }
  return use;
}

/** A hop closes the purse that it owns; the root hop owns the chain's as well. */
function closeOwn(purses: Purses, ownsFirst: boolean, isRoot: boolean): void {
  if (ownsFirst) close(purses);
  if (isRoot) close([purses[purses.length - 1]] as unknown as Purses);
}

function unknownOf(dimension: Counted, estimate: number, own: Parameters<typeof unknownUse>[1]): number {
  return dimension === "hops" || dimension === "bytes" ? 0 : unknownUse(estimate, own);
}

function knownOf(dimension: Counted, used: NonNullable<End["used"]>): number {
  return dimension === "hops" ? 0 : used[dimension];
}

export function estimateOf(hop: Pick<HopRow, "estimate">, dimension: Counted): number {
  return dimension === "tokens" || dimension === "costMicros" ? hop.estimate[dimension] : 0;
}

function finishChain({ sql }: Database, chain: ChainRow, end: End, now: number): void {
  if (chain.status !== "running") return;
  endChain(sql, chain.id, chainStatus(chain, end, now), now);
  clearDue(sql, "lease", chain.id);
  setDue(sql, "retention", chain.id, now + RETENTION_MS);
  appendEvent(sql, chain.id, null, "ended", now);
}

function chainStatus(chain: ChainRow, end: End, now: number): Exclude<ChainStatus, "running"> {
  if (end.status === "done") return "done";
  if (end.status === "cancelled") return end.rejection?.code === "chain_cancelled" ? "cancelled" : "failed";
  return now >= chain.deadlineMs ? "expired" : "failed";
}

/** A result that came after its hop had been settled without knowing the use: it corrects the books, once. */
function applyLate(database: LedgerDatabase, hop: HopRow, settlement: Settlement, now: number): void {
  if (hop.unknown === undefined || hop.late || !knowsUse(settlement)) return;
  if (settlement.attempt < hop.attempt) return recordLate(database, hop, settlement, now);
  const { sql } = database;
  const chain = chainOf(database, hop);
  const ancestors = readPathOfRow(sql, hop.parent);
  const stack = stackOf([hop.purses, ...ancestors.map((ancestor) => ancestor.purses)], chain.purses);
  const difference: Record<Counted, number> = { hops: 0, bytes: 0, tokens: 0, costMicros: 0 };
  for (const dimension of COUNTED) {
    if (dimension === "hops") continue;
    difference[dimension] = settlement[dimension] - hop.unknown[dimension];
    correct(stack[dimension], difference[dimension]);
  }
  writeOwners(database, ancestors);
  writeChainPurses(sql, chain.id, chain.purses);
  writeLateHop(sql, hop.id, plus(hop.used, difference), hop.purses, settlement.outputDigest ?? null);
  if (hop.parent !== null) addBelow(sql, hop.parent, difference);
  appendEvent(sql, chain.id, hop.id, "late", now, JSON.stringify({ difference }));
}

/** A result of an attempt that was given up and retried is recorded, not booked: its use was booked at the retry. */
function recordLate({ sql }: Database, hop: HopRow, settlement: Settlement, now: number): void {
  if (hop.late || !knowsUse(settlement)) return;
  markLate(sql, hop.id);
  appendEvent(sql, hop.chain, hop.id, "late", now);
}

export function writeOwners({ sql }: Database, ancestors: readonly Ancestor[]): void {
  for (const { id, purses } of ancestors) if (purses !== undefined) writeHopPurses(sql, id, purses);
}

export function chainOf({ sql }: Database, hop: HopRow): ChainRow {
  const chain = readChainByRow(sql, hop.chain);
  if (chain === undefined) throw new Error(`Hop ${hop.hopId} has no chain.`);
  return chain;
}

export function plus(a: Amounts, b: Amounts): Amounts {
  return {
    hops: a.hops + b.hops,
    bytes: a.bytes + b.bytes,
    tokens: a.tokens + b.tokens,
    costMicros: a.costMicros + b.costMicros,
  };
}
