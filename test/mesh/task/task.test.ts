/** What may become of a task. */
import { describe, expect, test } from "vitest";
import { askedBy, ttlOf, unanswered } from "../../../mesh/task/task.ts";

const BOUNDS = { usual: 100, least: 10, most: 1_000 };

describe("how long a task is kept", () => {
  test.each([
    [undefined, 100],
    [null, 100],
    [Number.NaN, 100],
    [1, 10],
    [10, 10],
    [55.9, 55],
    [1_000, 1_000],
    [1_001, 1_000],
  ])("of %s it gets %i", (asked, kept) => {
    expect(ttlOf(asked, BOUNDS)).toBe(kept);
  });
});

test("a result asks only where it says so", () => {
  const requests = { who: { method: "elicitation/create" } };
  expect(askedBy({ resultType: "input_required", inputRequests: requests, requestState: "s" })).toEqual({
    requests,
    state: "s",
  });
  expect(askedBy({ resultType: "complete", inputRequests: requests })).toBeUndefined();
  expect(askedBy({ resultType: "input_required" })).toEqual({ requests: {} });
});

test("what is answered with nothing is answered", () => {
  const requests = { a: { method: "m" }, b: { method: "m" } };
  expect(Object.keys(unanswered(requests, { a: null }))).toEqual(["b"]);
  expect(unanswered(requests, { a: 1, b: 2 })).toEqual({});
});
