/** What a ledger hands out of its rows: a chain, pages of its hops, outcomes. Whatever costs CPU is made of them elsewhere. */
import type { Counted, Limits } from "../limits.ts";
import type { Rejection } from "../rejection.ts";
import type { Sql } from "../sql.ts";
import type { ChainStatus, HopStatus } from "./facts.ts";
import { ancestorsOf, type LiveChain, type LiveHop } from "./live.ts";
import { free } from "./purses.ts";
import { gaugesOf, stackOf } from "./stack.ts";

/** A chain as the API shows it (docs/design.md, 6a). Times are epoch milliseconds. */
export interface ChainView {
  readonly chainId: string;
  readonly status: ChainStatus;
  readonly root: { readonly agent: string; readonly principal: string };
  readonly limits: Limits;
  readonly spent: Limits;
  readonly reserved: Limits;
  readonly overrun: Limits;
  readonly hops: Readonly<Record<HopStatus, number>>;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly deadlineAt: number;
  readonly traceparent: string | null;
}

export function chainView(chain: LiveChain, now: number): ChainView {
  const { purses } = chain;
  const each = (pick: "spent" | "held" | "over", concurrency: number, wallMs: number): Limits => ({
    hops: purses.hops[pick],
    bytes: purses.bytes[pick],
    tokens: purses.tokens[pick],
    costMicros: purses.costMicros[pick],
    concurrency,
    wallMs,
  });
  return {
    chainId: chain.chainId,
    status: chain.status,
    root: { agent: chain.agent, principal: chain.principal },
    limits: chain.limits,
    // The gauge is what is open now; it reserves nothing beside.
    spent: each("spent", chain.open, (chain.endedAt ?? now) - chain.startedAt),
    reserved: each("held", 0, 0),
    overrun: each("over", 0, 0),
    hops: { open: chain.open, ...chain.counts },
    startedAt: chain.startedAt,
    endedAt: chain.endedAt,
    deadlineAt: chain.deadlineMs,
    traceparent: chain.traceparent,
  };
}

/** A hop as the ledger hands it out; `path` and `caller` are the reader's to derive from the parents. */
export interface HopView {
  readonly row: number;
  readonly hopId: string;
  readonly parentRow: number | null;
  readonly parentHopId: string | null;
  readonly depth: number;
  readonly kind: "agent" | "tool" | "model";
  readonly callee: string;
  readonly skill: string;
  readonly status: HopStatus;
  readonly rejection: Rejection | null;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly hops: number;
  readonly bytes: number;
  readonly tokens: number;
  readonly costMicros: number;
  readonly attempt: number;
  readonly late: boolean;
  readonly inputDigest: string;
  readonly outputDigest: string | null;
  readonly metadata: unknown;
}

export type HopViewColumns = Omit<HopView, "rejection" | "late" | "metadata"> & {
  rejection: string | null;
  late: number;
  metadata: string | null;
};

/** What a hop's view is made of, for a query over `hop` and the hop `above` it. */
export const HOP_VIEW = `hop.id AS row, hop.hop_id AS hopId, hop.parent AS parentRow, above.hop_id AS parentHopId, hop.depth, hop.kind,
  hop.callee, hop.skill, hop.status, hop.rejection, hop.started_at AS startedAt, hop.ended_at AS endedAt,
  hop.used_hops AS hops, hop.used_bytes AS bytes, hop.used_tokens AS tokens, hop.used_cost AS costMicros, hop.attempt,
  hop.late, hop.input_digest AS inputDigest, hop.output_digest AS outputDigest, hop.metadata`;

export function toHopView(row: HopViewColumns): HopView {
  return {
    ...row,
    rejection: row.rejection === null ? null : (JSON.parse(row.rejection) as Rejection),
    late: row.late === 1,
    metadata: row.metadata === null ? null : (JSON.parse(row.metadata) as unknown),
  };
}

/** The paths of hops, by row: agents' names from the root. */
export function readPaths(sql: Sql, rows: readonly number[]): Record<number, string[]> {
  const query = `WITH RECURSIVE up (callee, parent, place) AS (
      SELECT callee, parent, 0 FROM hop WHERE id = ?
      UNION ALL SELECT hop.callee, hop.parent, place + 1 FROM up JOIN hop ON hop.id = up.parent)
    SELECT callee FROM up ORDER BY place DESC`;
  const pathOf = (row: number) => [...sql.exec<{ callee: string }>(query, row)].map((step) => step.callee);
  return Object.fromEntries(rows.map((row) => [row, pathOf(row)]));
}

/** Hops of a chain in the order of their admission, after the row `after`. */
export function readHopViews(sql: Sql, chain: number, after: number, most: number): HopView[] {
  const rows = sql.exec<HopViewColumns & Record<string, string | number | null>>(
    `SELECT ${HOP_VIEW} FROM hop LEFT JOIN hop AS above ON above.id = hop.parent WHERE hop.chain = ? AND hop.id > ? ORDER BY hop.id LIMIT ?`,
    chain,
    after,
    most,
  );
  return [...rows].map(toHopView);
}

/** What is left to a hop: of each budget dimension the least that a purse on its path has free, and levels below it. */
export type RemainingView = Limits & { readonly depth: number };

export function remainingView(hop: LiveHop, now: number): RemainingView {
  const { chain } = hop;
  const path = [hop, ...ancestorsOf(hop)];
  const owners = path.map((step) => step.purses);
  const stack = stackOf(owners, chain.purses);
  const counted = (dimension: Counted) => {
    const [standing] = stack[dimension];
    return standing.overran || chain.purses[dimension].over > 0 ? 0 : free(standing);
  };
  const policy = path.find((step) => step.policy !== undefined)?.policy ?? chain.policy;
  return {
    hops: counted("hops"),
    bytes: counted("bytes"),
    tokens: counted("tokens"),
    costMicros: counted("costMicros"),
    concurrency: Math.max(0, Math.min(...gaugesOf(owners, chain).map((gauge) => gauge.limit - gauge.open))),
    wallMs: Math.max(0, hop.deadlineMs - now),
    depth: policy.maxDepth - path.length,
  };
}
