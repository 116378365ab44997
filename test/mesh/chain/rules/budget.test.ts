/** @promise chain:budget-exact */
import { describe, expect, test } from "vitest";
import type { Facts } from "../../../../mesh/chain/facts.ts";
import { budget, needOf } from "../../../../mesh/chain/rules/budget.ts";
import { COUNTED } from "../../../../mesh/limits.ts";
import { ask, facts, purse, within } from "../../../support/facts.ts";

const standing = (purses: Partial<Facts["purses"]>) => facts({ purses: { ...facts().purses, ...purses } });
const costing = (tokens: number, costMicros = 0) => ask({ estimate: { tokens, costMicros } });

describe("what a call needs", () => {
  test("one hop and the bytes of its input are spent at once, its estimate is held", () => {
    const call = { inputBytes: 7, estimate: { tokens: 11, costMicros: 13 } };
    expect(COUNTED.map((dimension) => needOf(call, dimension))).toEqual([
      { first: 1, estimate: 0 },
      { first: 7, estimate: 0 },
      { first: 0, estimate: 11 },
      { first: 0, estimate: 13 },
    ]);
  });
});

describe("in every dimension", () => {
  test.each([
    ["hops", purse(0), ask(), 1],
    ["bytes", purse(99), ask({ inputBytes: 100 }), 100],
    ["tokens", purse(9), costing(10), 10],
    ["costMicros", purse(9), costing(0, 10), 10],
  ] as const)(
    "refuses what %s cannot hold, and says which, the limit and what it would come to",
    (dimension, short, call, actual) => {
      expect(budget(standing({ [dimension]: [short] }), call)).toEqual({
        code: "budget_exceeded",
        dimension,
        limit: short.limit,
        actual,
        available: short.limit,
        purse: "chain",
      });
    },
  );

  test.each([
    ["hops", purse(1), ask()],
    ["bytes", purse(100), ask({ inputBytes: 100 })],
    ["tokens", purse(10), costing(10)],
    ["costMicros", purse(10), costing(0, 10)],
  ] as const)("the last unit of %s may be had", (dimension, enough, call) => {
    expect(budget(standing({ [dimension]: [enough] }), call)).toBeUndefined();
  });

  test.each(COUNTED)("an allowance of %s is asked of the same dimension", (dimension) => {
    const call = ask({ allowance: { [dimension]: Number.MAX_SAFE_INTEGER } });
    expect(budget(facts(), call)).toMatchObject({ dimension, actual: Number.MAX_SAFE_INTEGER, purse: "chain" });
  });

  test("a call that fits one dimension and not a later one is refused", () => {
    expect(budget(standing({ costMicros: [purse(0)] }), costing(1, 1))).toMatchObject({ dimension: "costMicros" });
  });
});

describe("whose limit refuses", () => {
  test("the chain's, where the call stands under no allowance", () => {
    expect(budget(standing({ tokens: [purse(5)] }), costing(6))).toMatchObject({ purse: "chain", limit: 5 });
  });

  test("that of the allowance the call stands under, though the chain has plenty", () => {
    const tokens = within(purse(1_000), purse(5));
    expect(budget(standing({ tokens }), costing(6))).toMatchObject({ purse: "allowance", limit: 5, actual: 6 });
  });

  test("that of the allowance it asks for, when it needs more itself", () => {
    const call = { ...costing(6), allowance: { tokens: 5 } };
    expect(budget(facts(), call)).toMatchObject({ purse: "asked", limit: 5, actual: 6, available: 5 });
  });
});
