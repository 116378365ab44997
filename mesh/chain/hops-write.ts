/** Hop rows, written: one function a statement. */
import type { Rejection } from "../rejection.ts";
import { firstRow, type Sql } from "../sql.ts";
import type { Ask, StandingPolicy } from "./facts.ts";
import type { Amounts } from "./hops.ts";
import type { OwnPurses } from "./stack.ts";

export interface NewHop {
  readonly chain: number;
  readonly ask: Ask;
  readonly parent: number | null;
  readonly depth: number;
  readonly now: number;
}

export function insertOpenHop(
  sql: Sql,
  hop: NewHop & {
    readonly policy: StandingPolicy | undefined;
    readonly purses: OwnPurses | undefined;
    readonly deadlineMs: number;
    readonly leaseAt: number;
  },
): number {
  const { ask } = hop;
  const row = firstRow(
    sql.exec<{ id: number }>(
      `INSERT INTO hop (chain, hop_id, parent, depth, kind, callee, skill, address, status, policy, purses, est_tokens, est_cost,
         used_hops, used_bytes, input_bytes, input_digest, metadata, timeout_ms, started_at, deadline_at, lease_at)
       VALUES (?, ?, ?, ?, 'agent', ?, ?, ?, 'open', ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
      hop.chain,
      ask.hopId,
      hop.parent,
      hop.depth,
      ask.callee,
      ask.skill,
      ask.address,
      hop.policy === undefined ? null : JSON.stringify(hop.policy),
      hop.purses === undefined ? null : JSON.stringify(hop.purses),
      ask.estimate.tokens,
      ask.estimate.costMicros,
      ask.inputBytes,
      ask.inputBytes,
      ask.inputDigest,
      ask.metadata ?? null,
      ask.timeoutMs,
      hop.now,
      hop.deadlineMs,
      hop.leaseAt,
    ),
  );
  return (row as { id: number }).id;
}

/** A refused hop books nothing: it used nothing. */
export function insertRejectedHop(sql: Sql, hop: NewHop, rejection: Rejection): number {
  const { ask } = hop;
  const row = firstRow(
    sql.exec<{ id: number }>(
      `INSERT INTO hop (chain, hop_id, parent, depth, kind, callee, skill, address, status, rejection, est_tokens, est_cost,
         used_hops, used_bytes, input_bytes, input_digest, metadata, timeout_ms, started_at, deadline_at, lease_at, ended_at)
       VALUES (?, ?, ?, ?, 'agent', ?, ?, ?, 'rejected', ?, 0, 0, 0, 0, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
      hop.chain,
      ask.hopId,
      hop.parent,
      hop.depth,
      ask.callee,
      ask.skill,
      ask.address,
      JSON.stringify(rejection),
      ask.inputBytes,
      ask.inputDigest,
      ask.metadata ?? null,
      ask.timeoutMs,
      hop.now,
      hop.now,
      hop.now,
      hop.now,
    ),
  );
  return (row as { id: number }).id;
}

export interface HopEnd {
  readonly status: "done" | "error" | "lost" | "cancelled";
  readonly rejection: Rejection | undefined;
  readonly purses: OwnPurses | undefined;
  readonly used: Amounts;
  readonly unknown: Omit<Amounts, "hops"> | undefined;
  readonly outputDigest: string | null;
  readonly now: number;
}

export function writeSettledHop(sql: Sql, id: number, end: HopEnd): void {
  sql.exec(
    `UPDATE hop SET status = ?, rejection = ?, purses = ?, used_bytes = ?, used_tokens = ?, used_cost = ?, unknown = ?,
       output_digest = ?, ended_at = ? WHERE id = ?`,
    end.status,
    end.rejection === undefined ? null : JSON.stringify(end.rejection),
    end.purses === undefined ? null : JSON.stringify(end.purses),
    end.used.bytes,
    end.used.tokens,
    end.used.costMicros,
    end.unknown === undefined ? null : JSON.stringify(end.unknown),
    end.outputDigest,
    end.now,
    id,
  );
}

export function writeLateHop(
  sql: Sql,
  id: number,
  used: Amounts,
  purses: OwnPurses | undefined,
  outputDigest: string | null,
): void {
  sql.exec(
    "UPDATE hop SET late = 1, used_bytes = ?, used_tokens = ?, used_cost = ?, purses = ?, output_digest = ? WHERE id = ?",
    used.bytes,
    used.tokens,
    used.costMicros,
    purses === undefined ? null : JSON.stringify(purses),
    outputDigest,
    id,
  );
}

export function writeRetriedHop(
  sql: Sql,
  id: number,
  used: Amounts,
  purses: OwnPurses | undefined,
  leaseAt: number,
): void {
  sql.exec(
    `UPDATE hop SET attempt = attempt + 1, used_hops = ?, used_bytes = ?, used_tokens = ?, used_cost = ?, purses = ?, lease_at = ?, graced = 0
     WHERE id = ?`,
    used.hops,
    used.bytes,
    used.tokens,
    used.costMicros,
    purses === undefined ? null : JSON.stringify(purses),
    leaseAt,
    id,
  );
}

export function markLate(sql: Sql, id: number): void {
  sql.exec("UPDATE hop SET late = 1 WHERE id = ?", id);
}

export function addBelow(sql: Sql, id: number, amounts: Amounts): void {
  sql.exec(
    `UPDATE hop SET below_hops = below_hops + ?, below_bytes = below_bytes + ?, below_tokens = below_tokens + ?,
       below_cost = below_cost + ? WHERE id = ?`,
    amounts.hops,
    amounts.bytes,
    amounts.tokens,
    amounts.costMicros,
    id,
  );
}

export function writeHopPurses(sql: Sql, id: number, purses: OwnPurses): void {
  sql.exec("UPDATE hop SET purses = ? WHERE id = ?", JSON.stringify(purses), id);
}

export function writeLease(sql: Sql, id: number, leaseAt: number, graced: boolean): void {
  sql.exec("UPDATE hop SET lease_at = ?, graced = ? WHERE id = ?", leaseAt, graced ? 1 : 0, id);
}
