/** The rows of edges: one function a statement. `start` is in minutes since the epoch. */
import { firstRow, type Sql } from "../sql.ts";
import type { EdgeSums } from "./edges.ts";
import type { Piece } from "./spans.ts";

type EdgeColumns = {
  start: number;
  caller: string;
  callee: string;
  calls: number;
  errors: number;
  rejections: string;
  latency: string;
  tokens: number;
  cost: number;
  first_at: number;
  last_at: number;
};

const COLUMNS = "start, caller, callee, calls, errors, rejections, latency, tokens, cost, first_at, last_at";

/** The sums of an edge in the span that begins at `start`. */
export interface StoredEdge {
  readonly start: number;
  readonly sums: EdgeSums;
}

function toEdge({ start, rejections, latency, cost, first_at, last_at, ...row }: EdgeColumns): StoredEdge {
  const sums = {
    ...row,
    rejections: rejections === "{}" ? {} : (JSON.parse(rejections) as EdgeSums["rejections"]),
    latency: JSON.parse(latency) as EdgeSums["latency"],
    costMicros: cost,
    firstAt: first_at,
    lastAt: last_at,
  };
  return { start, sums };
}

export function readEdge(sql: Sql, span: number, start: number, caller: string, callee: string): EdgeSums | undefined {
  const query = `SELECT ${COLUMNS} FROM edge WHERE span = ? AND start = ? AND caller = ? AND callee = ?`;
  const row = firstRow(sql.exec<EdgeColumns>(query, span, start, caller, callee));
  return row && toEdge(row).sums;
}

export function writeEdge(sql: Sql, span: number, start: number, edge: EdgeSums): void {
  sql.exec(
    `INSERT OR REPLACE INTO edge (span, start, caller, callee, calls, errors, rejections, latency, tokens, cost, first_at, last_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    span,
    start,
    edge.caller,
    edge.callee,
    edge.calls,
    edge.errors,
    JSON.stringify(edge.rejections),
    JSON.stringify(edge.latency),
    edge.tokens,
    edge.costMicros,
    edge.firstAt,
    edge.lastAt,
  );
}

export function countEdges(sql: Sql, span: number, start: number): number {
  const query = "SELECT COUNT(*) AS edges FROM edge WHERE span = ? AND start = ?";
  return firstRow(sql.exec<{ edges: number }>(query, span, start))?.edges ?? 0;
}

/** How far minutes have been rolled up: each (start, caller, callee) up to and with this one. */
export function readRolled(sql: Sql): number {
  return firstRow(sql.exec<{ start: number }>("SELECT start FROM rolled"))?.start ?? 0;
}

export function writeRolled(sql: Sql, start: number, { caller, callee }: EdgeSums): void {
  sql.exec("UPDATE rolled SET start = ?, caller = ?, callee = ?", start, caller, callee);
}

const ROLLED = "(SELECT start, caller, callee FROM rolled)";

/** Whether an edge's minute is rolled up. SQLite compares: its order of texts is not that of JavaScript. */
export function isRolled(sql: Sql, minute: number, caller: string, callee: string): boolean {
  const query = `SELECT (?, ?, ?) <= ${ROLLED} AS yes`;
  return firstRow(sql.exec<{ yes: number }>(query, minute, caller, callee))?.yes === 1;
}

/** The next minutes' edges to roll up, from those that began before `before`. */
export function readUnrolled(sql: Sql, from: number, before: number, most: number): StoredEdge[] {
  const query = `SELECT ${COLUMNS} FROM edge
    WHERE span = 1 AND start >= ? AND start < ? AND (start, caller, callee) > ${ROLLED} ORDER BY start, caller, callee LIMIT ?`;
  return [...sql.exec<EdgeColumns>(query, from, before, most)].map(toEdge);
}

/** The sums of a piece; of minutes those that are rolled up. */
export function readPiece(sql: Sql, { span, from, to }: Piece): StoredEdge[] {
  const rolled = span.minutes === 1 ? `AND (start, caller, callee) <= ${ROLLED}` : "";
  const query = `SELECT ${COLUMNS} FROM edge WHERE span = ? AND start >= ? AND start < ? ${rolled}`;
  return [...sql.exec<EdgeColumns>(query, span.minutes, from, to)].map(toEdge);
}

/** Removes sums of spans that began before `before`, the oldest first. @returns how many */
export function deleteEdges(sql: Sql, span: number, before: number, most: number): number {
  const query =
    "SELECT start, caller, callee FROM edge WHERE span = ? AND start < ? ORDER BY start, caller, callee LIMIT ?";
  const rows = [...sql.exec<{ start: number; caller: string; callee: string }>(query, span, before, most)];
  const last = rows.at(-1);
  if (last === undefined) return 0;
  const upTo = "DELETE FROM edge WHERE span = ? AND start <= ? AND (start, caller, callee) <= (?, ?, ?)";
  sql.exec(upTo, span, last.start, last.start, last.caller, last.callee);
  return rows.length;
}

export function hasEdges(sql: Sql): boolean {
  return firstRow(sql.exec<{ span: number }>("SELECT span FROM edge LIMIT 1")) !== undefined;
}
