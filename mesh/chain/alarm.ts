/** One turn of a ledger's alarm: at most ALARM_BATCH due times, each in its own transaction and its own try. */
import { ALARM_BATCH } from "../limits.ts";
import { clearDue, type DueRow, readDue, setDue } from "./due.ts";
import { deleteIdempotent } from "./idempotency.ts";
import { expireLeases } from "./leases.ts";
import { removeChain } from "./retention.ts";
import type { LedgerDatabase } from "./settlement.ts";

/** How long a due time that failed waits until it is tried again, in milliseconds. */
const RETRY_MS = 10_000;

/** @returns whether the outbox is due: sending is the object's, because it awaits */
export function runDue(database: LedgerDatabase, now: number, bornAtMs: number): boolean {
  let outbox = false;
  for (const due of readDue(database.sql, now, ALARM_BATCH)) {
    if (due.kind === "outbox") outbox = true;
    else runOne(database, due, now, bornAtMs);
  }
  return outbox;
}

function runOne(database: LedgerDatabase, { kind, ref }: DueRow, now: number, bornAtMs: number): void {
  try {
    database.transactionSync(() => {
      if (kind === "lease") return expireLeases(database, ref, now, bornAtMs);
      if (kind === "retention") return removeChain(database, ref, now);
      deleteIdempotent(database.sql, ref);
      clearDue(database.sql, kind, ref);
    });
  } catch (error) {
    console.error(`ledger: due ${kind} of ${ref} failed`, error);
    setDue(database.sql, kind, ref, now + RETRY_MS);
  }
}
