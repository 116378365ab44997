/** @promise chain:budget-exact */
import { expect, test } from "vitest";
import type { Facts } from "../../../../mesh/chain/facts.ts";
import { concurrency } from "../../../../mesh/chain/rules/concurrency.ts";
import { ask, facts } from "../../../support/facts.ts";

const gauges = (...of: Facts["gauges"]) => facts({ gauges: of });

test("as many hops may be open as the limit says", () => {
  expect(concurrency(gauges({ limit: 3, open: 2, purse: "chain" }), ask())).toBeUndefined();
});

test("one more is refused, with the limit and what it would come to", () => {
  expect(concurrency(gauges({ limit: 3, open: 3, purse: "chain" }), ask())).toEqual({
    code: "budget_exceeded",
    dimension: "concurrency",
    limit: 3,
    actual: 4,
    available: 0,
    purse: "chain",
  });
});

test("an allowance on the path holds though the chain has room", () => {
  const full = gauges({ limit: 2, open: 2, purse: "allowance" }, { limit: 9, open: 2, purse: "chain" });
  expect(concurrency(full, ask())).toMatchObject({ purse: "allowance", limit: 2, actual: 3 });
});

test("every gauge on the path holds, the farthest too", () => {
  const full = gauges({ limit: 9, open: 1, purse: "allowance" }, { limit: 2, open: 2, purse: "chain" });
  expect(concurrency(full, ask())).toMatchObject({ purse: "chain", limit: 2, actual: 3 });
});

test("where several are full, the nearest is named", () => {
  const full = gauges({ limit: 2, open: 2, purse: "allowance" }, { limit: 3, open: 3, purse: "chain" });
  expect(concurrency(full, ask())).toMatchObject({ purse: "allowance", limit: 2 });
  expect(concurrency(full, ask({ allowance: { concurrency: 0 } }))).toMatchObject({ purse: "asked", limit: 0 });
});

test("the owner of an allowance is the first that it counts", () => {
  expect(concurrency(facts(), ask({ allowance: { concurrency: 1 } }))).toBeUndefined();
  const refusal = concurrency(facts(), ask({ allowance: { concurrency: 0 } }));
  expect(refusal).toMatchObject({ purse: "asked", limit: 0, actual: 1, available: 0 });
});

test("an allowance may promise more than there is now: what stands above holds as well", () => {
  const one = gauges({ limit: 2, open: 1, purse: "chain" });
  expect(concurrency(one, ask({ allowance: { concurrency: 100 } }))).toBeUndefined();
});

test("a gauge that was already over its limit has nothing left, not less than nothing", () => {
  expect(concurrency(gauges({ limit: 2, open: 5, purse: "chain" }), ask())).toMatchObject({ available: 0, actual: 6 });
});
