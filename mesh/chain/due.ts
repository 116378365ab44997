/**
 * The times that a ledger waits for; the object's alarm is the earliest of them. A chain's stands in its own row, where
 * its next change writes it along; those of other things are rows here.
 */
import { firstRow, type Sql } from "../sql.ts";

/** `outbox` and `sweep` are one each. */
export type DueKind = "answer" | "outbox" | "sweep";
export interface DueRow {
  /** Of a chain: its next lease, then its removal. */
  readonly kind: DueKind | "chain";
  readonly ref: number;
  readonly at: number;
}

export function setDue(sql: Sql, kind: DueKind, ref: number, at: number): void {
  sql.exec("INSERT OR REPLACE INTO due (kind, ref, at) VALUES (?, ?, ?)", kind, ref, at);
}

export function clearDue(sql: Sql, kind: DueKind, ref: number): void {
  sql.exec("DELETE FROM due WHERE kind = ? AND ref = ?", kind, ref);
}

export function earliestDue(sql: Sql): number | undefined {
  const queries = ["SELECT at FROM due ORDER BY at LIMIT 1", "SELECT due_at AS at FROM chain ORDER BY due_at LIMIT 1"];
  const times = queries.flatMap((query) => firstRow(sql.exec<{ at: number }>(query))?.at ?? []);
  return times.length === 0 ? undefined : Math.min(...times);
}

export function readDue(sql: Sql, now: number, most: number): DueRow[] {
  const queries = [
    "SELECT kind, ref, at FROM due WHERE at <= ? ORDER BY at LIMIT ?",
    "SELECT 'chain' AS kind, id AS ref, due_at AS at FROM chain WHERE due_at <= ? ORDER BY due_at LIMIT ?",
  ];
  const rows = queries.flatMap((query) => [
    ...sql.exec<{ kind: DueRow["kind"]; ref: number; at: number }>(query, now, most),
  ]);
  return rows.sort((a, b) => a.at - b.at).slice(0, most);
}
