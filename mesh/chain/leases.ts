/** Leases of open hops: the sign of life, and what happens without one. */
import { readChainByRow, writeLeaseDue } from "./chains.ts";
import { clearDue, setDue } from "./due.ts";
import { leaseOf, leaseVerdict } from "./expire.ts";
import { type HopRow, readOpenByLease } from "./hops.ts";
import { writeLease } from "./hops-write.ts";
import { endHop, type LedgerDatabase } from "./settlement.ts";

/** Hops whose leases one turn looks at. */
const TURN = 200;

/** A watch is a sign of life: the hop's lease starts again. `due` keeps the earlier time and finds it moved. */
export function renewLease({ sql }: LedgerDatabase, hop: HopRow, chainDeadlineMs: number, now: number): void {
  writeLease(sql, hop.id, Math.min(now + leaseOf(hop.timeoutMs), chainDeadlineMs), false);
}

/** Settles the hops of a chain whose leases are over, deepest first, and says when to look again. */
export function expireLeases(database: LedgerDatabase, chainRow: number, now: number, bornAtMs: number): void {
  const { sql } = database;
  const chain = readChainByRow(sql, chainRow);
  if (chain === undefined) return clearDue(sql, "lease", chainRow);
  const over = readOpenByLease(sql, chain.id, TURN).filter((hop) => hop.leaseAt <= now);
  for (const hop of over.sort((a, b) => b.depth - a.depth)) {
    expireOne(database, hop, chain.deadlineMs, now, bornAtMs);
  }
  const next = readOpenByLease(sql, chain.id, 1)[0]?.leaseAt ?? null;
  writeLeaseDue(sql, chain.id, next);
  if (next === null) clearDue(sql, "lease", chain.id);
  else setDue(sql, "lease", chain.id, next);
}

function expireOne(database: LedgerDatabase, hop: HopRow, deadlineMs: number, now: number, bornAtMs: number): void {
  const lease = { endsAtMs: hop.leaseAt, graced: hop.graced, timeoutMs: hop.timeoutMs, deadlineMs };
  const verdict = leaseVerdict(lease, now, bornAtMs);
  if (verdict.verdict === "graced") return writeLease(database.sql, hop.id, verdict.endsAtMs, true);
  if (verdict.verdict === "waits") return;
  const detail =
    "Nobody has watched the hop until its lease ended: it is lost, and it is not known whether it has run.";
  endHop(database, hop, { status: "lost", rejection: { code: "upstream_error", detail } }, now);
}
