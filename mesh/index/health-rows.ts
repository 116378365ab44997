/** The rows of agents whose health is checked: one function a statement. */
import type { Check, Found } from "../registry/checked.ts";
import { firstRow, type Sql } from "../sql.ts";
import type { Standing } from "./standing.ts";

export interface HealthRow extends Standing {
  readonly name: string;
  readonly url: string;
  /** JSON: HealthCheck. */
  readonly rules: string;
  /** Epoch milliseconds; null before the first check. */
  readonly checkedAt: number | null;
  readonly failure: string | null;
}

const COLUMNS = "name, url, rules, state, since, streak, checked_at AS checkedAt, failure";

type Columns = Record<string, string | number | null>;

/** What is checked as it was goes on as it is, and is told again: the agent may be another. All else begins anew, at once. */
export function takeCheck(sql: Sql, { name, url, rules }: Check, now: number): void {
  if (url === null) {
    sql.exec("DELETE FROM health WHERE name = ?", name);
    return;
  }
  const same = `UPDATE health SET told = CASE state WHEN 'unknown' THEN 1 ELSE 0 END
    WHERE name = ? AND url = ? AND rules = ? RETURNING name`;
  if (firstRow(sql.exec(same, name, url, rules)) !== undefined) return;
  sql.exec(
    `INSERT OR REPLACE INTO health (name, url, rules, state, since, streak, checked_at, failure, told, next_at)
     VALUES (?, ?, ?, 'unknown', ?, 0, NULL, NULL, 1, ?)`,
    name,
    url,
    rules,
    now,
    now,
  );
}

export function readHealthRow(sql: Sql, name: string): HealthRow | undefined {
  return firstRow(sql.exec<Columns>(`SELECT ${COLUMNS} FROM health WHERE name = ?`, name)) as HealthRow | undefined;
}

/** Those that have waited longest come first. */
export function readDueChecks(sql: Sql, now: number, limit: number): HealthRow[] {
  const query = `SELECT ${COLUMNS} FROM health WHERE next_at <= ? ORDER BY next_at LIMIT ?`;
  return [...sql.exec<Columns>(query, now, limit)] as unknown as HealthRow[];
}

export function earliestCheck(sql: Sql): number | undefined {
  const query = "SELECT next_at AS at FROM health ORDER BY next_at LIMIT 1";
  return firstRow(sql.exec<{ at: number }>(query))?.at;
}

/** How a check ended: only if it is still made so. @param untold whether the registry is to hear of the state */
export function writeStanding(sql: Sql, row: HealthRow, untold: boolean, nextAt: number): void {
  const { state, since, streak, checkedAt, failure, name, url, rules } = row;
  sql.exec(
    `UPDATE health SET state = ?, since = ?, streak = ?, checked_at = ?, failure = ?, told = CASE WHEN ? THEN 0 ELSE told END,
       next_at = ? WHERE name = ? AND url = ? AND rules = ?`,
    state,
    since,
    streak,
    checkedAt,
    failure,
    untold ? 1 : 0,
    nextAt,
    name,
    url,
    rules,
  );
}

/** States that the registry does not know. */
export function readUntoldHealth(sql: Sql, limit: number): Found[] {
  const query = "SELECT name, url, rules, state, since FROM health WHERE told = 0 ORDER BY name LIMIT ?";
  return [...sql.exec<Columns>(query, limit)] as unknown as Found[];
}

/** The registry has heard of this state; one that has changed meanwhile is still to be told. */
export function writeHealthTold(sql: Sql, { name, state, since }: Found): void {
  sql.exec("UPDATE health SET told = 1 WHERE name = ? AND state = ? AND since = ?", name, state, since);
}
