import { expect, it } from "vitest";
import { ledgerSizes, stages } from "../../../bench/long/stages.ts";

it("the largest ledger is compared with a tenth and a hundredth of it, smallest first", () => {
  expect(ledgerSizes(100_000)).toEqual([1_000, 10_000, 100_000]);
  expect(ledgerSizes(50)).toEqual([1, 5, 50]);
});

it("a run looks in tenths, and at its end", () => {
  expect(stages(100_000)).toEqual(Array.from({ length: 10 }, (_, place) => (place + 1) * 10_000));
  expect(stages(25).at(-1)).toBe(25);
});

it("a run of few chains looks at none twice", () => {
  expect(stages(3)).toEqual([1, 2, 3]);
});
