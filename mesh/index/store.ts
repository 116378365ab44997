/** The rows of the list of chains, and of what was heard: one function a statement. */
import { firstRow, type Sql } from "../sql.ts";

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
    `INSERT INTO chain (chain_id, status, agent, principal, started_at, ended_at) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (chain_id) DO UPDATE SET status = excluded.status, ended_at = excluded.ended_at`,
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
