import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addLatency, type Latencies, latencyQuantile, mergeLatencies } from "../../../mesh/index/latency.ts";

function histogram(values: readonly number[]): Latencies {
  const latencies: Latencies = {};
  for (const value of values) addLatency(latencies, value);
  return latencies;
}

const latency = fc.integer({ min: 0, max: 900_000 });
const latencies = fc.array(latency, { minLength: 1, maxLength: 200 });

describe("the latency histogram", () => {
  it("gives every quantile within 2.5 % of the true one", () => {
    fc.assert(
      fc.property(latencies, fc.double({ min: 0, max: 1, noNaN: true }), (values, quantile) => {
        const sorted = values.toSorted((a, b) => a - b);
        const exact = sorted[Math.max(1, Math.ceil(quantile * values.length)) - 1] ?? 0;
        const told = latencyQuantile(histogram(values), quantile) ?? Number.NaN;
        // Half a tenth more, because it is told in tenths of a millisecond.
        expect(Math.abs(told - exact)).toBeLessThanOrEqual(exact * 0.025 + 0.05);
      }),
    );
  });

  it("of two parts merged is that of the whole", () => {
    fc.assert(
      fc.property(latencies, latencies, (a, b) => {
        const merged = histogram(a);
        mergeLatencies(merged, histogram(b));
        expect(merged).toEqual(histogram([...a, ...b]));
      }),
    );
  });

  it("stays small: a quarter of an hour is some 300 counts", () => {
    expect(Object.keys(histogram(Array.from({ length: 900_000 }, (_, ms) => ms))).length).toBeLessThan(300);
  });

  it("says nothing of no calls, and zero of calls below a millisecond", () => {
    expect(latencyQuantile({}, 0.5)).toBeNull();
    expect(latencyQuantile(histogram([0, 0, 0.4]), 0.99)).toBe(0);
  });
});
