import { expect, it } from "vitest";
import { median, quantile, turn } from "../../bench/measure.ts";

it("the median is the middle of what was measured, whatever its order", () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(median([10, 9, 100])).toBe(10);
});

it("a quantile is a measured value that so many of them do not exceed", () => {
  const hundred = Array.from({ length: 100 }, (_, place) => 100 - place);
  expect(quantile(hundred, 0.5)).toBe(50);
  expect(quantile(hundred, 0.99)).toBe(99);
  expect(quantile(hundred, 1)).toBe(100);
  expect(quantile([7], 0.99)).toBe(7);
});

it("nothing measured has no quantile", () => {
  expect(quantile([], 0.5)).toBeNaN();
});

it("each subject comes first in one round of as many as there are", () => {
  const subjects = ["a", "b", "c"];
  expect([0, 1, 2, 3].map((round) => turn(subjects, round).join(""))).toEqual(["abc", "bca", "cab", "abc"]);
});
