/** Another attempt of an open hop: the old one is settled and the need reserved again, or nothing is booked. */
import { COUNTED, type Counted } from "../limits.ts";
import type { Book } from "./book.ts";
import { appendEvent } from "./events.ts";
import { leaseOf } from "./expire.ts";
import type { Decision, Rejected, Retry } from "./facts.ts";
import { ancestorsOf, type LiveHop, lookAt, plus, touch, touchOwners } from "./live.ts";
import { reserve, settle, shortage } from "./purses.ts";
import { needOf } from "./rules/budget.ts";
import { endBelow, estimateOf } from "./settlement.ts";
import { stackOf } from "./stack.ts";

export function applyRetry(book: Book, retry: Retry, now: number): Decision {
  const chain = book.chain(retry.chainId);
  const hop = chain && book.hop(chain, retry.hopId);
  if (hop?.status !== "open") {
    const detail = "The hop to retry has ended.";
    return { verdict: "rejected", rejection: { code: "token_invalid", detail }, recorded: false };
  }
  if (retry.attempt === hop.attempt) {
    // What the failed attempt had called ends with it, whether or not there is another.
    endBelow(book, hop, now);
    const refused = rebook(hop, retry);
    if (refused !== undefined) return refused;
    enterRetried(book, hop, now);
  }
  const { depth, deadlineMs, attempt } = hop;
  return { verdict: "admitted", depth, deadlineMs, attempt };
}

/** Tries on copies, so that a need that does not fit leaves nothing behind. */
function rebook(hop: LiveHop, { used }: Retry): Rejected | undefined {
  const owners = [hop.purses, ...ancestorsOf(hop).map((ancestor) => ancestor.purses)];
  const trial = structuredClone({ owners, root: hop.chain.purses });
  const refused = bookAttempt(hop, trial.owners, trial.root, used);
  if (refused !== undefined) return refused;
  bookAttempt(hop, owners, hop.chain.purses, used);
  const use: Record<Counted, number> = { hops: 1, bytes: hop.inputBytes, tokens: 0, costMicros: 0 };
  for (const dimension of COUNTED) use[dimension] += attemptUse(hop, dimension, used);
  hop.used = plus(hop.used, use);
  return undefined;
}

function attemptUse(hop: LiveHop, dimension: Counted, used: Retry["used"]): number {
  return dimension === "hops" ? 0 : (used?.[dimension] ?? estimateOf(hop, dimension));
}

function bookAttempt(
  hop: LiveHop,
  owners: Parameters<typeof stackOf>[0],
  root: Parameters<typeof stackOf>[1],
  used: Retry["used"],
): Rejected | undefined {
  const stack = stackOf(owners, root);
  for (const dimension of COUNTED) {
    settle(stack[dimension], estimateOf(hop, dimension), attemptUse(hop, dimension, used));
    const need = needOf(hop, dimension);
    const short = shortage(stack[dimension], need);
    if (short !== undefined) {
      const { limit, actual, available } = short;
      const purse = stack[dimension].length > 1 ? "allowance" : "chain";
      return {
        verdict: "rejected",
        rejection: { code: "budget_exceeded", dimension, limit, actual, available, purse },
        recorded: false,
      };
    }
    reserve(stack[dimension], need);
  }
  return undefined;
}

function enterRetried(book: Book, hop: LiveHop, now: number): void {
  const { chain } = hop;
  hop.attempt += 1;
  hop.leaseAt = Math.min(now + leaseOf(hop.timeoutMs), chain.deadlineMs);
  hop.graced = false;
  if (hop.leaseAt < chain.dueAt) lookAt(chain, hop.leaseAt);
  touch(hop);
  touch(chain);
  touchOwners(ancestorsOf(hop));
  book.changed(chain);
  const seq = book.nextSeq();
  chain.writes.push((sql) =>
    appendEvent(sql, { seq, chain: chain.id, hop: hop.id, type: "retried", at: now, body: null }),
  );
}
