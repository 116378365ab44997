/** Admission: load, decide, write. One call is one transaction; what it answers is durable with it. */
import { COUNTED, IDEMPOTENCY_MS, REJECTED_CEILING, REJECTED_ROWS, RETENTION_MS } from "../limits.ts";
import type { Rejection } from "../rejection.ts";
import { admit, tighten } from "./admit.ts";
import { type ChainRow, countRejection, endChain, insertChain, readChain, writeChainOnAdmission } from "./chains.ts";
import { setDue } from "./due.ts";
import { appendEvent } from "./events.ts";
import { leaseOf } from "./expire.ts";
import type { Ask, Decision, Facts, Rejected } from "./facts.ts";
import { type Ancestor, readHop, readPath } from "./hops.ts";
import { insertOpenHop, insertRejectedHop, writeHopPurses } from "./hops-write.ts";
import { insertIdempotent, readIdempotent } from "./idempotency.ts";
import { type Purse, reserve } from "./purses.ts";
import { needOf } from "./rules/budget.ts";
import { openRefusal } from "./rules/open.ts";
import { endOpenHops, type LedgerDatabase } from "./settlement.ts";
import { gaugesOf, type OwnPurses, ownsPurses, stackOf } from "./stack.ts";

/** Decides an ask, once: sent again, it gets the decision that was written. */
export function decide(database: LedgerDatabase, asked: Ask, now: number): Decision {
  const { sql } = database;
  const known = readChain(sql, asked.chainId);
  const again = known && decidedBefore(database, known, asked);
  if (again !== undefined) return again;
  const ancestors =
    known === undefined || asked.parentHopId === undefined ? [] : readPath(sql, known.id, asked.parentHopId);
  // A dead token is no call of its chain: it leaves the chain untouched, whatever was asked under it before.
  const dead = asked.parentHopId === undefined ? undefined : openRefusal(ancestors[0]?.status ?? "unknown");
  if (dead !== undefined) return { verdict: "rejected", rejection: dead, recorded: false };
  const joined = asked.idempotency && readIdempotent(sql, asked.idempotency.scope);
  if (joined !== undefined && joined.request === asked.idempotency?.request) {
    return { verdict: "joined", chainId: joined.chainId, hopId: joined.hopId };
  }
  const ask = joined === undefined ? asked : { ...asked, idempotency: undefined, refused: KEY_REUSED };
  const chain = known ?? startChain(database, ask, now);
  const facts = factsOf(chain, ancestors, now);
  const rejection = admit(facts, ask);
  return rejection === undefined
    ? writeAdmitted(database, chain, ancestors, facts, ask)
    : writeRejected(database, chain, ancestors, rejection, ask, now);
}

const KEY_REUSED: Rejection = {
  code: "conflict",
  detail: "This Idempotency-Key was used with another request. Use a new key for a new request.",
};

function startChain({ sql }: LedgerDatabase, ask: Ask, now: number): ChainRow {
  if (ask.root === undefined) throw new Error("An ask without a parent starts its chain, and must say how.");
  const chain = insertChain(sql, ask, ask.root, now);
  appendEvent(sql, chain.id, null, "started", now);
  return chain;
}

function decidedBefore({ sql }: LedgerDatabase, chain: ChainRow, ask: Ask): Decision | undefined {
  const hop = readHop(sql, chain.id, ask.hopId);
  if (hop === undefined) return undefined;
  if (hop.status === "rejected" && hop.rejection)
    return { verdict: "rejected", rejection: hop.rejection, recorded: true };
  return { verdict: "admitted", depth: hop.depth, deadlineMs: hop.deadlineMs, attempt: hop.attempt };
}

function factsOf(chain: ChainRow, ancestors: readonly Ancestor[], now: number): Facts {
  const owners = ancestors.map((ancestor) => ancestor.purses);
  return {
    now,
    chain,
    parent: ancestors[0]?.status ?? "open",
    path: ancestors.toReversed(),
    policy: ancestors.find((ancestor) => ancestor.policy !== undefined)?.policy ?? chain.policy,
    purses: stackOf(owners, chain.purses),
    gauges: gaugesOf(owners, chain),
  };
}

function writeAdmitted(
  { sql }: LedgerDatabase,
  chain: ChainRow,
  ancestors: readonly Ancestor[],
  { now, purses, policy }: Facts,
  ask: Ask,
): Decision {
  const own = book(purses, ask);
  for (const ancestor of ancestors) {
    if (ancestor.purses === undefined) continue;
    if (ancestor.purses.concurrency) ancestor.purses.concurrency.open += 1;
    writeHopPurses(sql, ancestor.id, ancestor.purses);
  }
  const deadlineMs = Math.min(
    ancestors[0]?.deadlineMs ?? chain.deadlineMs,
    now + ask.timeoutMs,
    now + (ask.allowance?.wallMs ?? Number.POSITIVE_INFINITY),
  );
  const leaseAt = Math.min(now + leaseOf(ask.timeoutMs), chain.deadlineMs);
  const depth = ancestors.length + 1;
  const hop = insertOpenHop(sql, {
    chain: chain.id,
    ask,
    parent: ancestors[0]?.id ?? null,
    depth,
    now,
    policy: ask.policy === undefined ? undefined : tighten(policy, ask),
    purses: own,
    deadlineMs,
    leaseAt,
  });
  const moved = chain.leaseDue === null || leaseAt < chain.leaseDue;
  if (moved) setDue(sql, "lease", chain.id, leaseAt);
  writeChainOnAdmission(sql, chain.id, chain.purses, moved ? leaseAt : chain.leaseDue);
  appendEvent(sql, chain.id, hop, "admitted", now);
  if (ask.idempotency) {
    insertIdempotent(sql, ask.idempotency.scope, ask.idempotency.request, hop);
    setDue(sql, "answer", hop, now + IDEMPOTENCY_MS);
  }
  return { verdict: "admitted", depth, deadlineMs, attempt: 1 };
}

/** Reserves in every counted dimension, and gives what the hop owns by its allowance. */
function book(purses: Facts["purses"], ask: Ask): OwnPurses | undefined {
  const counted: Partial<Record<(typeof COUNTED)[number], Purse>> = {};
  for (const dimension of COUNTED) {
    const own = reserve(purses[dimension], needOf(ask, dimension), ask.allowance?.[dimension]);
    if (own !== undefined) counted[dimension] = own;
  }
  if (!ownsPurses(ask.allowance)) return undefined;
  const limit = ask.allowance.concurrency;
  return { counted, concurrency: limit === undefined ? undefined : { limit, open: 1 } };
}

function writeRejected(
  database: LedgerDatabase,
  chain: ChainRow,
  ancestors: readonly Ancestor[],
  rejection: Rejection,
  ask: Ask,
  now: number,
): Rejected {
  const { sql } = database;
  countRejection(sql, chain.id);
  const count = chain.hops.rejected + 1;
  const recorded = count <= REJECTED_ROWS;
  if (recorded) {
    const place = { chain: chain.id, ask, parent: ancestors[0]?.id ?? null, depth: ancestors.length + 1, now };
    appendEvent(sql, chain.id, insertRejectedHop(sql, place, rejection), "rejected", now);
  }
  if (ask.parentHopId === undefined) {
    endChain(sql, chain.id, "failed", now);
    setDue(sql, "retention", chain.id, now + RETENTION_MS);
    appendEvent(sql, chain.id, null, "ended", now);
  } else if (count >= REJECTED_CEILING) {
    const detail = `The chain failed after ${count} refused calls.`;
    endOpenHops(database, chain.id, { code: "chain_closed", detail }, now);
  }
  return { verdict: "rejected", rejection, recorded };
}
