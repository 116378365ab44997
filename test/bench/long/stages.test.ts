import { expect, it } from "vitest";
import { stages } from "../../../bench/long/stages.ts";

it("a long run looks at memory in tenths, and at latencies after each tenfold and at the end", () => {
  const all = stages(100_000);
  expect(all.map(({ chains }) => chains)).toEqual([
    1_000, 10_000, 20_000, 30_000, 40_000, 50_000, 60_000, 70_000, 80_000, 90_000, 100_000,
  ]);
  expect(all.filter(({ latencies }) => latencies).map(({ chains }) => chains)).toEqual([1_000, 10_000, 100_000]);
});

it("a short run looks as often, and ends with latencies", () => {
  const all = stages(500);
  expect(all).toHaveLength(10);
  expect(all.filter(({ latencies }) => latencies)).toEqual([{ chains: 500, latencies: true }]);
});
