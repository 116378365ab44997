/** Chain rows: one function a statement. Rows in, camelCase out; nothing is decided here. */
import type { Limits } from "../limits.ts";
import { firstRow, type Sql } from "../sql.ts";
import type { Ask, ChainStatus, HopStatus, RootCall, StandingPolicy } from "./facts.ts";
import { newRootPurses, type RootPurses } from "./stack.ts";

export interface ChainRow {
  readonly id: number;
  readonly chainId: string;
  readonly status: ChainStatus;
  readonly agent: string;
  readonly principal: string;
  readonly limits: Limits;
  readonly policy: StandingPolicy;
  readonly purses: RootPurses;
  readonly open: number;
  readonly hops: Readonly<Record<Exclude<HopStatus, "open">, number>>;
  readonly traceparent: string | null;
  readonly startedAt: number;
  readonly deadlineMs: number;
  readonly endedAt: number | null;
  readonly leaseDue: number | null;
}

type ChainColumns = {
  id: number;
  chain_id: string;
  status: ChainStatus;
  agent: string;
  principal: string;
  limits: string;
  policy: string;
  purses: string;
  open: number;
  done: number;
  error: number;
  rejected: number;
  lost: number;
  cancelled: number;
  traceparent: string | null;
  started_at: number;
  deadline_at: number;
  ended_at: number | null;
  lease_due: number | null;
};

function toChain(row: ChainColumns): ChainRow {
  const { done, error, rejected, lost, cancelled } = row;
  return {
    id: row.id,
    chainId: row.chain_id,
    status: row.status,
    agent: row.agent,
    principal: row.principal,
    limits: JSON.parse(row.limits) as Limits,
    policy: JSON.parse(row.policy) as StandingPolicy,
    purses: JSON.parse(row.purses) as RootPurses,
    open: row.open,
    hops: { done, error, rejected, lost, cancelled },
    traceparent: row.traceparent,
    startedAt: row.started_at,
    deadlineMs: row.deadline_at,
    endedAt: row.ended_at,
    leaseDue: row.lease_due,
  };
}

export function readChain(sql: Sql, chainId: string): ChainRow | undefined {
  const row = firstRow(sql.exec<ChainColumns>("SELECT * FROM chain WHERE chain_id = ?", chainId));
  return row && toChain(row);
}

export function readChainByRow(sql: Sql, id: number): ChainRow | undefined {
  const row = firstRow(sql.exec<ChainColumns>("SELECT * FROM chain WHERE id = ?", id));
  return row && toChain(row);
}

export function insertChain(sql: Sql, ask: Ask, root: RootCall, now: number): ChainRow {
  const purses = newRootPurses(root.limits);
  const deadlineMs = now + root.limits.wallMs;
  const row = firstRow(
    sql.exec<{ id: number }>(
      `INSERT INTO chain (chain_id, status, agent, principal, limits, policy, purses, open, traceparent, started_at, deadline_at)
       VALUES (?, 'running', ?, ?, ?, ?, ?, 0, ?, ?, ?) RETURNING id`,
      ask.chainId,
      ask.callee,
      root.principal,
      JSON.stringify(root.limits),
      JSON.stringify(root.policy),
      JSON.stringify(purses),
      root.traceparent ?? null,
      now,
      deadlineMs,
    ),
  );
  return {
    id: (row as { id: number }).id,
    chainId: ask.chainId,
    status: "running",
    agent: ask.callee,
    principal: root.principal,
    limits: root.limits,
    policy: root.policy,
    purses,
    open: 0,
    hops: { done: 0, error: 0, rejected: 0, lost: 0, cancelled: 0 },
    traceparent: root.traceparent ?? null,
    startedAt: now,
    deadlineMs,
    endedAt: null,
    leaseDue: null,
  };
}

export function writeChainOnAdmission(sql: Sql, id: number, purses: RootPurses, leaseDue: number | null): void {
  sql.exec(
    "UPDATE chain SET purses = ?, open = open + 1, lease_due = ? WHERE id = ?",
    JSON.stringify(purses),
    leaseDue,
    id,
  );
}

export function writeChainPurses(sql: Sql, id: number, purses: RootPurses): void {
  sql.exec("UPDATE chain SET purses = ? WHERE id = ?", JSON.stringify(purses), id);
}

const COUNT_SETTLED = {
  done: "UPDATE chain SET purses = ?, open = open - 1, done = done + 1 WHERE id = ?",
  error: "UPDATE chain SET purses = ?, open = open - 1, error = error + 1 WHERE id = ?",
  lost: "UPDATE chain SET purses = ?, open = open - 1, lost = lost + 1 WHERE id = ?",
  cancelled: "UPDATE chain SET purses = ?, open = open - 1, cancelled = cancelled + 1 WHERE id = ?",
} as const;

export function writeChainOnSettlement(
  sql: Sql,
  id: number,
  purses: RootPurses,
  status: keyof typeof COUNT_SETTLED,
): void {
  sql.exec(COUNT_SETTLED[status], JSON.stringify(purses), id);
}

export function countRejection(sql: Sql, id: number): void {
  sql.exec("UPDATE chain SET rejected = rejected + 1 WHERE id = ?", id);
}

export function endChain(sql: Sql, id: number, status: Exclude<ChainStatus, "running">, now: number): void {
  sql.exec("UPDATE chain SET status = ?, ended_at = ?, lease_due = NULL WHERE id = ?", status, now, id);
}

export function writeLeaseDue(sql: Sql, id: number, leaseDue: number | null): void {
  sql.exec("UPDATE chain SET lease_due = ? WHERE id = ?", leaseDue, id);
}
