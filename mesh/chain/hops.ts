/** Hop rows: one function a statement. Rows in, objects out; nothing is decided here. */
import type { Rejection } from "../rejection.ts";
import { firstRow, type Sql } from "../sql.ts";
import type { HopStatus, StandingPolicy } from "./facts.ts";
import { type Amounts, type LiveChain, type LiveHop, NOTHING } from "./live.ts";
import type { OwnPurses } from "./stack.ts";
import { insertInto, run, updateOf, type Value } from "./statement.ts";

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

function toHop(row: HopColumns, chain: LiveChain, parent: LiveHop | undefined): LiveHop {
  const hop: LiveHop = {
    kept: "written",
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
  "parent?",
  "depth",
  "kind",
  "callee",
  "skill",
  "address",
  "est_tokens",
  "est_cost",
  "input_bytes",
  "input_digest",
  "timeout_ms",
  "started_at",
  "deadline_at",
];
const RARE_PLACE = ["policy?", "metadata?"];
/** What becomes of it. */
const COURSE = [
  "status",
  "used_hops",
  "used_bytes",
  "used_tokens",
  "used_cost",
  "output_digest?",
  "lease_at",
  "ended_at?",
  "ended_seq?",
];
const RARE_COURSE = ["rejection?", "purses?", "below?", "unknown?", "late_by?", "late", "attempt", "graced"];

export const NEW_HOP = insertInto("hop", [...PLACE, ...RARE_PLACE, ...COURSE, ...RARE_COURSE]);
/** Of most hops: nothing rare is to be said of them. */
const NEW_PLAIN_HOP = insertInto("hop", [...PLACE, ...COURSE], { late: 0, attempt: 1, graced: 0 });
export const HOP_COURSE = updateOf("hop", [...COURSE, ...RARE_COURSE]);

function placeOf(hop: LiveHop): Value[] {
  return [
    hop.id,
    hop.chain.id,
    hop.hopId,
    hop.parent?.id,
    hop.depth,
    hop.kind,
    hop.callee,
    hop.skill,
    hop.address,
    hop.estimate.tokens,
    hop.estimate.costMicros,
    hop.inputBytes,
    hop.inputDigest,
    hop.timeoutMs,
    hop.startedAt,
    hop.deadlineMs,
  ];
}

function courseOf({ status, used, outputDigest, leaseAt, endedAt, endedSeq }: LiveHop): Value[] {
  const { hops, bytes, tokens, costMicros } = used;
  return [status, hops, bytes, tokens, costMicros, outputDigest, leaseAt, endedAt, endedSeq];
}

function rareCourseOf(hop: LiveHop): Value[] {
  const { rejection, purses, below, unknown, lateBy, late, attempt, graced } = hop;
  return [rejection, purses, below === NOTHING ? null : below, unknown, lateBy, late ? 1 : 0, attempt, graced ? 1 : 0];
}

/** The values of NEW_HOP. */
export function newHop(hop: LiveHop): Value[] {
  return [...placeOf(hop), hop.policy, hop.metadata, ...courseOf(hop), ...rareCourseOf(hop)];
}

/** The values of HOP_COURSE. */
export function courseOfHop(hop: LiveHop): Value[] {
  return [...courseOf(hop), ...rareCourseOf(hop), hop.id];
}

function isPlain({ policy, metadata, rejection, purses, below, unknown, lateBy, late, attempt, graced }: LiveHop) {
  const said = policy ?? metadata ?? rejection ?? purses ?? unknown ?? lateBy;
  return said == null && below === NOTHING && !late && attempt === 1 && !graced;
}

export function placeHop(sql: Sql, hop: LiveHop): void {
  if (hop.row === "new" && isPlain(hop)) run(sql, NEW_PLAIN_HOP, [...placeOf(hop), ...courseOf(hop)]);
  else if (hop.row === "new") run(sql, NEW_HOP, newHop(hop));
  else if (hop.row === "changed") run(sql, HOP_COURSE, courseOfHop(hop));
}
