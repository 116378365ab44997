/** Hop rows: one function a statement. Rows in, objects out; nothing is decided here. */
import type { Rejection } from "../rejection.ts";
import { firstRow, type Sql } from "../sql.ts";
import type { HopStatus, StandingPolicy } from "./facts.ts";
import { type Amounts, type LiveChain, type LiveHop, NOTHING } from "./live.ts";
import type { OwnPurses } from "./stack.ts";

type HopColumns = {
  id: number;
  hop_id: string;
  parent: number | null;
  depth: number;
  kind: LiveHop["kind"];
  callee: string;
  skill: string;
  address: string;
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
  below: string | null;
  unknown: string | null;
  late_by: string | null;
  late: number;
  attempt: number;
  input_bytes: number;
  input_digest: string;
  output_digest: string | null;
  metadata: string | null;
  timeout_ms: number;
  started_at: number;
  deadline_at: number;
  lease_at: number;
  graced: number;
  ended_at: number | null;
  ended_seq: number | null;
};

function parsed<T>(json: string | null): T | undefined {
  return json === null ? undefined : (JSON.parse(json) as T);
}

function json(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

function toHop(row: HopColumns, chain: LiveChain, parent: LiveHop | undefined): LiveHop {
  const hop: LiveHop = {
    row: "written",
    id: row.id,
    hopId: row.hop_id,
    chain,
    parent,
    openBelow: new Set(),
    depth: row.depth,
    kind: row.kind,
    callee: row.callee,
    skill: row.skill,
    address: row.address,
    inputBytes: row.input_bytes,
    inputDigest: row.input_digest,
    metadata: row.metadata,
    estimate: { tokens: row.est_tokens, costMicros: row.est_cost },
    timeoutMs: row.timeout_ms,
    startedAt: row.started_at,
    deadlineMs: row.deadline_at,
    policy: parsed<StandingPolicy>(row.policy),
    purses: parsed<OwnPurses>(row.purses),
    status: row.status,
    rejection: parsed<Rejection>(row.rejection),
    used: { hops: row.used_hops, bytes: row.used_bytes, tokens: row.used_tokens, costMicros: row.used_cost },
    below: parsed<Amounts>(row.below) ?? NOTHING,
    unknown: parsed<Amounts>(row.unknown),
    lateBy: parsed<Amounts>(row.late_by),
    late: row.late === 1,
    attempt: row.attempt,
    leaseAt: row.lease_at,
    graced: row.graced === 1,
    outputDigest: row.output_digest,
    endedAt: row.ended_at,
    endedSeq: row.ended_seq,
  };
  chain.hops.set(hop.hopId, hop);
  return hop;
}

type Above = (id: number) => LiveHop | undefined;

function placed(row: HopColumns | undefined, chain: LiveChain, above: Above): LiveHop | undefined {
  return row && toHop(row, chain, row.parent === null ? undefined : above(row.parent));
}

export function loadHop(sql: Sql, chain: LiveChain, hopId: string, above: Above): LiveHop | undefined {
  const query = "SELECT * FROM hop WHERE chain = ? AND hop_id = ?";
  return placed(firstRow(sql.exec<HopColumns>(query, chain.id, hopId)), chain, above);
}

export function loadHopByRow(sql: Sql, chain: LiveChain, id: number, above: Above): LiveHop | undefined {
  return placed(firstRow(sql.exec<HopColumns>("SELECT * FROM hop WHERE id = ?", id)), chain, above);
}

/** The open hops of a running chain, parents first, with what has ended below each of them. */
export function loadOpenHops(sql: Sql, chain: LiveChain): void {
  const byRow = new Map<number, LiveHop>();
  const rows = sql.exec<HopColumns>("SELECT * FROM hop WHERE chain = ? AND status = 'open' ORDER BY id", chain.id);
  for (const row of [...rows]) {
    const parent = row.parent === null ? undefined : byRow.get(row.parent);
    const hop = toHop(row, chain, parent);
    parent?.openBelow.add(hop);
    byRow.set(hop.id, hop);
  }
  // The sums of ended hops stand in their own rows; those of open ones are made from them.
  const sums = sql.exec<Record<"parent" | keyof Amounts, number>>(
    `SELECT parent, SUM(used_hops + COALESCE(below ->> '$.hops', 0)) AS hops, SUM(used_bytes + COALESCE(below ->> '$.bytes', 0)) AS bytes,
       SUM(used_tokens + COALESCE(below ->> '$.tokens', 0)) AS tokens, SUM(used_cost + COALESCE(below ->> '$.costMicros', 0)) AS costMicros
     FROM hop WHERE chain = ? AND status NOT IN ('open', 'rejected') AND parent IS NOT NULL GROUP BY parent`,
    chain.id,
  );
  for (const { parent, ...amounts } of [...sums]) {
    const hop = byRow.get(parent);
    if (hop !== undefined) hop.below = amounts;
  }
}

/** What a hop is from its start. */
const PLACE = [
  "id",
  "chain",
  "hop_id",
  "parent",
  "depth",
  "kind",
  "callee",
  "skill",
  "address",
  "policy",
  "est_tokens",
  "est_cost",
  "input_bytes",
  "input_digest",
  "metadata",
  "timeout_ms",
  "started_at",
  "deadline_at",
];
/** What becomes of it. */
const COURSE = [
  "status",
  "rejection",
  "purses",
  "used_hops",
  "used_bytes",
  "used_tokens",
  "used_cost",
  "below",
  "unknown",
  "late_by",
  "late",
  "attempt",
  "output_digest",
  "lease_at",
  "graced",
  "ended_at",
  "ended_seq",
];

const INSERT = `INSERT INTO hop (${PLACE}, ${COURSE}) VALUES (${[...PLACE, ...COURSE].map(() => "?")})`;
/** Of a hop that was just admitted: what it begins with stands in the statement, because each bound value has its price. */
const INSERT_OPEN = `INSERT INTO hop (${PLACE}, purses, used_hops, used_bytes, lease_at, status, used_tokens, used_cost, late, attempt, graced)
  VALUES (${PLACE.map(() => "?")}, ?, ?, ?, ?, 'open', 0, 0, 0, 1, 0)`;
const UPDATE = `UPDATE hop SET ${COURSE.map((column) => `${column} = ?`)} WHERE id = ?`;

function placeOf(hop: LiveHop): (string | number | null)[] {
  return [
    hop.id,
    hop.chain.id,
    hop.hopId,
    hop.parent?.id ?? null,
    hop.depth,
    hop.kind,
    hop.callee,
    hop.skill,
    hop.address,
    json(hop.policy),
    hop.estimate.tokens,
    hop.estimate.costMicros,
    hop.inputBytes,
    hop.inputDigest,
    hop.metadata,
    hop.timeoutMs,
    hop.startedAt,
    hop.deadlineMs,
  ];
}

function courseOf(hop: LiveHop): (string | number | null)[] {
  return [
    hop.status,
    json(hop.rejection),
    json(hop.purses),
    hop.used.hops,
    hop.used.bytes,
    hop.used.tokens,
    hop.used.costMicros,
    hop.below === NOTHING ? null : json(hop.below),
    json(hop.unknown),
    json(hop.lateBy),
    hop.late ? 1 : 0,
    hop.attempt,
    hop.outputDigest,
    hop.leaseAt,
    hop.graced ? 1 : 0,
    hop.endedAt,
    hop.endedSeq,
  ];
}

function isJustAdmitted({ status, attempt, below, used, graced, late }: LiveHop): boolean {
  const untouched = below === NOTHING && used.tokens === 0 && used.costMicros === 0;
  return status === "open" && attempt === 1 && untouched && !graced && !late;
}

export function insertHop(sql: Sql, hop: LiveHop): void {
  if (isJustAdmitted(hop)) {
    sql.exec(INSERT_OPEN, ...placeOf(hop), json(hop.purses), hop.used.hops, hop.used.bytes, hop.leaseAt);
  } else sql.exec(INSERT, ...placeOf(hop), ...courseOf(hop));
}

export function updateHop(sql: Sql, hop: LiveHop): void {
  sql.exec(UPDATE, ...courseOf(hop), hop.id);
}
