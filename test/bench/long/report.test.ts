import { expect, it } from "vitest";
import { latencyTable, memoryRatio, memoryTable, type Seen } from "../../../bench/long/report.ts";

const seen = (hops: number, mib: number): Seen => ({
  chains: hops / 10,
  hops,
  memory: { resident: (mib + 60) * 2 ** 20, anonymous: mib * 2 ** 20 },
  heapBytes: undefined,
  diskBytes: hops * 400,
  hopsPerSecond: 5_000,
});

it("memory is judged by its second half: what warms up is not growth", () => {
  const flat = [seen(10, 20), seen(50, 100), seen(60, 104), seen(100, 110)];
  expect(memoryRatio(flat)).toBeCloseTo(1.1);
  expect(memoryTable(flat)).toContain("1.10 ≤ 1.25 ✓");
});

it("memory that grows with the hops is found", () => {
  const leak = [10, 20, 30, 40, 50, 60, 70, 80, 90, 100].map((hops) => seen(hops, 50 + hops));
  expect(memoryRatio(leak)).toBe(1.5);
  expect(memoryTable(leak)).toContain("✗");
});

it("the heap has a column when it was asked for", () => {
  const [one] = [seen(10, 20)];
  expect(memoryTable([one])).not.toContain("JS heap");
  expect(memoryTable([{ ...one, heapBytes: 12 * 2 ** 20 }])).toMatch(/JS heap MiB .*\n.*\n.*\| +12 \|/);
});

it("each request is judged by what it takes in the largest ledger against the smallest", () => {
  const at = (...p50s: number[]) => p50s.map((p50Ms) => ({ p50Ms, p99Ms: 9 }));
  const asked = [
    { name: "read", ledgers: at(1, 5, 2) },
    { name: "list", ledgers: at(1, 1.5, 2.5) },
  ];
  const [head, , read, list] = latencyTable([1_000, 10_000, 100_000], asked).split("\n");
  expect(head).toContain("1,000 chains");
  expect(read).toContain("2.00 ≤ 2 ✓");
  expect(list).toContain("2.50 ≤ 2 ✗");
});
