/** Another attempt of an open hop: the old one is settled and the need reserved again, or nothing is booked. */
import { COUNTED, type Counted } from "../limits.ts";
import type { Rejection } from "../rejection.ts";
import type { Book } from "./book.ts";
import { appendEvent } from "./events.ts";
import { leaseOf } from "./expire.ts";
import type { Decision, Retry } from "./facts.ts";
import { ancestorsOf, type LiveHop, lookAt, plus, touch, touchHop, touchOwners } from "./live.ts";
import { reserve, settle, shortage } from "./purses.ts";
import { needOf } from "./rules/budget.ts";
import { copiesFor, endBelow, estimateOf, tryEndBelow } from "./settlement.ts";
import { stackOf } from "./stack.ts";

export function applyRetry(book: Book, retry: Retry, now: number): Decision {
  const chain = book.chain(retry.chainId);
  const hop = chain && book.hop(chain, retry.hopId);
  if (hop?.status !== "open") {
    const detail = "The hop to retry has ended.";
    return { verdict: "rejected", rejection: { code: "token_invalid", detail }, recorded: false };
  }
  if (retry.attempt === hop.attempt) {
    const refused = now >= hop.chain.deadlineMs ? PAST : tryAttempt(hop, retry);
    if (refused !== undefined) return { verdict: "rejected", rejection: refused, recorded: false };
    enterRetried(book, hop, retry, now);
  }
  const { depth, deadlineMs, attempt } = hop;
  return { verdict: "admitted", seq: hop.id, depth, deadlineMs, attempt };
}

const PAST: Rejection = {
  code: "deadline_exceeded",
  detail: "The chain's deadline has passed: there is no further attempt.",
};

/** Tries on copies, so that a need that does not fit leaves nothing behind. */
function tryAttempt(hop: LiveHop, { used }: Retry): Rejection | undefined {
  const copies = copiesFor(hop);
  tryEndBelow(hop, copies);
  return bookAttempt(hop, [hop, ...ancestorsOf(hop)].map(copies.pursesOf), copies.rootOf(hop.chain), used);
}

function attemptUse(hop: LiveHop, dimension: Counted, used: Retry["used"]): number {
  return dimension === "hops" ? 0 : (used?.[dimension] ?? estimateOf(hop, dimension));
}

function bookAttempt(
  hop: LiveHop,
  owners: Parameters<typeof stackOf>[0],
  root: Parameters<typeof stackOf>[1],
  used: Retry["used"],
): Rejection | undefined {
  const stack = stackOf(owners, root);
  for (const dimension of COUNTED) {
    settle(stack[dimension], estimateOf(hop, dimension), attemptUse(hop, dimension, used));
    const need = needOf(hop, dimension);
    const short = shortage(stack[dimension], need);
    if (short !== undefined) {
      const { limit, actual, available } = short;
      const purse = stack[dimension].length > 1 ? "allowance" : "chain";
      return { code: "budget_exceeded", dimension, limit, actual, available, purse };
    }
    reserve(stack[dimension], need);
  }
  return undefined;
}

function enterRetried(book: Book, hop: LiveHop, { used, why }: Retry, now: number): void {
  const { chain } = hop;
  // What the failed attempt had called ends with it.
  endBelow(book, hop, now);
  const ancestors = ancestorsOf(hop);
  const owners = [hop.purses, ...ancestors.map((ancestor) => ancestor.purses)];
  bookAttempt(hop, owners, chain.purses, used);
  const use: Record<Counted, number> = { hops: 1, bytes: hop.inputBytes, tokens: 0, costMicros: 0 };
  for (const dimension of COUNTED) use[dimension] += attemptUse(hop, dimension, used);
  hop.used = plus(hop.used, use);
  hop.attempt += 1;
  hop.leaseAt = Math.min(now + leaseOf(hop.timeoutMs), chain.deadlineMs);
  hop.graced = false;
  if (hop.leaseAt < chain.dueAt) lookAt(chain, hop.leaseAt);
  touchHop(hop);
  touch(chain);
  touchOwners(ancestors);
  book.changed(chain);
  const body = JSON.stringify({ attempt: hop.attempt, used: hop.used, why });
  const event = { seq: book.nextSeq(), chain: chain.id, hop: hop.id, type: "retried", at: now, body } as const;
  chain.writes.push((sql) => appendEvent(sql, event));
}
