/**
 * Chains and hops in memory, while something of them is open or being written. They are what the rules see and what
 * the arithmetic books on; `book.ts` loads them from their rows and writes them back. Plain mutable data.
 */
import type { Limits } from "../limits.ts";
import type { Rejection } from "../rejection.ts";
import type { Sql } from "../sql.ts";
import type { ChainStatus, HopStatus, StandingPolicy } from "./facts.ts";
import type { OwnPurses, RootPurses } from "./stack.ts";

/** Counted amounts, booked. */
export interface Amounts {
  readonly hops: number;
  readonly bytes: number;
  readonly tokens: number;
  readonly costMicros: number;
}

export const NOTHING: Amounts = { hops: 0, bytes: 0, tokens: 0, costMicros: 0 };

export function plus(a: Amounts, b: Amounts): Amounts {
  return {
    hops: a.hops + b.hops,
    bytes: a.bytes + b.bytes,
    tokens: a.tokens + b.tokens,
    costMicros: a.costMicros + b.costMicros,
  };
}

/** How an object in memory stands to what is written of it. */
export type Written = "new" | "changed" | "written";

interface Kept {
  /** Durably, in the journal or in its row: what the next commit brings up to date. */
  kept: Written;
  /** In its row, where readers find it. */
  row: Written;
}

export interface LiveChain extends Kept {
  readonly id: number;
  readonly chainId: string;
  status: ChainStatus;
  readonly agent: string;
  readonly principal: string;
  readonly limits: Limits;
  readonly policy: StandingPolicy;
  readonly purses: RootPurses;
  /** Hops open now: the concurrency gauge. */
  open: number;
  readonly counts: Record<Exclude<HopStatus, "open">, number>;
  readonly traceparent: string | null;
  readonly startedAt: number;
  readonly deadlineMs: number;
  endedAt: number | null;
  /** When the object looks at this chain next: a lease of an open hop, or the end of its retention. */
  dueAt: number;
  /** Whether `dueAt` is to be written: it has an index. */
  dueMoved: boolean;
  /** Open hops, and those whose rows are not up to date. */
  readonly hops: Map<string, LiveHop>;
  /** Hops that the next commit writes. */
  readonly touched: Set<LiveHop>;
  /** Writes beside the chain's and its hops' rows, for the next commit. */
  readonly writes: ((sql: Sql) => void)[];
}

export interface LiveHop extends Kept {
  /** The sequence of its admission; rows of a chain are in this order. */
  readonly id: number;
  readonly hopId: string;
  readonly chain: LiveChain;
  readonly parent: LiveHop | undefined;
  /** Open hops that this one has called. */
  readonly openBelow: Set<LiveHop>;
  readonly depth: number;
  readonly kind: "agent" | "tool" | "model";
  readonly callee: string;
  readonly skill: string;
  readonly address: string;
  readonly inputBytes: number;
  readonly inputDigest: string;
  readonly metadata: string | null;
  readonly estimate: { readonly tokens: number; readonly costMicros: number };
  readonly timeoutMs: number;
  readonly startedAt: number;
  readonly deadlineMs: number;
  /** What its callees stand under, where that differs from what it stands under. */
  readonly policy: StandingPolicy | undefined;
  /** What it owns by its allowance. */
  readonly purses: OwnPurses | undefined;
  status: HopStatus;
  rejection: Rejection | undefined;
  /** Booked of this hop alone; `hops` counts its attempts. */
  used: Amounts;
  /** Booked of all below it that has ended. */
  below: Amounts;
  /** What its last attempt booked without knowing the use. */
  unknown: Amounts | undefined;
  /** What a late result has corrected of `used`. */
  lateBy: Amounts | undefined;
  late: boolean;
  attempt: number;
  leaseAt: number;
  graced: boolean;
  outputDigest: string | null;
  endedAt: number | null;
  /** The sequence of its end. */
  endedSeq: number | null;
}

/** Sets when the object is to look at the chain next. */
export function lookAt(chain: LiveChain, at: number): void {
  chain.dueAt = at;
  chain.dueMoved = true;
  touch(chain);
}

/** A hop's ancestors, nearest first. */
export function ancestorsOf(hop: { readonly parent: LiveHop | undefined }): LiveHop[] {
  const ancestors: LiveHop[] = [];
  for (let above = hop.parent; above !== undefined; above = above.parent) ancestors.push(above);
  return ancestors;
}

/** Open hops below a hop, deepest first. */
export function openBelow(hop: LiveHop): LiveHop[] {
  if (hop.openBelow.size === 0) return [];
  const below = [...hop.openBelow];
  for (const open of below) below.push(...open.openBelow);
  return below.sort((a, b) => b.depth - a.depth);
}

export function touch(thing: Kept): void {
  if (thing.kept === "written") thing.kept = "changed";
  if (thing.row === "written") thing.row = "changed";
}

export function touchHop(hop: LiveHop): void {
  touch(hop);
  hop.chain.touched.add(hop);
}

/** Touches the ancestors that own something: their purses or gauges were booked on. */
export function touchOwners(ancestors: readonly LiveHop[]): void {
  for (const ancestor of ancestors) if (ancestor.purses !== undefined) touchHop(ancestor);
}
