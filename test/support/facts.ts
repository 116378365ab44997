/** What the rules see and what they are asked, complete and harmless: a test says only what it is about. */
import type { Ask, Facts, PathStep } from "../../mesh/chain/facts.ts";
import { newPurse, type Purse, type Purses } from "../../mesh/chain/purses.ts";
import { newRootPurses } from "../../mesh/chain/stack.ts";
import { DEFAULT_BUDGET } from "../../mesh/limits.ts";

const NOW = 1_800_000_000_000;

/** A root call's facts: an empty path in a chain that has just started with the default budget. */
export function facts(more: Partial<Facts> = {}): Facts {
  const { hops, bytes, tokens, costMicros } = newRootPurses(DEFAULT_BUDGET);
  return {
    now: NOW,
    chain: { status: "running", deadlineMs: NOW + DEFAULT_BUDGET.wallMs },
    parent: "open",
    path: [],
    policy: { maxDepth: 8, also: [] },
    purses: { hops: [hops], bytes: [bytes], tokens: [tokens], costMicros: [costMicros] },
    gauges: [{ limit: DEFAULT_BUDGET.concurrency, open: 0, purse: "chain" }],
    ...more,
  };
}

/** A call of `writer` that nothing stands against. */
export function ask(more: Partial<Ask> = {}): Ask {
  return {
    type: "ask",
    chainId: "1".repeat(32),
    hopId: "2".repeat(16),
    parentHopId: "3".repeat(16),
    callee: "writer",
    skill: "write",
    address: "builtin:writer",
    inputBytes: 100,
    inputDigest: "input",
    estimate: { tokens: 0, costMicros: 0 },
    timeoutMs: 60_000,
    ...more,
  };
}

/** An ancestor path of these agents, each with an address and an input of its own. */
export function path(...callees: readonly string[]): PathStep[] {
  return callees.map((callee, place) => ({ callee, address: `builtin:${callee}`, inputDigest: `input-${place}` }));
}

export function purse(limit: number, more: Partial<Purse> = {}): Purse {
  return { ...newPurse(limit), ...more };
}

/** An allowance's purse within the chain's, as the ledger keeps them: the chain's holds the allowance's whole rest. */
export function within(root: Purse, own: Purse): Purses {
  root.held += own.limit - own.spent;
  root.spent += own.spent;
  return [own, root];
}
