/** Settlement: how hops end, and what returns to the purses. In memory; the next commit writes it. */
import { COUNTED, type Counted, RETENTION_MS } from "../limits.ts";
import type { Rejection } from "../rejection.ts";
import type { Book } from "./book.ts";
import { appendEvent } from "./events.ts";
import type { ChainStatus, Settlement } from "./facts.ts";
import { writeAnswer } from "./idempotency.ts";
import {
  type Amounts,
  ancestorsOf,
  type LiveChain,
  type LiveHop,
  lookAt,
  NOTHING,
  openBelow,
  plus,
  touch,
  touchHop,
  touchOwners,
} from "./live.ts";
import { close, correct, type Purse, type Purses, settle, unknownUse } from "./purses.ts";
import { type OwnPurses, type RootPurses, stackOf } from "./stack.ts";

/** How an open hop ends. `used` is left out where nobody knows it. */
export interface End {
  readonly status: "done" | "error" | "lost" | "cancelled";
  readonly rejection?: Rejection | undefined;
  readonly used?: { readonly bytes: number; readonly tokens: number; readonly costMicros: number } | undefined;
  readonly outputDigest?: string | undefined;
}

/**
 * Applies a settlement. One for a hop that has ended changes nothing, but for the one late result of an unknown use.
 * @returns the hop as it then is, if there is one
 */
export function applySettlement(book: Book, settlement: Settlement, now: number): LiveHop | undefined {
  const chain = book.chain(settlement.chainId);
  const hop = chain && book.hop(chain, settlement.hopId);
  if (hop === undefined || hop.status === "rejected") return hop;
  if (settlement.attempt < hop.attempt) recordLate(book, hop, settlement, now);
  else if (hop.status === "open") endAsSettled(book, hop, settlement, now);
  else applyLate(book, hop, settlement, now);
  return hop;
}

function endAsSettled(book: Book, hop: LiveHop, settlement: Settlement, now: number): void {
  const { outcome, bytes, tokens, costMicros, rejection, outputDigest, answer } = settlement;
  const used = knowsUse(settlement) ? { bytes, tokens, costMicros } : undefined;
  endHop(book, hop, { status: outcome === "timeout" ? "error" : outcome, rejection, used, outputDigest }, now);
  if (answer !== undefined) hop.chain.writes.push((sql) => writeAnswer(sql, hop.id, answer));
}

export function knowsUse({ outcome }: Settlement): boolean {
  return outcome === "done" || outcome === "error";
}

/** Ends an open hop, those below it first, deepest first. The root hop ends its chain. */
export function endHop(book: Book, hop: LiveHop, end: End, now: number): void {
  endBelow(book, hop, now);
  endOne(book, hop, end, now);
}

export function endBelow(book: Book, hop: LiveHop, now: number): void {
  const detail = "The calling hop has ended, and what it had called with it.";
  const end: End = { status: "cancelled", rejection: { code: "chain_cancelled", detail } };
  for (const below of openBelow(hop)) endOne(book, below, end, now);
}

/** Ends every open hop of a chain as cancelled, deepest first, and with its root hop the chain. */
export function endOpenHops(book: Book, chain: LiveChain, rejection: Rejection, now: number): void {
  const open = [...chain.hops.values()].filter((hop) => hop.status === "open");
  for (const hop of open.sort((a, b) => b.depth - a.depth)) endOne(book, hop, { status: "cancelled", rejection }, now);
}

function endOne(book: Book, hop: LiveHop, end: End, now: number): void {
  const { chain, parent } = hop;
  const ancestors = ancestorsOf(hop);
  const use = bookEnd(hop, ancestors, end.used);
  for (const ancestor of ancestors) if (ancestor.purses?.concurrency) ancestor.purses.concurrency.open -= 1;
  touchOwners(ancestors);
  hop.status = end.status;
  hop.rejection = end.rejection;
  hop.used = plus(hop.used, use);
  hop.unknown = end.used === undefined ? use : undefined;
  hop.outputDigest = end.outputDigest ?? null;
  hop.endedAt = now;
  hop.endedSeq = book.nextSeq();
  touchHop(hop);
  touch(chain);
  chain.open -= 1;
  chain.counts[end.status] += 1;
  book.changed(chain);
  book.ended.add(hop.id);
  if (parent === undefined) return finishChain(chain, end, now);
  parent.openBelow.delete(hop);
  parent.below = plus(parent.below, plus(hop.used, hop.below));
}

/** Where purses are found: in the books, or in copies of them on which something is tried. */
export interface Owners {
  readonly pursesOf: (hop: LiveHop) => OwnPurses | undefined;
  readonly rootOf: (chain: LiveChain) => RootPurses;
}

const REAL: Owners = { pursesOf: (hop) => hop.purses, rootOf: (chain) => chain.purses };

/** Copies of what a hop, those above and those open below it own. */
export function copiesFor(hop: LiveHop): Owners {
  const owners = [hop, ...ancestorsOf(hop), ...openBelow(hop)].filter((owner) => owner.purses !== undefined);
  const copies = new Map(owners.map((owner) => [owner, structuredClone(owner.purses)]));
  const root = structuredClone(hop.chain.purses);
  return { pursesOf: (owner) => copies.get(owner), rootOf: () => root };
}

/** Books, on copies, that all below a hop ends. */
export function tryEndBelow(hop: LiveHop, on: Owners): void {
  for (const below of openBelow(hop)) bookEnd(below, ancestorsOf(below), undefined, on);
}

/** Books the end in every counted dimension. @returns what was booked for the last attempt */
function bookEnd(hop: LiveHop, ancestors: readonly LiveHop[], known: End["used"], on: Owners = REAL): Amounts {
  const stack = stackOf([hop, ...ancestors].map(on.pursesOf), on.rootOf(hop.chain));
  const use: Record<Counted, number> = { hops: 0, bytes: 0, tokens: 0, costMicros: 0 };
  for (const dimension of COUNTED) {
    const estimate = estimateOf(hop, dimension);
    const own = on.pursesOf(hop)?.counted[dimension];
    use[dimension] = known === undefined ? unknownOf(dimension, estimate, own) : knownOf(dimension, known);
    settle(stack[dimension], estimate, use[dimension]);
    if (own !== undefined) close(stack[dimension]);
    // The root hop owns the chain's purse as well.
    if (hop.parent === undefined) close(stack[dimension].slice(-1) as unknown as Purses);
  }
  return use;
}

function unknownOf(dimension: Counted, estimate: number, own: Purse | undefined): number {
  return dimension === "hops" || dimension === "bytes" ? 0 : unknownUse(estimate, own);
}

function knownOf(dimension: Counted, used: NonNullable<End["used"]>): number {
  return dimension === "hops" ? 0 : used[dimension];
}

export function estimateOf(hop: Pick<LiveHop, "estimate">, dimension: Counted): number {
  return dimension === "tokens" || dimension === "costMicros" ? hop.estimate[dimension] : 0;
}

function finishChain(chain: LiveChain, end: End, now: number): void {
  chain.status = chainStatus(chain, end, now);
  chain.endedAt = now;
  lookAt(chain, now + RETENTION_MS);
}

function chainStatus(chain: LiveChain, end: End, now: number): Exclude<ChainStatus, "running"> {
  if (end.status === "done") return "done";
  if (end.status === "cancelled") return end.rejection?.code === "chain_cancelled" ? "cancelled" : "failed";
  return now >= chain.deadlineMs ? "expired" : "failed";
}

/** A result that came after its hop had been settled without knowing the use: it corrects the books, once. */
function applyLate(book: Book, hop: LiveHop, settlement: Settlement, now: number): void {
  if (hop.unknown === undefined || hop.lateBy !== undefined || !knowsUse(settlement)) return;
  const { chain } = hop;
  const ancestors = ancestorsOf(hop);
  const stack = stackOf([hop.purses, ...ancestors.map((ancestor) => ancestor.purses)], chain.purses);
  const difference: Record<Counted, number> = { ...NOTHING };
  for (const dimension of COUNTED) {
    if (dimension === "hops") continue;
    difference[dimension] = settlement[dimension] - hop.unknown[dimension];
    correct(stack[dimension], difference[dimension]);
  }
  hop.late = true;
  hop.used = plus(hop.used, difference);
  hop.lateBy = difference;
  hop.outputDigest = settlement.outputDigest ?? null;
  tellAbove(hop, difference);
  touchOwners(ancestors);
  touch(chain);
  noteLate(book, hop, now, JSON.stringify({ difference }));
}

/** Up to the first open hop: that one tells those above it when it ends. */
function tellAbove({ parent }: LiveHop, difference: Amounts): void {
  if (parent === undefined) return;
  parent.below = plus(parent.below, difference);
  // An open hop's sum is made from the rows below it; an ended one's stands in its own.
  if (parent.status === "open") return;
  touchHop(parent);
  tellAbove(parent, difference);
}

/** A result of an attempt that was given up and retried is recorded, not booked: its use was booked at the retry. */
function recordLate(book: Book, hop: LiveHop, settlement: Settlement, now: number): void {
  if (hop.late || !knowsUse(settlement)) return;
  hop.late = true;
  noteLate(book, hop, now, null);
}

function noteLate(book: Book, hop: LiveHop, now: number, body: string | null): void {
  const { chain } = hop;
  const seq = book.nextSeq();
  touchHop(hop);
  book.changed(chain);
  chain.writes.push((sql) => appendEvent(sql, { seq, chain: chain.id, hop: hop.id, type: "late", at: now, body }));
}
