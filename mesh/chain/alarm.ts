/** One turn of a ledger's alarm: at most ALARM_BATCH due times, each in its own transaction and its own try. */
import { ALARM_BATCH } from "../limits.ts";
import type { Book } from "./book.ts";
import { clearDue, type DueRow, readDue, setDue } from "./due.ts";
import { deleteIdempotent } from "./idempotency.ts";
import { expireLeases } from "./leases.ts";
import { removeChain } from "./retention.ts";

/** How long a due time that failed waits until it is tried again, in milliseconds. */
const RETRY_MS = 10_000;

/** @returns whether the outbox is due: sending is the object's, because it awaits */
export function runDue(book: Book, now: number, bornAtMs: number): boolean {
  let outbox = false;
  for (const due of readDue(book.database.sql, now, ALARM_BATCH)) {
    if (due.kind === "outbox") outbox = true;
    else runOne(book, due, now, bornAtMs);
  }
  return outbox;
}

function runOne(book: Book, { kind, ref }: DueRow, now: number, bornAtMs: number): void {
  const { database } = book;
  try {
    database.transactionSync(() => {
      if (kind === "chain") return lookAtChain(book, ref, now, bornAtMs);
      deleteIdempotent(database.sql, ref);
      clearDue(database.sql, kind, ref);
    });
  } catch (error) {
    console.error(`ledger: due ${kind} of ${ref} failed`, error);
    if (kind === "chain") book.forgetRow(ref);
    setDue(database.sql, kind, ref, now + RETRY_MS);
  }
}

/** A running chain is due for its leases, an ended one for its removal. */
function lookAtChain(book: Book, row: number, now: number, bornAtMs: number): void {
  const chain = book.chainByRow(row);
  if (chain === undefined) return clearDue(book.database.sql, "chain", row);
  if (chain.status !== "running") return removeChain(book, chain, now);
  expireLeases(book, chain, now, bornAtMs);
  book.write();
}
