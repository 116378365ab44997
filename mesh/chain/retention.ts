/** Removal of a chain whose retention is over, in bounded turns. */
import type { Database } from "../sql.ts";
import { readChainByRow } from "./chains.ts";
import { clearDue, setDue } from "./due.ts";
import { appendEvent } from "./events.ts";

/** Rows that one turn removes. */
const TURN = 1_000;

export function removeChain({ sql }: Database, chainRow: number, now: number): void {
  const chain = readChainByRow(sql, chainRow);
  if (chain === undefined) return clearDue(sql, "retention", chainRow);
  const hops = [
    ...sql.exec<{ id: number }>("SELECT id FROM hop WHERE chain = ? ORDER BY id DESC LIMIT ?", chainRow, TURN),
  ];
  const last = hops.at(-1)?.id;
  if (last !== undefined) {
    for (const table of ["answer", "idempotency"]) {
      sql.exec(`DELETE FROM ${table} WHERE hop IN (SELECT id FROM hop WHERE chain = ? AND id >= ?)`, chainRow, last);
    }
    sql.exec(
      "DELETE FROM due WHERE kind = 'answer' AND ref IN (SELECT id FROM hop WHERE chain = ? AND id >= ?)",
      chainRow,
      last,
    );
    sql.exec("DELETE FROM hop WHERE chain = ? AND id >= ?", chainRow, last);
  }
  if (hops.length === TURN) return setDue(sql, "retention", chainRow, now);
  sql.exec("DELETE FROM event WHERE chain = ?", chainRow);
  sql.exec("DELETE FROM chain WHERE id = ?", chainRow);
  clearDue(sql, "retention", chainRow);
  appendEvent(sql, chainRow, null, "removed", now, JSON.stringify({ chainId: chain.chainId }));
}
