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
  /** From which level on the client wants log messages, where it has said so. */
  readonly level: string | null;
}

export function readSession(sql: Sql): SessionRow | undefined {
  return firstRow(
    sql.exec<SessionRow & Record<string, string | number>>(
      "SELECT session_id AS sessionId, mesh, principal, initialize, revision, level FROM session",
    ),
  );
}

export function insertSession(sql: Sql, session: Omit<SessionRow, "level">, now: number): void {
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

export function setLevel(sql: Sql, level: string): void {
  sql.exec("UPDATE session SET level = ?", level);
}

/** @param parts of the message's JSON, in order; there is one at least */
export function insertEvent(sql: Sql, id: number, stream: string, parts: readonly string[]): void {
  const bytes = parts.reduce((sum, part) => sum + part.length, 0);
  sql.exec("INSERT INTO event (id, stream, bytes, message) VALUES (?, ?, ?, ?)", id, stream, bytes, parts[0] ?? "");
  for (const [part, text] of parts.entries()) {
    if (part > 0) sql.exec("INSERT INTO event_part (event, part, text) VALUES (?, ?, ?)", id, part, text);
  }
}

/** Sizes of what is kept, the newest first. */
export function readEventSizes(sql: Sql): { id: number; bytes: number }[] {
  return [...sql.exec<{ id: number; bytes: number }>("SELECT id, bytes FROM event ORDER BY id DESC")];
}

export function deleteEventsUpTo(sql: Sql, id: number): void {
  sql.exec("DELETE FROM event WHERE id <= ?", id);
  sql.exec("DELETE FROM event_part WHERE event <= ?", id);
}

/** The messages of a stream after an event, as JSON. */
export function readEvents(sql: Sql, stream: string, after: number): { id: number; message: string }[] {
  const query = "SELECT id, message FROM event WHERE stream = ? AND id > ? ORDER BY id";
  const found = [...sql.exec<{ id: number; message: string }>(query, stream, after)];
  return found.map(({ id, message }) => ({ id, message: [message, ...readParts(sql, id)].join("") }));
}

function readParts(sql: Sql, event: number): string[] {
  const query = "SELECT text FROM event_part WHERE event = ? ORDER BY part";
  return [...sql.exec<{ text: string }>(query, event)].map(({ text }) => text);
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
