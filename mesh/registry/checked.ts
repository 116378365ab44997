/** Agents whose health is checked: what the index is to know of them, and what it has found. SQL, one function a statement. */
import type { Agent, HealthCheck } from "../schema.ts";
import { firstRow, type Sql } from "../sql.ts";

/** What is checked, and by which rules. Without a URL it is checked no more. */
export interface Check {
  readonly name: string;
  readonly revision: number;
  readonly url: string | null;
  /** JSON: HealthCheck. */
  readonly rules: string;
}

type Checkable = Pick<Agent, "name" | "status" | "endpoint">;

/** The rules by which an agent is checked: only one that takes calls is. */
function rulesOf({ status, endpoint }: Checkable): (HealthCheck & { url: string }) | undefined {
  if (status !== "active" || endpoint.kind !== "http" || endpoint.healthCheck === undefined) return undefined;
  return { ...endpoint.healthCheck, url: new URL(endpoint.healthCheck.path, endpoint.url).href };
}

/**
 * Notes for the index that an agent is checked, or no more.
 * @returns whether it is checked as it was before, so that what is known of it still holds
 */
export function noteCheck(
  sql: Sql,
  before: Checkable | undefined,
  now: Checkable | undefined,
  revision: number,
): boolean {
  const [was, is] = [before && rulesOf(before), now && rulesOf(now)];
  const name = (now ?? before)?.name;
  if (name === undefined || (was === undefined && is === undefined)) return false;
  const { url = null, ...rules } = is ?? {};
  sql.exec(
    "INSERT OR REPLACE INTO checked (name, revision, url, rules) VALUES (?, ?, ?, ?)",
    name,
    revision,
    url,
    JSON.stringify(rules),
  );
  return JSON.stringify(was) === JSON.stringify(is);
}

/** What the index has not been told, oldest first. */
export function readUntold(sql: Sql, limit: number): Check[] {
  const query = `SELECT name, revision, url, rules FROM checked
    WHERE revision > (SELECT revision FROM checks_told) ORDER BY revision LIMIT ?`;
  return [...sql.exec<{ name: string; revision: number; url: string | null; rules: string }>(query, limit)];
}

/** The index knows everything up to this revision. */
export function writeTold(sql: Sql, revision: number): void {
  sql.exec("UPDATE checks_told SET revision = ?", revision);
  sql.exec("DELETE FROM checked WHERE revision <= ? AND url IS NULL", revision);
}

/** How an agent was found, by the URL and the rules that it was checked with. */
export interface Found {
  readonly name: string;
  readonly url: string;
  readonly rules: string;
  readonly state: "healthy" | "unhealthy";
  readonly since: number;
}

/** @returns whether it is still checked so: what was found under other rules says nothing */
export function writeHealth(sql: Sql, { name, url, rules, state, since }: Found): boolean {
  const query = "SELECT 1 FROM checked WHERE name = ? AND url = ? AND rules = ?";
  if (firstRow(sql.exec(query, name, url, rules)) === undefined) return false;
  sql.exec("UPDATE agent SET health = ? WHERE name = ?", JSON.stringify({ state, since }), name);
  return true;
}
