/** Another attempt of an open hop, in one transaction: the old one is settled and the need reserved again, or nothing changes. */
import { COUNTED, type Counted } from "../limits.ts";
import { writeChainPurses } from "./chains.ts";
import { appendEvent } from "./events.ts";
import { leaseOf } from "./expire.ts";
import type { Decision, Retry } from "./facts.ts";
import { type Amounts, type HopRow, readHopOfChain, readPathOfRow } from "./hops.ts";
import { writeRetriedHop } from "./hops-write.ts";
import { reserve, settle, shortage } from "./purses.ts";
import { needOf } from "./rules/budget.ts";
import { chainOf, endBelow, estimateOf, type LedgerDatabase, plus, writeOwners } from "./settlement.ts";
import { stackOf } from "./stack.ts";

export function applyRetry(database: LedgerDatabase, retry: Retry, now: number): Decision {
  const { sql } = database;
  const hop = readHopOfChain(sql, retry.chainId, retry.hopId);
  if (hop?.status !== "open") {
    return {
      verdict: "rejected",
      rejection: { code: "token_invalid", detail: "The hop to retry has ended." },
      recorded: false,
    };
  }
  const { depth, deadlineMs, attempt } = hop;
  if (retry.attempt < attempt) return { verdict: "admitted", depth, deadlineMs, attempt };
  return again(database, hop, retry, now);
}

function again(database: LedgerDatabase, before: HopRow, { used }: Retry, now: number): Decision {
  const { sql } = database;
  const hop = endBelow(database, before, now);
  const chain = chainOf(database, hop);
  const ancestors = readPathOfRow(sql, hop.parent);
  const stack = stackOf([hop.purses, ...ancestors.map((ancestor) => ancestor.purses)], chain.purses);
  const use: Record<Counted, number> = { hops: 0, bytes: 0, tokens: 0, costMicros: 0 };
  const need = { inputBytes: hop.inputBytes, estimate: hop.estimate };
  for (const dimension of COUNTED) {
    const estimate = estimateOf(hop, dimension);
    const attemptUse = dimension === "hops" ? 0 : (used?.[dimension] ?? estimate);
    settle(stack[dimension], estimate, attemptUse);
    const short = shortage(stack[dimension], needOf(need, dimension));
    if (short !== undefined) {
      const { limit, actual, available } = short;
      const purse = stack[dimension].length > 1 ? "allowance" : "chain";
      return {
        verdict: "rejected",
        rejection: { code: "budget_exceeded", dimension, limit, actual, available, purse },
        recorded: false,
      };
    }
    const { first } = needOf(need, dimension);
    reserve(stack[dimension], needOf(need, dimension));
    use[dimension] = attemptUse + first;
  }
  writeOwners(database, ancestors);
  writeChainPurses(sql, chain.id, chain.purses);
  writeRetriedHop(
    sql,
    hop.id,
    plus(hop.used, use as Amounts),
    hop.purses,
    Math.min(now + leaseOf(hop.timeoutMs), chain.deadlineMs),
  );
  appendEvent(sql, chain.id, hop.id, "retried", now);
  return { verdict: "admitted", depth: hop.depth, deadlineMs: hop.deadlineMs, attempt: hop.attempt + 1 };
}
