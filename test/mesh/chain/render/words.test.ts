import { describe, expect, it } from "vitest";
import { cost, counted, duration, grouped } from "../../../../mesh/chain/render/words.ts";

describe("amounts as people read them", () => {
  it.each([
    [0, "0 ms"],
    [999, "999 ms"],
    [1_000, "1.0 s"],
    [9_949, "9.9 s"],
    [12_345, "12 s"],
    [59_949, "60 s"],
    [125_400, "2 min 5 s"],
    [3_599_600, "1 h"],
    [3_600_000 * 25, "1 d 1 h"],
  ])("%d ms are %s", (ms, words) => {
    expect(duration(ms)).toBe(words);
  });

  it.each([
    [1, "$0.000001"],
    [999, "$0.00100"],
    [12_345, "$0.012"],
    [999_999, "$1.000"],
    [1_000_000, "$1.00"],
    [1_234_567_890, "$1,234.56"],
  ])("%d micro-USD are %s", (micros, words) => {
    expect(cost(micros)).toBe(words);
  });

  it("groups thousands, and knows one from many", () => {
    expect(grouped(1_234_567)).toBe("1,234,567");
    expect(grouped(123)).toBe("123");
    expect([counted(1, "hop"), counted(0, "hop"), counted(5_000, "hop")]).toEqual(["1 hop", "0 hops", "5,000 hops"]);
  });
});
