/** Admission: what an ask meets, the rules' decision, and its booking. In memory; the commit writes it before it is answered. */
import { COUNTED, IDEMPOTENCY_MS, REJECTED_CEILING, REJECTED_ROWS, RETENTION_MS } from "../limits.ts";
import type { Rejection } from "../rejection.ts";
import { admit, tighten } from "./admit.ts";
import type { Book } from "./book.ts";
import { leaseOf } from "./expire.ts";
import type { Ask, Decision, Facts, Rejected } from "./facts.ts";
import { insertIdempotent, readIdempotent } from "./idempotency.ts";
import { ancestorsOf, type LiveChain, type LiveHop, lookAt, NOTHING, touch, touchOwners } from "./live.ts";
import { type Purse, reserve } from "./purses.ts";
import { needOf } from "./rules/budget.ts";
import { openRefusal } from "./rules/open.ts";
import { endOpenHops } from "./settlement.ts";
import { gaugesOf, newRootPurses, type OwnPurses, ownsPurses, stackOf } from "./stack.ts";

/**
 * Decides an ask, once: sent again, it gets the decision that stands.
 * @param resent whether it says that it may have been decided before
 */
export function decide(book: Book, asked: Ask, now: number, resent = true): Decision {
  const known = book.chain(asked.chainId, asked.root !== undefined && !resent);
  const again = known && (resent || mayStand(known, asked)) ? decidedBefore(book, known, asked) : undefined;
  if (again !== undefined) return again;
  const parent = known && asked.parentHopId !== undefined ? book.hop(known, asked.parentHopId) : undefined;
  // A dead token is no call of its chain: it leaves the chain untouched, whatever was asked under it before.
  const dead = asked.parentHopId === undefined ? undefined : openRefusal(parent?.status ?? "unknown");
  if (dead !== undefined) return { verdict: "rejected", rejection: dead, recorded: false };
  const joined = asked.idempotency && readIdempotent(book, asked.idempotency.scope);
  if (joined !== undefined && joined.request === asked.idempotency?.request) {
    return { verdict: "joined", chainId: joined.chainId, hopId: joined.hopId };
  }
  const ask = joined === undefined ? asked : { ...asked, idempotency: undefined, refused: KEY_REUSED };
  if (known !== undefined && parent === undefined) throw new Error("A chain is started once.");
  const chain = known ?? startChain(book, ask, now);
  const facts = factsOf(chain, parent, now);
  const rejection = admit(facts, ask);
  book.changed(chain);
  touch(chain);
  return rejection === undefined
    ? enterAdmitted(book, chain, parent, facts, ask)
    : enterRejected(book, chain, parent, rejection, ask, now);
}

const KEY_REUSED: Rejection = {
  code: "conflict",
  detail: "This Idempotency-Key was used with another request. Use a new key for a new request.",
};

/** Whether an ask that does not say so may have been decided all the same: rows are read only where it can be in them. */
function mayStand({ hops, counts }: LiveChain, { parentHopId, hopId }: Ask): boolean {
  return parentHopId === undefined || hops.has(hopId) || Object.values(counts).some((ended) => ended > 0);
}

function decidedBefore(book: Book, chain: LiveChain, ask: Ask): Decision | undefined {
  const hop = book.hop(chain, ask.hopId);
  if (hop === undefined) return undefined;
  const { status, rejection, depth, deadlineMs, attempt } = hop;
  if (status === "rejected" && rejection) return { verdict: "rejected", rejection, recorded: true };
  return { verdict: "admitted", seq: hop.id, depth, deadlineMs, attempt };
}

function startChain(book: Book, ask: Ask, now: number): LiveChain {
  const { root } = ask;
  if (root === undefined) throw new Error("An ask without a parent starts its chain, and must say how.");
  const chain: LiveChain = {
    kept: "new",
    row: "new",
    id: book.nextSeq(),
    chainId: ask.chainId,
    status: "running",
    agent: ask.callee,
    principal: root.principal,
    limits: root.limits,
    policy: root.policy,
    purses: newRootPurses(root.limits),
    open: 0,
    counts: { done: 0, error: 0, rejected: 0, lost: 0, cancelled: 0 },
    traceparent: root.traceparent ?? null,
    startedAt: now,
    deadlineMs: now + root.limits.wallMs,
    endedAt: null,
    dueAt: Number.MAX_SAFE_INTEGER,
    dueMoved: false,
    hops: new Map(),
    touched: new Set(),
    writes: [],
  };
  book.add(chain);
  return chain;
}

function factsOf(chain: LiveChain, parent: LiveHop | undefined, now: number): Facts {
  const ancestors = parent === undefined ? [] : [parent, ...ancestorsOf(parent)];
  const owners = ancestors.map((ancestor) => ancestor.purses);
  return {
    now,
    chain,
    parent: parent?.status ?? "open",
    path: ancestors.reverse(),
    policy: ancestors.findLast((ancestor) => ancestor.policy !== undefined)?.policy ?? chain.policy,
    purses: stackOf(owners, chain.purses),
    gauges: gaugesOf(owners, chain),
  };
}

function enterAdmitted(
  book: Book,
  chain: LiveChain,
  parent: LiveHop | undefined,
  { now, purses, policy, path }: Facts,
  ask: Ask,
): Decision {
  const own = reserveAll(purses, ask);
  const ancestors = path as readonly LiveHop[];
  for (const ancestor of ancestors) if (ancestor.purses?.concurrency) ancestor.purses.concurrency.open += 1;
  touchOwners(ancestors);
  const deadlineMs = Math.min(
    parent?.deadlineMs ?? chain.deadlineMs,
    now + ask.timeoutMs,
    now + (ask.allowance?.wallMs ?? Number.POSITIVE_INFINITY),
  );
  const hop = newHop(book, chain, parent, ask, now, {
    status: "open",
    used: { hops: 1, bytes: ask.inputBytes, tokens: 0, costMicros: 0 },
    policy: ask.policy === undefined ? undefined : tighten(policy, ask),
    purses: own,
    deadlineMs,
    leaseAt: Math.min(now + leaseOf(ask.timeoutMs), chain.deadlineMs),
  });
  parent?.openBelow.add(hop);
  chain.open += 1;
  if (hop.leaseAt < chain.dueAt) lookAt(chain, hop.leaseAt);
  if (ask.idempotency) remember(book, chain, hop, ask.idempotency, now);
  return { verdict: "admitted", seq: hop.id, depth: hop.depth, deadlineMs, attempt: 1 };
}

/** Reserves in every counted dimension, and gives what the hop owns by its allowance. */
function reserveAll(purses: Facts["purses"], ask: Ask): OwnPurses | undefined {
  const counted: Partial<Record<(typeof COUNTED)[number], Purse>> = {};
  for (const dimension of COUNTED) {
    const own = reserve(purses[dimension], needOf(ask, dimension), ask.allowance?.[dimension]);
    if (own !== undefined) counted[dimension] = own;
  }
  if (!ownsPurses(ask.allowance)) return undefined;
  const limit = ask.allowance.concurrency;
  return { counted, concurrency: limit === undefined ? undefined : { limit, open: 1 } };
}

type Entered = Pick<LiveHop, "status" | "used" | "policy" | "purses" | "deadlineMs" | "leaseAt"> & {
  readonly rejection?: Rejection;
};

function newHop(
  book: Book,
  chain: LiveChain,
  parent: LiveHop | undefined,
  ask: Ask,
  now: number,
  entered: Entered,
): LiveHop {
  const id = book.nextSeq();
  const ended = entered.status === "rejected";
  const hop: LiveHop = {
    kept: "new",
    row: "new",
    id,
    hopId: ask.hopId,
    chain,
    parent,
    openBelow: new Set(),
    depth: (parent?.depth ?? 0) + 1,
    kind: ask.kind ?? "agent",
    callee: ask.callee,
    skill: ask.skill,
    address: ask.address,
    inputBytes: ask.inputBytes,
    inputDigest: ask.inputDigest,
    metadata: ask.metadata ?? null,
    estimate: ended ? { tokens: 0, costMicros: 0 } : ask.estimate,
    timeoutMs: ask.timeoutMs,
    startedAt: now,
    rejection: undefined,
    below: NOTHING,
    unknown: undefined,
    lateBy: undefined,
    late: false,
    attempt: 1,
    graced: false,
    outputDigest: null,
    endedAt: ended ? now : null,
    endedSeq: ended ? id : null,
    ...entered,
  };
  chain.hops.set(hop.hopId, hop);
  chain.touched.add(hop);
  return hop;
}

function remember(
  book: Book,
  chain: LiveChain,
  hop: LiveHop,
  { scope, request }: NonNullable<Ask["idempotency"]>,
  now: number,
): void {
  const row = { request, hop: hop.id, chainId: chain.chainId, hopId: hop.hopId };
  book.idempotent.set(scope, row);
  chain.writes.push((sql) => {
    insertIdempotent(sql, scope, row);
    book.due("answer", hop.id, now + IDEMPOTENCY_MS);
  });
}

function enterRejected(
  book: Book,
  chain: LiveChain,
  parent: LiveHop | undefined,
  rejection: Rejection,
  ask: Ask,
  now: number,
): Rejected {
  chain.counts.rejected += 1;
  const recorded = chain.counts.rejected <= REJECTED_ROWS;
  // A refused hop books nothing: it used nothing.
  const nothing = {
    status: "rejected",
    used: NOTHING,
    policy: undefined,
    purses: undefined,
    deadlineMs: now,
    leaseAt: now,
  } as const;
  if (recorded) newHop(book, chain, parent, ask, now, { ...nothing, rejection });
  if (parent === undefined) {
    chain.status = "failed";
    chain.endedAt = now;
    lookAt(chain, now + RETENTION_MS);
  } else if (chain.counts.rejected >= REJECTED_CEILING) {
    const detail = `The chain failed after ${chain.counts.rejected} refused calls.`;
    endOpenHops(book, chain, { code: "chain_closed", detail }, now);
  }
  return { verdict: "rejected", rejection, recorded };
}
