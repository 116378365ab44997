/** One turn of a ledger's alarm: at most ALARM_BATCH due times, each in its own transaction and its own try. */
import { ALARM_BATCH } from "../limits.ts";
import type { Book } from "./book.ts";
import { clearDue, type DueRow, readDue } from "./due.ts";
import { deleteIdempotent } from "./idempotency.ts";
import { expireLeases } from "./leases.ts";
import { expireChain, sweep } from "./retention.ts";

/** How long a due time that failed waits until it is tried again, in milliseconds. */
const RETRY_MS = 10_000;

/** @returns whether the outbox is due: sending is the object's, because it awaits */
export function runDue(book: Book, now: number, bornAtMs: number): boolean {
  let outbox = false;
  for (const due of readDue(book.database.sql, now, ALARM_BATCH)) {
    const { kind } = due;
    if (kind === "outbox") outbox = true;
    else runOne(book, { ...due, kind }, now, bornAtMs);
  }
  return outbox;
}

function runOne(
  book: Book,
  { kind, ref }: DueRow & { kind: Exclude<DueRow["kind"], "outbox"> },
  now: number,
  bornAtMs: number,
) {
  const { database } = book;
  try {
    database.transactionSync(() => {
      switch (kind) {
        case "chain":
          return lookAtChain(book, ref, now, bornAtMs);
        case "sweep":
          return sweep(book, now);
        case "answer":
          deleteIdempotent(database.sql, ref);
          return clearDue(database.sql, kind, ref);
        default:
          return kind satisfies never;
      }
    });
  } catch (error) {
    console.error(`ledger: due ${kind} of ${ref} failed`, error);
    if (kind !== "chain") return book.due(kind, ref, now + RETRY_MS);
    book.forgetRow(ref);
    book.postpone(ref, now + RETRY_MS);
  }
}

/** A running chain is due for its leases, an ended one for its removal. */
function lookAtChain(book: Book, row: number, now: number, bornAtMs: number): void {
  const chain = book.chainByRow(row);
  if (chain === undefined) return;
  if (chain.status !== "running") return expireChain(book, chain, now);
  expireLeases(book, chain, now, bornAtMs);
  book.place();
}
