import { COUNTED, type Counted } from "../../limits.ts";
import type { Ask, Rule } from "../facts.ts";
import { type Need, shortage } from "../purses.ts";

/**
 * A hop reserves from the purse it stands under, and only from that: an allowance was itself reserved one level up, so
 * checking one purse keeps the whole tree within its root's limit (the theorem in purses.ts).
 */
export const budget: Rule = ({ purses }, ask) => {
  for (const dimension of COUNTED) {
    const short = shortage(purses[dimension], needOf(ask, dimension), ask.allowance?.[dimension]);
    if (short === undefined) continue;
    const standing = purses[dimension].length > 1 ? "allowance" : "chain";
    return {
      code: "budget_exceeded",
      dimension,
      limit: short.limit,
      actual: short.actual,
      available: short.available,
      purse: short.purse === "asked" ? "asked" : standing,
    };
  }
  return undefined;
};

/** The hop itself and its input are spent at once; what its callee is expected to report is held. */
export function needOf(ask: Pick<Ask, "inputBytes" | "estimate">, dimension: Counted): Need {
  switch (dimension) {
    case "hops":
      return { first: 1, estimate: 0 };
    case "bytes":
      return { first: ask.inputBytes, estimate: 0 };
    case "tokens":
    case "costMicros":
      return { first: 0, estimate: ask.estimate[dimension] };
    default:
      return dimension satisfies never;
  }
}
