/**
 * A chain as the design's section 5a tells it: one object graph, no storage, every sentence a few lines. It is what the
 * ledger is compared with, so it is written to be checked against the text by eye and not to be fast.
 */

import type { Budget } from "../../mesh/budget.ts";
import { COUNTED, type Counted } from "../../mesh/limits.ts";
import { book, charge, close, correct, fits, free, grant, type ModelPurse, purse, rootOf } from "./model-purses.ts";

export type Amounts = Record<Counted, number>;
export type ModelStatus = "open" | "done" | "error" | "rejected" | "lost" | "cancelled";
type ModelEnd = "done" | "error" | "lost" | "cancelled";

export interface ModelHop {
  readonly id: string;
  readonly parent: ModelHop | undefined;
  readonly depth: number;
  readonly children: ModelHop[];
  readonly first: Amounts;
  readonly estimate: Amounts;
  /** The purses that it owns by its allowance. */
  readonly own: Partial<Record<Counted, ModelPurse>>;
  /** The purse that it draws on: its own where it has one, else its parent's. */
  readonly draws: Record<Counted, ModelPurse>;
  readonly gauge: number | undefined;
  readonly timeoutMs: number;
  readonly deadlineMs: number;
  lease: ModelLease;
  status: ModelStatus;
  attempt: number;
  used: Amounts;
  /** What its last attempt was booked with as UNKNOWN, while a late result may still correct it. */
  unknown: Amounts | undefined;
  /** A result came after its attempt had been settled: booked as LATE, or recorded as that of an earlier attempt. */
  late: boolean;
  refusal: ModelRefusal | undefined;
}

export interface ModelLease {
  endsAt: number;
  /** When the fresh lease ends that the last restart gave, if it gave one. */
  fresh: number | undefined;
  /** The one fresh lease is running. */
  graced: boolean;
}

export interface ModelChain {
  readonly limits: Amounts & { concurrency: number };
  readonly maxDepth: number;
  readonly deadlineMs: number;
  readonly root: Record<Counted, ModelPurse>;
  readonly hops: ModelHop[];
  status: "running" | "done" | "failed" | "cancelled" | "expired";
}

export interface ModelAsk {
  readonly id: string;
  readonly parent: string | undefined;
  readonly input: number;
  readonly tokens: number;
  readonly costMicros: number;
  readonly allowance: Budget;
  readonly timeoutMs: number;
}

export interface ModelRefusal {
  readonly code: string;
  readonly dimension?: Counted | "concurrency";
  readonly limit?: number;
  readonly actual?: number;
}

/** What an attempt is known to have used beyond `first`. */
export type Use = Omit<Amounts, "hops">;

export function newChain(limits: ModelChain["limits"], maxDepth: number, deadlineMs: number): ModelChain {
  return { limits, maxDepth, deadlineMs, root: each((d) => purse(limits[d])), hops: [], status: "running" };
}

export function each<T>(make: (dimension: Counted) => T): Record<Counted, T> {
  return { hops: make("hops"), bytes: make("bytes"), tokens: make("tokens"), costMicros: make("costMicros") };
}

export function hopOf(chain: ModelChain, id: string | undefined): ModelHop | undefined {
  return chain.hops.find((hop) => hop.id === id);
}

/** min(timeout, 30 s) + 5 s, never past the chain's deadline. */
export function leaseFrom(now: number, timeoutMs: number, deadlineMs: number): ModelLease {
  const endsAt = Math.min(now + Math.min(timeoutMs, 30_000) + 5_000, deadlineMs);
  return { endsAt, fresh: undefined, graced: false };
}

/**
 * ADMIT. A refusal is written as a rejected hop and books nothing.
 * Agreed reading: a call under a dead token is no call of the chain, and is not written.
 */
export function admit(chain: ModelChain, ask: ModelAsk, now: number): ModelHop {
  const parent = hopOf(chain, ask.parent);
  const depth = (parent?.depth ?? 0) + 1;
  const drawn = each((d) => parent?.draws[d] ?? chain.root[d]);
  const first = { hops: 1, bytes: ask.input, tokens: 0, costMicros: 0 };
  const estimate = { hops: 0, bytes: 0, tokens: ask.tokens, costMicros: ask.costMicros };
  const refusal = refuse(chain, ask, parent, now, depth, (d) => [drawn[d], first[d] + estimate[d]]);
  const own: Partial<Record<Counted, ModelPurse>> = {};
  const draws = each((d) => {
    const allowance = ask.allowance[d];
    if (refusal !== undefined || allowance === undefined) return drawn[d];
    own[d] = grant(drawn[d], allowance);
    return own[d];
  });
  const wallMs = ask.allowance.wallMs ?? Number.POSITIVE_INFINITY;
  const hop: ModelHop = {
    id: ask.id,
    parent,
    depth,
    children: [],
    first,
    estimate,
    own,
    draws,
    gauge: ask.allowance.concurrency,
    timeoutMs: ask.timeoutMs,
    deadlineMs: Math.min(parent?.deadlineMs ?? chain.deadlineMs, now + ask.timeoutMs, now + wallMs),
    lease: leaseFrom(now, ask.timeoutMs, chain.deadlineMs),
    status: refusal ? "rejected" : "open",
    attempt: 1,
    used: each(() => 0),
    unknown: undefined,
    late: false,
    refusal,
  };
  if (refusal?.code === "token_invalid") return hop;
  chain.hops.push(hop);
  parent?.children.push(hop);
  if (refusal === undefined) reserve(hop);
  else if (parent === undefined) chain.status = "failed";
  return hop;
}

/** Then held_p += est, charge(p, first). */
function reserve(hop: ModelHop): void {
  for (const d of COUNTED) {
    hop.draws[d].held += hop.estimate[d];
    charge(hop.draws[d], hop.first[d]);
    hop.used[d] += hop.first[d];
  }
}

/** In this order: the token's hop open; chain open and before its deadline; depth; budget; concurrency. */
function refuse(
  chain: ModelChain,
  ask: ModelAsk,
  parent: ModelHop | undefined,
  now: number,
  depth: number,
  draw: (d: Counted) => [ModelPurse, number],
): ModelRefusal | undefined {
  if (ask.parent !== undefined && parent?.status !== "open") return { code: "token_invalid" };
  if (chain.status === "cancelled") return { code: "chain_cancelled" };
  if (chain.status !== "running") return { code: "chain_closed" };
  if (now >= chain.deadlineMs) return { code: "deadline_exceeded" };
  if (depth > chain.maxDepth) return { code: "depth_exceeded", limit: chain.maxDepth, actual: depth };
  for (const d of COUNTED) {
    const [p, need] = draw(d);
    const refusal = budgetRefusal(d, p, need, ask.allowance[d]);
    if (refusal !== undefined) return refusal;
  }
  return fullGauge(chain, parent, ask.allowance.concurrency);
}

/**
 * The evidence is the ledger's choice where the text has none: what stands is named before what is asked for, and
 * `actual` is what the standing purse would come to, with what the chain has overrun.
 */
function budgetRefusal(d: Counted, p: ModelPurse, need: number, allowance?: number): ModelRefusal | undefined {
  if (fits(p, need, allowance)) return undefined;
  if (allowance !== undefined && fits(p, allowance, undefined)) {
    return { code: "budget_exceeded", dimension: d, limit: allowance, actual: need };
  }
  const actual = p.spent + p.held + (allowance ?? need) + rootOf(p).over;
  return { code: "budget_exceeded", dimension: d, limit: p.limit, actual };
}

/** Open hops, at the root and at each purse that limits it: the owner of an allowance is one of those that it counts. */
function fullGauge(chain: ModelChain, parent: ModelHop | undefined, asked: number | undefined) {
  const gauges = asked === undefined ? [] : [{ limit: asked, open: 0 }];
  for (let hop = parent; hop !== undefined; hop = hop.parent) {
    if (hop.gauge !== undefined) gauges.push({ limit: hop.gauge, open: openUnder(hop) });
  }
  gauges.push({ limit: chain.limits.concurrency, open: openHops(chain) });
  const full = gauges.find(({ limit, open }) => open + 1 > limit);
  if (full === undefined) return undefined;
  return { code: "budget_exceeded", dimension: "concurrency" as const, limit: full.limit, actual: full.open + 1 };
}

export function openHops(chain: ModelChain): number {
  return chain.hops.filter((hop) => hop.status === "open").length;
}

export function openUnder(hop: ModelHop): number {
  return (hop.status === "open" ? 1 : 0) + hop.children.reduce((sum, child) => sum + openUnder(child), 0);
}

/** A settlement arrives: the first one, a late one, or one too many. `use` is absent when nobody knows (a timeout). */
export function settle(
  chain: ModelChain,
  id: string,
  attempt: number,
  outcome: "done" | "error" | "timeout" | "cancelled",
  use: Use | undefined,
  now: number,
): void {
  const hop = hopOf(chain, id);
  if (hop === undefined || hop.status === "rejected" || attempt > hop.attempt) return;
  if (attempt < hop.attempt) {
    // An earlier attempt's late result is recorded, not booked.
    if (use !== undefined) hop.late = true;
    return;
  }
  if (hop.status === "open") {
    end(chain, hop, outcome === "timeout" ? "error" : outcome, use, now);
  } else if (hop.unknown !== undefined && use !== undefined) {
    // LATE, once, only after UNKNOWN: δ = u − booked as UNKNOWN.
    for (const d of COUNTED) {
      const delta = useOf(use, d) - hop.unknown[d];
      correct(hop.draws[d], delta);
      hop.used[d] += delta;
    }
    hop.unknown = undefined;
    hop.late = true;
  }
}

function useOf(use: Use, d: Counted): number {
  return d === "hops" ? 0 : use[d];
}

/** measured 0; reported est, plus, if given an allowance, all that is free in it. */
function unknownUse(hop: ModelHop): Amounts {
  const all = (d: Counted) => hop.estimate[d] + (hop.own[d] === undefined ? 0 : free(hop.own[d]));
  return { hops: 0, bytes: 0, tokens: all("tokens"), costMicros: all("costMicros") };
}

/** SETTLE: open descendants first, deepest first; then the hop's own use; then its purses close. */
export function end(chain: ModelChain, hop: ModelHop, status: ModelEnd, use: Use | undefined, now: number): void {
  endOpen(chain, descendants(hop), now);
  hop.unknown = use === undefined ? unknownUse(hop) : undefined;
  for (const d of COUNTED) {
    const u = use === undefined ? (hop.unknown?.[d] ?? 0) : useOf(use, d);
    book(hop.draws[d], hop.estimate[d], u);
    hop.used[d] += u;
    if (hop.own[d] !== undefined) close(hop.own[d]);
    if (hop.parent === undefined) close(chain.root[d]);
  }
  hop.status = status;
  if (hop.parent === undefined) chain.status = chainStatus(status, now >= chain.deadlineMs);
}

/** Agreed reading: the text names the statuses and not the way to them. */
function chainStatus(root: ModelEnd, afterDeadline: boolean): ModelChain["status"] {
  if (root === "done" || root === "cancelled") return root;
  return afterDeadline ? "expired" : "failed";
}

function endOpen(chain: ModelChain, hops: readonly ModelHop[], now: number): void {
  const open = hops.filter((hop) => hop.status === "open").sort((a, b) => b.depth - a.depth);
  for (const hop of open) end(chain, hop, "cancelled", undefined, now);
}

function descendants(hop: ModelHop): ModelHop[] {
  return hop.children.flatMap((child) => [child, ...descendants(child)]);
}

/** CANCEL: all open hops, deepest first, UNKNOWN. */
export function cancel(chain: ModelChain, now: number): void {
  if (chain.status === "running") endOpen(chain, chain.hops, now);
}

/**
 * RETRY, inside the deadline: settle the old attempt (unknown = est), reserve need again; doesn't fit = no retry.
 * @returns the chain as it stands afterwards: a copy with the retry, or the very chain that was given
 */
export function retry(given: ModelChain, id: string, attempt: number, use: Use | undefined, now: number): ModelChain {
  const chain = structuredClone(given);
  const hop = hopOf(chain, id);
  if (hop?.status !== "open" || hop.attempt !== attempt || chain.status !== "running" || now >= chain.deadlineMs)
    return given;
  endOpen(chain, descendants(hop), now);
  for (const d of COUNTED) {
    const u = use === undefined ? hop.estimate[d] : useOf(use, d);
    book(hop.draws[d], hop.estimate[d], u);
    hop.used[d] += u;
  }
  if (!COUNTED.every((d) => fits(hop.draws[d], hop.first[d] + hop.estimate[d], undefined))) return given;
  reserve(hop);
  hop.attempt += 1;
  hop.lease = leaseFrom(now, hop.timeoutMs, chain.deadlineMs);
  return chain;
}
