/** Chain rows: one function a statement. */
import type { Limits } from "../limits.ts";
import { firstRow, type Sql } from "../sql.ts";
import type { ChainStatus, StandingPolicy } from "./facts.ts";
import type { LiveChain } from "./live.ts";
import type { RootPurses } from "./stack.ts";
import { insertInto, run, updateOf, type Value } from "./statement.ts";

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
    kept: "written",
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
    touched: new Set(),
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
  "traceparent?",
  "started_at",
  "deadline_at",
  "due_at",
];
/** What becomes of it. */
const COURSE = ["status", "purses", "open", "done", "error", "rejected", "lost", "cancelled", "ended_at?"];

export const NEW_CHAIN = insertInto("chain", [...PLACE, ...COURSE]);
/** Two statements: one that sets an indexed column writes its index, changed or not. */
export const CHAIN_COURSE = updateOf("chain", [...COURSE, "due_at"]);
const COURSE_WITHOUT_DUE = updateOf("chain", COURSE);

function courseOf({ status, purses, open, counts, endedAt }: LiveChain): Value[] {
  const { done, error, rejected, lost, cancelled } = counts;
  return [status, purses, open, done, error, rejected, lost, cancelled, endedAt];
}

/** The values of NEW_CHAIN. */
export function newChain(chain: LiveChain): Value[] {
  const { id, chainId, agent, principal, limits, policy, traceparent, startedAt, deadlineMs, dueAt } = chain;
  return [id, chainId, agent, principal, limits, policy, traceparent, startedAt, deadlineMs, dueAt, ...courseOf(chain)];
}

/** The values of CHAIN_COURSE. */
export function courseOfChain(chain: LiveChain): Value[] {
  return [...courseOf(chain), chain.dueAt, chain.id];
}

export function placeChain(sql: Sql, chain: LiveChain): void {
  if (chain.row === "new") run(sql, NEW_CHAIN, newChain(chain));
  else if (chain.dueMoved) run(sql, CHAIN_COURSE, courseOfChain(chain));
  else if (chain.row === "changed") run(sql, COURSE_WITHOUT_DUE, [...courseOf(chain), chain.id]);
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
