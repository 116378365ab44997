/** Chain rows: one function a statement. */
import type { Limits } from "../limits.ts";
import { firstRow, type Sql } from "../sql.ts";
import type { ChainStatus, StandingPolicy } from "./facts.ts";
import type { LiveChain } from "./live.ts";
import type { RootPurses } from "./stack.ts";

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
  due_at: number;
};

function toChain(row: ChainColumns): LiveChain {
  const { done, error, rejected, lost, cancelled } = row;
  return {
    row: "written",
    id: row.id,
    chainId: row.chain_id,
    status: row.status,
    agent: row.agent,
    principal: row.principal,
    limits: JSON.parse(row.limits) as Limits,
    policy: JSON.parse(row.policy) as StandingPolicy,
    purses: JSON.parse(row.purses) as RootPurses,
    open: row.open,
    counts: { done, error, rejected, lost, cancelled },
    traceparent: row.traceparent,
    startedAt: row.started_at,
    deadlineMs: row.deadline_at,
    endedAt: row.ended_at,
    dueAt: row.due_at,
    dueMoved: false,
    hops: new Map(),
    writes: [],
  };
}

export function loadChain(sql: Sql, chainId: string): LiveChain | undefined {
  const row = firstRow(sql.exec<ChainColumns>("SELECT * FROM chain WHERE chain_id = ?", chainId));
  return row && toChain(row);
}

export function loadChainByRow(sql: Sql, id: number): LiveChain | undefined {
  const row = firstRow(sql.exec<ChainColumns>("SELECT * FROM chain WHERE id = ?", id));
  return row && toChain(row);
}

/** What a chain is from its start, and when the object is to look at it. */
const PLACE = [
  "id",
  "chain_id",
  "agent",
  "principal",
  "limits",
  "policy",
  "traceparent",
  "started_at",
  "deadline_at",
  "due_at",
];
/** What becomes of it. */
const COURSE = ["status", "purses", "open", "done", "error", "rejected", "lost", "cancelled", "ended_at"];

const INSERT = `INSERT INTO chain (${PLACE}, ${COURSE}) VALUES (${[...PLACE, ...COURSE].map(() => "?")})`;
const CHANGED = `UPDATE chain SET ${COURSE.map((column) => `${column} = ?`)}`;
/** Two statements: one that sets an indexed column writes its index, changed or not. */
const UPDATE = `${CHANGED} WHERE id = ?`;
const UPDATE_WITH_DUE = `${CHANGED}, due_at = ? WHERE id = ?`;

function courseOf({ status, purses, open, counts, endedAt }: LiveChain): (string | number | null)[] {
  const { done, error, rejected, lost, cancelled } = counts;
  return [status, JSON.stringify(purses), open, done, error, rejected, lost, cancelled, endedAt];
}

export function insertChain(sql: Sql, chain: LiveChain): void {
  sql.exec(
    INSERT,
    chain.id,
    chain.chainId,
    chain.agent,
    chain.principal,
    JSON.stringify(chain.limits),
    JSON.stringify(chain.policy),
    chain.traceparent,
    chain.startedAt,
    chain.deadlineMs,
    chain.dueAt,
    ...courseOf(chain),
  );
}

export function updateChain(sql: Sql, chain: LiveChain): void {
  if (chain.dueMoved) sql.exec(UPDATE_WITH_DUE, ...courseOf(chain), chain.dueAt, chain.id);
  else sql.exec(UPDATE, ...courseOf(chain), chain.id);
}

export function setChainDue(sql: Sql, id: number, at: number): void {
  sql.exec("UPDATE chain SET due_at = ? WHERE id = ?", at, id);
}

/** The highest number that anything has in the ledger's one sequence. */
export function readMaxSeq(sql: Sql): number {
  const row = firstRow(
    sql.exec<{ seq: number | null }>(
      `SELECT MAX(COALESCE((SELECT MAX(id) FROM chain), 0), COALESCE((SELECT MAX(id) FROM hop), 0),
         COALESCE((SELECT MAX(ended_seq) FROM hop WHERE ended_seq IS NOT NULL), 0), COALESCE((SELECT MAX(seq) FROM event), 0)) AS seq`,
    ),
  );
  return row?.seq ?? 0;
}
