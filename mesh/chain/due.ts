/** The times that a ledger waits for. One row a thing; the object's alarm is the earliest of them. */
import { firstRow, type Sql } from "../sql.ts";

/** Of a chain: its next lease, then its removal. `outbox` and `sweep` are one each. */
export type DueKind = "chain" | "answer" | "outbox" | "sweep";
export interface DueRow {
  readonly kind: DueKind;
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
  return firstRow(sql.exec<{ at: number }>("SELECT at FROM due ORDER BY at LIMIT 1"))?.at;
}

export function readDue(sql: Sql, now: number, most: number): DueRow[] {
  return [
    ...sql.exec<{ kind: DueKind; ref: number; at: number }>(
      "SELECT kind, ref, at FROM due WHERE at <= ? ORDER BY at LIMIT ?",
      now,
      most,
    ),
  ];
}
