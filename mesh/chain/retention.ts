/** Removal of a chain whose retention is over, in bounded turns. */
import type { Book } from "./book.ts";
import { clearDue, setDue } from "./due.ts";
import { appendEvent } from "./events.ts";
import type { LiveChain } from "./live.ts";

/** Rows that one turn removes. */
const TURN = 1_000;

export function removeChain(book: Book, chain: LiveChain, now: number): void {
  const { sql } = book.database;
  const hops = [
    ...sql.exec<{ id: number }>("SELECT id FROM hop WHERE chain = ? ORDER BY id DESC LIMIT ?", chain.id, TURN),
  ];
  const last = hops.at(-1)?.id;
  if (last !== undefined) {
    const these = "IN (SELECT id FROM hop WHERE chain = ? AND id >= ?)";
    sql.exec(`DELETE FROM answer WHERE hop ${these}`, chain.id, last);
    sql.exec(`DELETE FROM idempotency WHERE hop ${these}`, chain.id, last);
    sql.exec(`DELETE FROM due WHERE kind = 'answer' AND ref ${these}`, chain.id, last);
    sql.exec("DELETE FROM hop WHERE chain = ? AND id >= ?", chain.id, last);
  }
  if (hops.length === TURN) return setDue(sql, "chain", chain.id, now);
  sql.exec("DELETE FROM event WHERE chain = ?", chain.id);
  sql.exec("DELETE FROM chain WHERE id = ?", chain.id);
  clearDue(sql, "chain", chain.id);
  book.forget(chain.chainId);
  const body = JSON.stringify({ chainId: chain.chainId });
  appendEvent(sql, { seq: book.nextSeq(), chain: chain.id, hop: null, type: "removed", at: now, body });
}
