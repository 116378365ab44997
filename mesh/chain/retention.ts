/**
 * Removal of chains. The chain's own row goes first, with what finds it; from then on there is no such chain. Its hops
 * are taken away in turns of a bounded number of rows, so that no other chain waits for them.
 */
import { REMOVAL_TURN } from "../limits.ts";
import type { Rejection } from "../rejection.ts";
import { firstRow, type Sql } from "../sql.ts";
import type { Book } from "./book.ts";
import { clearDue } from "./due.ts";
import { appendEvent, readSent } from "./events.ts";
import type { LiveChain } from "./live.ts";

/** How long a chain that the index has not heard whole waits until it is looked at again, in milliseconds. */
const UNTOLD_RETRY_MS = 10_000;

export type Removal = "removed" | "running" | "unknown" | "untold";

/** The last number that anything of an ended chain has: its root's end, or what has happened since. */
export function lastSeqOf(sql: Sql, chain: LiveChain): number {
  const root = "SELECT ended_seq AS seq FROM hop WHERE chain = ? ORDER BY id LIMIT 1";
  const later = "SELECT MAX(seq) AS seq FROM event WHERE chain = ?";
  const seqs = [root, later].map((query) => firstRow(sql.exec<{ seq: number | null }>(query, chain.id))?.seq ?? 0);
  return Math.max(chain.id, ...seqs);
}

/** Removes a chain that has ended, once the index has heard all of it: what it adds to the sums of the mesh stays. */
export function remove(book: Book, chain: LiveChain | undefined, now: number): Removal {
  const { sql } = book.database;
  if (chain === undefined) return "unknown";
  if (chain.status === "running") return "running";
  if (readSent(sql) < lastSeqOf(sql, chain)) return "untold";
  sql.exec("DELETE FROM chain WHERE id = ?", chain.id);
  sql.exec("INSERT INTO removed (chain) VALUES (?)", chain.id);
  book.due("sweep", 0, now);
  book.forget(chain.chainId);
  const body = JSON.stringify({ chainId: chain.chainId });
  appendEvent(sql, { seq: book.nextSeq(), chain: chain.id, hop: null, type: "removed", at: now, body });
  return "removed";
}

/** Removes a chain whose retention is over. */
export function expireChain(book: Book, chain: LiveChain, now: number): void {
  if (remove(book, chain, now) === "untold") book.postpone(chain.id, now + UNTOLD_RETRY_MS);
}

/** One turn: takes away rows of removed chains, at most REMOVAL_TURN. */
export function sweep(book: Book, now: number): void {
  const { sql } = book.database;
  for (let left = REMOVAL_TURN; left > 0; ) {
    const chain = firstRow(sql.exec<{ chain: number | null }>("SELECT MIN(chain) AS chain FROM removed"))?.chain;
    if (chain === undefined || chain === null) return clearDue(sql, "sweep", 0);
    const rows = sweepHops(sql, chain, left) + sweepEvents(sql, chain, left);
    if (rows < left) sql.exec("DELETE FROM removed WHERE chain = ?", chain);
    left -= Math.max(1, rows);
  }
  book.due("sweep", 0, now);
}

/** Hops and their answers. Keys stay until their own time is over: what was asked under one must not run again. */
function sweepHops(sql: Sql, chain: number, most: number): number {
  const query = "SELECT id FROM hop WHERE chain = ? ORDER BY id DESC LIMIT ?";
  const hops = [...sql.exec<{ id: number }>(query, chain, most)];
  const last = hops.at(-1)?.id;
  if (last === undefined) return 0;
  sql.exec("DELETE FROM answer WHERE hop IN (SELECT id FROM hop WHERE chain = ? AND id >= ?)", chain, last);
  sql.exec("DELETE FROM hop WHERE chain = ? AND id >= ?", chain, last);
  return hops.length;
}

/** That the chain was removed is still to be told. */
function sweepEvents(sql: Sql, chain: number, most: number): number {
  const which = "chain = ? AND type <> 'removed'";
  const events = [
    ...sql.exec<{ seq: number }>(`SELECT seq FROM event WHERE ${which} ORDER BY seq LIMIT ?`, chain, most),
  ];
  const last = events.at(-1)?.seq;
  if (last !== undefined) sql.exec(`DELETE FROM event WHERE ${which} AND seq <= ?`, chain, last);
  return events.length;
}

/** What a request under an Idempotency-Key meets when its chain was removed: it has run, and must not run again. */
export const ANSWER_REMOVED: Rejection = {
  code: "conflict",
  detail:
    "This Idempotency-Key was used, and the chain of that request has been deleted with its answer. Use a new key to run it again.",
};
