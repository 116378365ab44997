/** What happened, in order: the rows that feed the index object and whoever follows a chain. */
import { firstRow, type Sql } from "../sql.ts";

export type EventType = "started" | "admitted" | "rejected" | "settled" | "late" | "retried" | "ended" | "removed";

export function appendEvent(
  sql: Sql,
  chain: number,
  hop: number | null,
  type: EventType,
  at: number,
  body: string | null = null,
): void {
  sql.exec("INSERT INTO event (chain, hop, type, at, body) VALUES (?, ?, ?, ?, ?)", chain, hop, type, at, body);
}

export function readSent(sql: Sql): number {
  return firstRow(sql.exec<{ sent: number }>("SELECT sent FROM outbox"))?.sent ?? 0;
}

export function writeSent(sql: Sql, seq: number): void {
  sql.exec("UPDATE outbox SET sent = ?", seq);
}

export function hasUnsent(sql: Sql): boolean {
  return firstRow(sql.exec("SELECT 1 FROM event WHERE seq > (SELECT sent FROM outbox) LIMIT 1")) !== undefined;
}

/** One event with what the index needs of the rows it names. */
export interface OutboxEvent {
  readonly seq: number;
  readonly type: EventType;
  readonly at: number;
  readonly chainId: string | null;
  readonly chainStatus: string | null;
  readonly agent: string | null;
  readonly principal: string | null;
  readonly startedAt: number | null;
  readonly caller: string | null;
  readonly callee: string | null;
  readonly status: string | null;
  readonly code: string | null;
  readonly hopStartedAt: number | null;
  readonly hopEndedAt: number | null;
  readonly tokens: number | null;
  readonly costMicros: number | null;
  readonly body: string | null;
}

/** Events after `after`, oldest first; a hop's caller is its parent's callee, or the principal. */
export function readOutbox(sql: Sql, after: number, most: number): OutboxEvent[] {
  type Row = Record<keyof OutboxEvent, string | number | null>;
  return [
    ...sql.exec<Row>(
      `SELECT event.seq, event.type, event.at, event.body, chain.chain_id AS chainId, chain.status AS chainStatus,
         chain.agent, chain.principal, chain.started_at AS startedAt, parent.callee AS caller, hop.callee, hop.status,
         hop.rejection ->> '$.code' AS code, hop.started_at AS hopStartedAt, hop.ended_at AS hopEndedAt,
         hop.used_tokens AS tokens, hop.used_cost AS costMicros
       FROM event LEFT JOIN chain ON chain.id = event.chain LEFT JOIN hop ON hop.id = event.hop
         LEFT JOIN hop AS parent ON parent.id = hop.parent
       WHERE event.seq > ? ORDER BY event.seq LIMIT ?`,
      after,
      most,
    ),
  ] as unknown as OutboxEvent[];
}
