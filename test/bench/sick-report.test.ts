import { expect, it } from "vitest";
import { ratio, summary } from "../../bench/sick-report.ts";

const times = (count: number, slowest: number) => [...Array.from({ length: count - 2 }, () => 1), slowest, slowest];

it("a round is judged by the slowest hundredth of its halves", () => {
  expect(ratio({ alone: times(100, 10), beside: times(100, 15) })).toBe(1.5);
});

it("the verdict is on the middle round, with the spread beside it", () => {
  const round = (beside: number) => ({ alone: times(100, 10), beside: times(100, beside) });
  const said = summary([round(50), round(10), round(19)]);
  expect(said).toContain("median of the rounds 1.90 ≤ 2 ✓, spread 1.00–5.00");
  expect(summary([round(50), round(10), round(21)])).toContain("2.10 ≤ 2 ✗");
});
