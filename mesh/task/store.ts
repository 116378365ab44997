/** Rows of a desk: one function a statement. */
import { MCP_EVENT_PART_CHARS } from "../limits.ts";
import { firstRow, type Sql, type SqlValue } from "../sql.ts";
import type { CallEnd, InputRequests, InputResponses, TaskCall, TaskStatus } from "./task.ts";

export interface TaskRow {
  readonly n: number;
  readonly taskId: string;
  readonly owner: string;
  readonly status: TaskStatus;
  readonly message: string | null;
  readonly parked: boolean;
  readonly round: number;
  readonly requests: InputRequests;
  readonly responses: InputResponses;
  readonly requestState: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly expiresAt: number;
}

interface Stored extends Record<string, SqlValue> {
  n: number;
  task_id: string;
  owner: string;
  status: TaskStatus;
  message: string | null;
  parked: number;
  round: number;
  requests: string | null;
  responses: string | null;
  request_state: string | null;
  created_at: number;
  updated_at: number;
  expires_at: number;
}

const COLUMNS =
  "n, task_id, owner, status, message, parked, round, requests, responses, request_state, created_at, updated_at, expires_at";

function rowOf(stored: Stored): TaskRow {
  const { n, owner, status, message, round } = stored;
  return {
    n,
    taskId: stored.task_id,
    owner,
    status,
    message,
    parked: stored.parked === 1,
    round,
    requests: JSON.parse(stored.requests ?? "{}") as InputRequests,
    responses: JSON.parse(stored.responses ?? "{}") as InputResponses,
    requestState: stored.request_state,
    createdAt: stored.created_at,
    updatedAt: stored.updated_at,
    expiresAt: stored.expires_at,
  };
}

/** @returns its number */
export function insertTask(
  sql: Sql,
  { taskId, owner, createdAt, expiresAt }: Pick<TaskRow, "taskId" | "owner" | "createdAt" | "expiresAt">,
): number {
  const query =
    "INSERT INTO task (task_id, owner, status, parked, round, created_at, updated_at, expires_at) VALUES (?, ?, 'working', 0, 0, ?, ?, ?) RETURNING n";
  const row = firstRow(sql.exec<{ n: number }>(query, taskId, owner, createdAt, createdAt, expiresAt));
  if (row === undefined) throw new Error("A task that was inserted has no number.");
  return row.n;
}

export function readTask(sql: Sql, owner: string, taskId: string): TaskRow | undefined {
  const query = `SELECT ${COLUMNS} FROM task WHERE task_id = ? AND owner = ?`;
  const stored = firstRow(sql.exec<Stored>(query, taskId, owner));
  return stored && rowOf(stored);
}

export function readTasks(sql: Sql, owner: string, after: number, limit: number): TaskRow[] {
  const query = `SELECT ${COLUMNS} FROM task WHERE owner = ? AND n > ? ORDER BY n LIMIT ?`;
  return [...sql.exec<Stored>(query, owner, after, limit)].map(rowOf);
}

/** Those that have not ended, whoever has made them. */
export function readOpen(sql: Sql): TaskRow[] {
  return [
    ...sql.exec<Stored>(`SELECT ${COLUMNS} FROM task WHERE status IN ('working', 'input_required') ORDER BY n`),
  ].map(rowOf);
}

export function countTasks(sql: Sql, owner: string): { readonly open: number; readonly kept: number } {
  const query =
    "SELECT count(*) AS kept, count(*) FILTER (WHERE status IN ('working', 'input_required')) AS open FROM task WHERE owner = ?";
  return firstRow(sql.exec<{ open: number; kept: number }>(query, owner)) ?? { open: 0, kept: 0 };
}

export function setStatus(sql: Sql, n: number, status: TaskStatus, message: string | null, now: number): void {
  const query =
    "UPDATE task SET status = ?, message = ?, parked = 0, requests = NULL, responses = NULL, request_state = NULL, updated_at = ? WHERE n = ?";
  sql.exec(query, status, message, now, n);
}

/** It waits for its client. */
export function setAsked(
  sql: Sql,
  n: number,
  { parked, requests, requestState }: Pick<TaskRow, "parked" | "requests" | "requestState">,
  now: number,
): void {
  const query =
    "UPDATE task SET status = 'input_required', parked = ?, requests = ?, responses = '{}', request_state = ?, updated_at = ? WHERE n = ?";
  sql.exec(query, parked ? 1 : 0, JSON.stringify(requests), requestState, now, n);
}

export function setResponses(sql: Sql, n: number, responses: InputResponses, now: number): void {
  sql.exec("UPDATE task SET responses = ?, updated_at = ? WHERE n = ?", JSON.stringify(responses), now, n);
}

export function setRound(sql: Sql, n: number, round: number): void {
  sql.exec("UPDATE task SET round = ? WHERE n = ?", round, n);
}

export function readExpired(sql: Sql, now: number): number[] {
  return [...sql.exec<{ n: number }>("SELECT n FROM task WHERE expires_at <= ?", now)].map(({ n }) => n);
}

export function readNextExpiry(sql: Sql): number | undefined {
  return firstRow(sql.exec<{ at: number | null }>("SELECT min(expires_at) AS at FROM task"))?.at ?? undefined;
}

export function deleteTask(sql: Sql, n: number): void {
  sql.exec("DELETE FROM text WHERE n = ?", n);
  sql.exec("DELETE FROM task WHERE n = ?", n);
}

type What = "call" | "end";
interface Texts {
  readonly call: TaskCall;
  readonly end: CallEnd;
}

/** In pieces: a row holds 2 MB, and a result may have more. */
export function writeText<W extends What>(sql: Sql, n: number, what: W, value: Texts[W]): void {
  sql.exec("DELETE FROM text WHERE n = ? AND what = ?", n, what);
  const json = JSON.stringify(value);
  for (let part = 0; part * MCP_EVENT_PART_CHARS < json.length; part++) {
    const piece = json.slice(part * MCP_EVENT_PART_CHARS, (part + 1) * MCP_EVENT_PART_CHARS);
    sql.exec("INSERT INTO text (n, what, part, json) VALUES (?, ?, ?, ?)", n, what, part, toAscii(piece));
  }
}

/** A piece may begin or end between the halves of a character, which a row would not keep: in JSON both halves have names. */
function toAscii(json: string): string {
  return json.replace(/[\ud800-\udfff]/g, (half) => `\\u${half.charCodeAt(0).toString(16)}`);
}

export function readText<W extends What>(sql: Sql, n: number, what: W): Texts[W] | undefined {
  const query = "SELECT json FROM text WHERE n = ? AND what = ? ORDER BY part";
  const parts = [...sql.exec<{ json: string }>(query, n, what)].map(({ json }) => json);
  return parts.length === 0 ? undefined : (JSON.parse(parts.join("")) as Texts[W]);
}
