import type { Rule } from "../facts.ts";

/** Hops open at once, waiting callers included, for the chain and for each allowance on the path that limits them. */
export const concurrency: Rule = ({ gauges }, ask) => {
  const asked = ask.allowance?.concurrency;
  const own = asked === undefined ? [] : [{ limit: asked, open: 0, purse: "asked" as const }];
  const full = [...own, ...gauges].find(({ limit, open }) => open + 1 > limit);
  if (full === undefined) return undefined;
  return {
    code: "budget_exceeded",
    dimension: "concurrency",
    limit: full.limit,
    actual: full.open + 1,
    available: Math.max(0, full.limit - full.open),
    purse: full.purse,
  };
};
