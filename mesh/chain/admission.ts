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
import { endOpenHops, type LedgerDatabase } from "./settlement.ts";
import { gaugesOf, type OwnPurses, ownsPurses, stackOf } from "./stack.ts";

/** Decides an ask, once: sent again, it gets the decision that was written. */
export function decide(database: LedgerDatabase, ask: Ask, now: number): Decision {
  const { sql } = database;
  const joined = ask.idempotency && readIdempotent(sql, ask.idempotency.scope);
  if (joined !== undefined) {
    if (joined.request === ask.idempotency?.request) {
      return { verdict: "joined", chainId: joined.chainId, hopId: joined.hopId };
    }
    const detail = "This Idempotency-Key was used with another request. Use a new key for a new request.";
    return { verdict: "rejected", rejection: { code: "conflict", detail }, recorded: false };
  }
  const known = readChain(sql, ask.chainId);
  const again = known && decidedBefore(database, known, ask);
  if (again !== undefined) return again;
  const chain = known ?? (ask.root && insertChain(sql, ask, ask.root, now));
  if (chain === undefined) {
    const detail = "The chain that this call would continue is not in the ledger.";
    return { verdict: "rejected", rejection: { code: "token_invalid", detail }, recorded: false };
  }
  if (known === undefined) appendEvent(sql, chain.id, null, "started", now);
  const ancestors = ask.parentHopId === undefined ? [] : readPath(sql, chain.id, ask.parentHopId);
  const facts = factsOf(chain, ancestors, ask, now);
  const rejection = admit(facts, ask);
  return rejection === undefined
    ? writeAdmitted(database, chain, ancestors, facts, ask)
    : writeRejected(database, chain, ancestors, rejection, ask, now);
}

function decidedBefore({ sql }: LedgerDatabase, chain: ChainRow, ask: Ask): Decision | undefined {
  const hop = readHop(sql, chain.id, ask.hopId);
  if (hop === undefined) return undefined;
  if (hop.status === "rejected" && hop.rejection)
    return { verdict: "rejected", rejection: hop.rejection, recorded: true };
  return { verdict: "admitted", depth: hop.depth, deadlineMs: hop.deadlineMs, attempt: hop.attempt };
}

function factsOf(chain: ChainRow, ancestors: readonly Ancestor[], ask: Ask, now: number): Facts {
  const owners = ancestors.map((ancestor) => ancestor.purses);
  const parent = ask.parentHopId === undefined ? "open" : (ancestors[0]?.status ?? "unknown");
  return {
    now,
    chain,
    parent,
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
  // A dead token is no call of this chain: it leaves the chain untouched.
  if (rejection.code === "token_invalid") return { verdict: "rejected", rejection, recorded: false };
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
