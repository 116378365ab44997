/** What has happened in a ledger, in the order of its one sequence: for the index, and for whoever follows a chain. */
import type { RejectionCode } from "../rejection.ts";
import { firstRow, type Sql } from "../sql.ts";
import type { ChainStatus, HopStatus } from "./facts.ts";

/** What the rows of chains and hops do not tell. */
export interface EventRow {
  readonly seq: number;
  readonly chain: number;
  readonly hop: number | null;
  readonly type: "late" | "retried" | "removed";
  readonly at: number;
  readonly body: string | null;
}

export function appendEvent(sql: Sql, { seq, chain, hop, type, at, body }: EventRow): void {
  sql.exec(
    "INSERT INTO event (seq, chain, hop, type, at, body) VALUES (?, ?, ?, ?, ?, ?)",
    seq,
    chain,
    hop,
    type,
    at,
    body,
  );
}

export function readSent(sql: Sql): number {
  return firstRow(sql.exec<{ sent: number }>("SELECT sent FROM outbox"))?.sent ?? 0;
}

/** Never back: the numbers up to it may have no row any more, and would be given again. */
export function writeSent(sql: Sql, seq: number): void {
  sql.exec("UPDATE outbox SET sent = MAX(sent, ?)", seq);
}

/** That a chain was removed is all that is left of it, and is over once it has been told. */
export function forgetRemoved(sql: Sql, after: number, upTo: number): void {
  sql.exec("DELETE FROM event WHERE seq > ? AND seq <= ? AND type = 'removed'", after, upTo);
}

/** A chain as the index lists it. */
export interface ChainNews {
  readonly chainId: string;
  readonly status: ChainStatus;
  readonly agent: string;
  readonly principal: string;
  readonly startedAt: number;
  readonly endedAt: number | null;
}

/** A hop that has ended, with what was booked for it then. */
export interface HopNews {
  readonly seq: number;
  readonly caller: string;
  readonly callee: string;
  readonly status: HopStatus;
  readonly code: RejectionCode | null;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly tokens: number;
  readonly costMicros: number;
}

/** What a late result has corrected. */
export interface LateNews {
  readonly seq: number;
  readonly caller: string;
  readonly callee: string;
  readonly at: number;
  readonly tokens: number;
  readonly costMicros: number;
}

/** What has happened after one number of the sequence, up to another one. */
export interface News {
  readonly after: number;
  readonly upTo: number;
  /** Chains that have started or ended, as they are now. */
  readonly chains: readonly ChainNews[];
  readonly hops: readonly HopNews[];
  readonly late: readonly LateNews[];
  readonly removed: readonly string[];
}

type Row = Record<string, string | number | null>;

const CHAIN = `chain.chain_id AS chainId, chain.status, chain.agent, chain.principal, chain.started_at AS startedAt, chain.ended_at AS endedAt`;
/** Who is no agent is marked: an agent may be named as a principal is. */
const PARTIES = `COALESCE(above.callee, 'caller:' || chain.principal) AS caller, hop.callee`;
const PLACES = `JOIN chain ON chain.id = hop.chain LEFT JOIN hop AS above ON above.id = hop.parent`;

/** Reads the news of (after, upTo]: each is told once, because everything has one number. */
export function readNews(sql: Sql, after: number, upTo: number): News {
  const read = <T>(query: string) => [...sql.exec<Row>(query, after, upTo)] as unknown as T[];
  const started = read<ChainNews>(`SELECT ${CHAIN} FROM chain WHERE id > ? AND id <= ?`);
  const ended = read<HopNews & { root: number }>(
    `SELECT hop.ended_seq AS seq, hop.parent IS NULL AS root, ${PARTIES}, hop.status, hop.rejection ->> '$.code' AS code, hop.started_at AS startedAt,
       hop.ended_at AS endedAt, hop.used_tokens - COALESCE(hop.late_by ->> '$.tokens', 0) AS tokens,
       hop.used_cost - COALESCE(hop.late_by ->> '$.costMicros', 0) AS costMicros
     FROM hop ${PLACES} WHERE hop.ended_seq > ? AND hop.ended_seq <= ?`,
  );
  // A chain that has started and ended within the same news is told once, as it is now.
  const finished = ended.some((hop) => hop.root === 1)
    ? read<ChainNews>(`SELECT ${CHAIN} FROM hop JOIN chain ON chain.id = hop.chain
        WHERE hop.ended_seq > ?1 AND hop.ended_seq <= ?2 AND hop.parent IS NULL AND hop.chain <= ?1`)
    : [];
  const late = read<LateNews>(
    `SELECT event.seq, ${PARTIES}, event.at, event.body ->> '$.difference.tokens' AS tokens, event.body ->> '$.difference.costMicros' AS costMicros
     FROM event JOIN hop ON hop.id = event.hop ${PLACES} WHERE event.seq > ? AND event.seq <= ? AND event.type = 'late' AND event.body IS NOT NULL`,
  );
  const removed = read<{ chainId: string }>(
    "SELECT body ->> '$.chainId' AS chainId FROM event WHERE seq > ? AND seq <= ? AND type = 'removed'",
  );
  return {
    after,
    upTo,
    chains: [...started, ...finished],
    hops: ended,
    late,
    removed: removed.map((row) => row.chainId),
  };
}
