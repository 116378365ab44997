/** The index's rows: one function a statement. */
import { firstRow, type Sql } from "../sql.ts";
import type { EdgeSums } from "./edges.ts";

export interface ChainItem {
  readonly chainId: string;
  readonly status: string;
  readonly agent: string;
  readonly principal: string;
  readonly startedAt: number;
  readonly endedAt: number | null;
}

export function readHeard(sql: Sql, ledger: string): number {
  return firstRow(sql.exec<{ seq: number }>("SELECT seq FROM ledger WHERE name = ?", ledger))?.seq ?? 0;
}

export function writeHeard(sql: Sql, ledger: string, seq: number): void {
  sql.exec("INSERT OR REPLACE INTO ledger (name, seq) VALUES (?, ?)", ledger, seq);
}

export function writeChain(sql: Sql, chain: ChainItem): void {
  sql.exec(
    "INSERT OR REPLACE INTO chain (chain_id, status, agent, principal, started_at, ended_at) VALUES (?, ?, ?, ?, ?, ?)",
    chain.chainId,
    chain.status,
    chain.agent,
    chain.principal,
    chain.startedAt,
    chain.endedAt,
  );
}

export function deleteChain(sql: Sql, chainId: string): void {
  sql.exec("DELETE FROM chain WHERE chain_id = ?", chainId);
}

export interface ChainSearch {
  readonly status?: string | undefined;
  readonly agent?: string | undefined;
  /** Epoch milliseconds: chains that started then or later. */
  readonly since: number;
  /** The last item of the page before. */
  readonly before?: { readonly startedAt: number; readonly chainId: string } | undefined;
  readonly limit: number;
}

/** Newest first. */
export function searchChains(sql: Sql, search: ChainSearch): ChainItem[] {
  const where = ["started_at >= ?", "(started_at, chain_id) < (?, ?)"];
  const bindings: (string | number)[] = [
    search.since,
    search.before?.startedAt ?? Number.MAX_SAFE_INTEGER,
    search.before?.chainId ?? "",
  ];
  if (search.status !== undefined) {
    where.push("status = ?");
    // What the planner needs to see to take the index of these alone.
    if (search.status !== "done") where.push("status <> 'done'");
    bindings.push(search.status);
  }
  if (search.agent !== undefined) {
    where.push("agent = ?");
    bindings.push(search.agent);
  }
  const query = `SELECT chain_id AS chainId, status, agent, principal, started_at AS startedAt, ended_at AS endedAt
    FROM chain WHERE ${where.join(" AND ")} ORDER BY started_at DESC, chain_id DESC LIMIT ?`;
  const rows = sql.exec<Record<string, string | number | null>>(query, ...bindings, search.limit);
  return [...rows] as unknown as ChainItem[];
}

type EdgeColumns = {
  minute: number;
  caller: string;
  callee: string;
  calls: number;
  errors: number;
  rejections: string;
  latency: string;
  tokens: number;
  cost: number;
  first_at: number;
  last_at: number;
};

function toEdge({ rejections, latency, cost, first_at, last_at, ...row }: EdgeColumns): EdgeSums {
  return {
    ...row,
    rejections: JSON.parse(rejections) as EdgeSums["rejections"],
    latency: JSON.parse(latency) as EdgeSums["latency"],
    costMicros: cost,
    firstAt: first_at,
    lastAt: last_at,
  };
}

export function readEdge(sql: Sql, minute: number, caller: string, callee: string): EdgeSums | undefined {
  const query = "SELECT * FROM edge WHERE minute = ? AND caller = ? AND callee = ?";
  const row = firstRow(sql.exec<EdgeColumns>(query, minute, caller, callee));
  return row && toEdge(row);
}

export function writeEdge(sql: Sql, edge: EdgeSums): void {
  sql.exec(
    `INSERT OR REPLACE INTO edge (minute, caller, callee, calls, errors, rejections, latency, tokens, cost, first_at, last_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    edge.minute,
    edge.caller,
    edge.callee,
    edge.calls,
    edge.errors,
    JSON.stringify(edge.rejections),
    JSON.stringify(edge.latency),
    edge.tokens,
    edge.costMicros,
    edge.firstAt,
    edge.lastAt,
  );
}

/** Edges by minute, whose last call was at `since` or later. */
export function readEdges(sql: Sql, since: number, fromMinute: number): Iterable<EdgeSums> {
  const rows = sql.exec<EdgeColumns>("SELECT * FROM edge WHERE minute >= ? AND last_at >= ?", fromMinute, since);
  return [...rows].map(toEdge);
}

export function deleteEdgesBefore(sql: Sql, minute: number): void {
  sql.exec("DELETE FROM edge WHERE minute < ?", minute);
}
