/** Rows of a session: one function a statement. */
import { firstRow, type Sql } from "../sql.ts";

export interface SessionRow {
  readonly sessionId: string;
  readonly mesh: string;
  readonly principal: string;
  /** The client's initialize request, as JSON. */
  readonly initialize: string;
  /** The registry's revision that the client was last told of. */
  readonly revision: number;
}

export function readSession(sql: Sql): SessionRow | undefined {
  return firstRow(
    sql.exec<SessionRow & Record<string, string | number>>(
      "SELECT session_id AS sessionId, mesh, principal, initialize, revision FROM session",
    ),
  );
}

export function insertSession(sql: Sql, session: SessionRow, now: number): void {
  const { sessionId, mesh, principal, initialize, revision } = session;
  sql.exec(
    "INSERT INTO session (one, session_id, mesh, principal, initialize, revision, created_at) VALUES (1, ?, ?, ?, ?, ?, ?)",
    sessionId,
    mesh,
    principal,
    initialize,
    revision,
    now,
  );
}

export function setRevision(sql: Sql, revision: number): void {
  sql.exec("UPDATE session SET revision = ?", revision);
}

export function insertEvent(sql: Sql, stream: string, message: string): number {
  const row = firstRow(
    sql.exec<{ id: number }>("INSERT INTO event (stream, message) VALUES (?, ?) RETURNING id", stream, message),
  );
  return row?.id ?? 0;
}

export function deleteEventsUpTo(sql: Sql, id: number): void {
  sql.exec("DELETE FROM event WHERE id <= ?", id);
}

export function readEvents(sql: Sql, stream: string, after: number): { id: number; message: string }[] {
  return [
    ...sql.exec<{ id: number; message: string }>(
      "SELECT id, message FROM event WHERE stream = ? AND id > ? ORDER BY id",
      stream,
      after,
    ),
  ];
}

export function insertSubscription(sql: Sql, uri: string): void {
  sql.exec("INSERT OR IGNORE INTO subscription (uri) VALUES (?)", uri);
}

export function deleteSubscription(sql: Sql, uri: string): void {
  sql.exec("DELETE FROM subscription WHERE uri = ?", uri);
}

export function readSubscriptions(sql: Sql): string[] {
  return [...sql.exec<{ uri: string }>("SELECT uri FROM subscription ORDER BY uri")].map(({ uri }) => uri);
}
