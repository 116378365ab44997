/** The purses that a hop stands under, gathered from the rows that own them. */

import type { Budget } from "../budget.ts";
import { COUNTED, type Counted, type Limits } from "../limits.ts";
import type { Facts } from "./facts.ts";
import { newPurse, type Purse, type Purses } from "./purses.ts";

/** The root purse of each counted dimension. */
export type RootPurses = Record<Counted, Purse>;

/** What a hop owns by its allowance: purses, and a gauge of open hops where it limits them. */
export interface OwnPurses {
  readonly counted: Partial<RootPurses>;
  readonly concurrency?: { readonly limit: number; open: number } | undefined;
}

export function newRootPurses(limits: Limits): RootPurses {
  return {
    hops: newPurse(limits.hops),
    bytes: newPurse(limits.bytes),
    tokens: newPurse(limits.tokens),
    costMicros: newPurse(limits.costMicros),
  };
}

/** For each dimension the purses from the nearest owner to the root. `owners` is nearest first. */
export function stackOf(owners: readonly (OwnPurses | undefined)[], root: RootPurses): Record<Counted, Purses> {
  const stack = (dimension: Counted): Purses => {
    const purses: Purse[] = [];
    for (const own of owners) if (own?.counted[dimension] !== undefined) purses.push(own.counted[dimension]);
    purses.push(root[dimension]);
    return purses as unknown as Purses;
  };
  return { hops: stack("hops"), bytes: stack("bytes"), tokens: stack("tokens"), costMicros: stack("costMicros") };
}

export function gaugesOf(
  owners: readonly (OwnPurses | undefined)[],
  chain: { readonly open: number; readonly limits: Limits },
): Facts["gauges"] {
  const own = owners.flatMap((owner) =>
    owner?.concurrency === undefined ? [] : [{ ...owner.concurrency, purse: "allowance" as const }],
  );
  return [...own, { limit: chain.limits.concurrency, open: chain.open, purse: "chain" }];
}

/** Whether an allowance makes its hop own anything; `wallMs` alone only moves the deadline. */
export function ownsPurses(allowance: Budget | undefined): allowance is Budget {
  return (
    allowance !== undefined &&
    [...COUNTED, "concurrency" as const].some((dimension) => allowance[dimension] !== undefined)
  );
}
