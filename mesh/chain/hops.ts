/** Hop rows, read: one function a statement. Rows in, camelCase out; nothing is decided here. */
import type { Rejection } from "../rejection.ts";
import { firstRow, type Sql } from "../sql.ts";
import type { HopStatus, StandingPolicy } from "./facts.ts";
import type { OwnPurses } from "./stack.ts";

export interface HopRow {
  readonly id: number;
  readonly chain: number;
  readonly hopId: string;
  readonly parent: number | null;
  readonly depth: number;
  readonly callee: string;
  readonly address: string;
  readonly inputDigest: string;
  readonly inputBytes: number;
  readonly status: HopStatus;
  readonly rejection: Rejection | undefined;
  readonly policy: StandingPolicy | undefined;
  readonly purses: OwnPurses | undefined;
  readonly estimate: { readonly tokens: number; readonly costMicros: number };
  readonly used: Amounts;
  readonly below: Amounts;
  /** What its last attempt booked without knowing the use. */
  readonly unknown: Omit<Amounts, "hops"> | undefined;
  readonly late: boolean;
  readonly attempt: number;
  readonly timeoutMs: number;
  readonly startedAt: number;
  readonly deadlineMs: number;
  readonly leaseAt: number;
  readonly graced: boolean;
  readonly endedAt: number | null;
}

/** Counted amounts, booked. */
export interface Amounts {
  readonly hops: number;
  readonly bytes: number;
  readonly tokens: number;
  readonly costMicros: number;
}

type HopColumns = {
  id: number;
  chain: number;
  hop_id: string;
  parent: number | null;
  depth: number;
  callee: string;
  address: string;
  input_digest: string;
  input_bytes: number;
  status: HopStatus;
  rejection: string | null;
  policy: string | null;
  purses: string | null;
  est_tokens: number;
  est_cost: number;
  used_hops: number;
  used_bytes: number;
  used_tokens: number;
  used_cost: number;
  below_hops: number;
  below_bytes: number;
  below_tokens: number;
  below_cost: number;
  unknown: string | null;
  late: number;
  attempt: number;
  timeout_ms: number;
  started_at: number;
  deadline_at: number;
  lease_at: number;
  graced: number;
  ended_at: number | null;
};

const HOP_COLUMNS = `hop.id, hop.chain, hop.hop_id, hop.parent, hop.depth, hop.callee, hop.address, hop.input_digest,
  hop.input_bytes, hop.status, hop.rejection, hop.policy, hop.purses, hop.est_tokens, hop.est_cost, hop.used_hops,
  hop.used_bytes, hop.used_tokens, hop.used_cost, hop.below_hops, hop.below_bytes, hop.below_tokens, hop.below_cost,
  hop.unknown, hop.late, hop.attempt, hop.timeout_ms, hop.started_at, hop.deadline_at, hop.lease_at, hop.graced, hop.ended_at`;

function parsed<T>(json: string | null): T | undefined {
  return json === null ? undefined : (JSON.parse(json) as T);
}

function toHop(row: HopColumns): HopRow {
  return {
    id: row.id,
    chain: row.chain,
    hopId: row.hop_id,
    parent: row.parent,
    depth: row.depth,
    callee: row.callee,
    address: row.address,
    inputDigest: row.input_digest,
    inputBytes: row.input_bytes,
    status: row.status,
    rejection: parsed<Rejection>(row.rejection),
    policy: parsed<StandingPolicy>(row.policy),
    purses: parsed<OwnPurses>(row.purses),
    estimate: { tokens: row.est_tokens, costMicros: row.est_cost },
    used: { hops: row.used_hops, bytes: row.used_bytes, tokens: row.used_tokens, costMicros: row.used_cost },
    below: { hops: row.below_hops, bytes: row.below_bytes, tokens: row.below_tokens, costMicros: row.below_cost },
    unknown: parsed<Omit<Amounts, "hops">>(row.unknown),
    late: row.late === 1,
    attempt: row.attempt,
    timeoutMs: row.timeout_ms,
    startedAt: row.started_at,
    deadlineMs: row.deadline_at,
    leaseAt: row.lease_at,
    graced: row.graced === 1,
    endedAt: row.ended_at,
  };
}

export function readHop(sql: Sql, chain: number, hopId: string): HopRow | undefined {
  const query = `SELECT ${HOP_COLUMNS} FROM hop WHERE chain = ? AND hop_id = ?`;
  const row = firstRow(sql.exec<HopColumns>(query, chain, hopId));
  return row && toHop(row);
}

export function readHopOfChain(sql: Sql, chainId: string, hopId: string): HopRow | undefined {
  const query = `SELECT ${HOP_COLUMNS} FROM chain JOIN hop ON hop.chain = chain.id WHERE chain.chain_id = ? AND hop.hop_id = ?`;
  const row = firstRow(sql.exec<HopColumns>(query, chainId, hopId));
  return row && toHop(row);
}

export function readHopByRow(sql: Sql, id: number): HopRow | undefined {
  const row = firstRow(sql.exec<HopColumns>(`SELECT ${HOP_COLUMNS} FROM hop WHERE id = ?`, id));
  return row && toHop(row);
}

/** What an ancestor contributes to a decision: its place on the path, and what it owns. */
export interface Ancestor {
  readonly id: number;
  readonly hopId: string;
  readonly callee: string;
  readonly address: string;
  readonly inputDigest: string;
  readonly status: HopStatus;
  readonly deadlineMs: number;
  readonly policy: StandingPolicy | undefined;
  readonly purses: OwnPurses | undefined;
}

type AncestorColumns = Pick<
  HopColumns,
  "id" | "hop_id" | "callee" | "address" | "input_digest" | "status" | "deadline_at" | "policy" | "purses"
>;

const CLIMB = `SELECT id, hop_id, parent, callee, address, input_digest, status, deadline_at, policy, purses FROM hop`;
const CLIMB_ON = `UNION ALL
  SELECT hop.id, hop.hop_id, hop.parent, hop.callee, hop.address, hop.input_digest, hop.status, hop.deadline_at, hop.policy, hop.purses
  FROM up JOIN hop ON hop.id = up.parent) SELECT * FROM up`;

function toAncestor(row: AncestorColumns): Ancestor {
  return {
    id: row.id,
    hopId: row.hop_id,
    callee: row.callee,
    address: row.address,
    inputDigest: row.input_digest,
    status: row.status,
    deadlineMs: row.deadline_at,
    policy: parsed<StandingPolicy>(row.policy),
    purses: parsed<OwnPurses>(row.purses),
  };
}

/** The hop and its ancestors, nearest first; as many rows as the hop is deep, however many hops the chain has. */
export function readPath(sql: Sql, chain: number, hopId: string): Ancestor[] {
  const query = `WITH RECURSIVE up AS (${CLIMB} WHERE chain = ? AND hop_id = ? ${CLIMB_ON}`;
  return [...sql.exec<AncestorColumns>(query, chain, hopId)].map(toAncestor);
}

/** As `readPath`, from a row id. */
export function readPathOfRow(sql: Sql, id: number | null): Ancestor[] {
  if (id === null) return [];
  const query = `WITH RECURSIVE up AS (${CLIMB} WHERE id = ? ${CLIMB_ON}`;
  return [...sql.exec<AncestorColumns>(query, id)].map(toAncestor);
}

/** Open hops below a hop, in no order. An open hop's parent is open, so the walk goes through open rows only. */
export function readOpenBelow(sql: Sql, id: number): HopRow[] {
  const query = `WITH RECURSIVE below (id) AS (
      SELECT id FROM hop WHERE parent = ? AND status = 'open'
      UNION ALL SELECT hop.id FROM below JOIN hop ON hop.parent = below.id AND hop.status = 'open')
    SELECT ${HOP_COLUMNS} FROM below JOIN hop ON hop.id = below.id`;
  return [...sql.exec<HopColumns>(query, id)].map(toHop);
}

export function countOpenChildren(sql: Sql, id: number): number {
  const query = "SELECT COUNT(*) AS n FROM hop WHERE parent = ? AND status = 'open'";
  return firstRow(sql.exec<{ n: number }>(query, id))?.n ?? 0;
}

/** Open hops of a chain whose lease ends first. */
export function readOpenByLease(sql: Sql, chain: number, most: number): HopRow[] {
  const query = `SELECT ${HOP_COLUMNS} FROM hop WHERE chain = ? AND status = 'open' ORDER BY lease_at LIMIT ?`;
  return [...sql.exec<HopColumns>(query, chain, most)].map(toHop);
}
