import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type FailedAttempt, retryDelay } from "../../../mesh/hop/retry.ts";

const failed: FailedAttempt = { attempt: 1, idempotent: true, transient: true, remainingMs: 60_000 };

describe("a failed attempt", () => {
  it("of an agent that is not idempotent is never made again", () => {
    expect(retryDelay({ ...failed, idempotent: false }, 0.5)).toBeUndefined();
  });

  it("that would end as it did is not made again", () => {
    expect(retryDelay({ ...failed, transient: false }, 0.5)).toBeUndefined();
  });

  it("is made again twice, after a wait that doubles", () => {
    const waits = [1, 2, 3].map((attempt) => retryDelay({ ...failed, attempt }, 1));
    expect(waits).toEqual([100, 200, undefined]);
  });

  it("waits less by chance, so that many do not come back together", () => {
    expect(retryDelay(failed, 0)).toBe(0);
    expect(retryDelay(failed, 0.25)).toBe(25);
  });

  it("waits as long as the callee asks, if that is longer", () => {
    expect(retryDelay({ ...failed, retryAfterMs: 3_000 }, 1)).toBe(3_000);
    expect(retryDelay({ ...failed, retryAfterMs: 10 }, 1)).toBe(100);
  });

  it("is not made again when its deadline comes first", () => {
    expect(retryDelay({ ...failed, remainingMs: 100 }, 1)).toBeUndefined();
    expect(retryDelay({ ...failed, remainingMs: 101 }, 1)).toBe(100);
    expect(retryDelay({ ...failed, retryAfterMs: 60_000 }, 1)).toBeUndefined();
  });

  it("never waits past its deadline, nor less than it was asked to", () => {
    const attempts = fc.record({
      attempt: fc.integer({ min: 1, max: 4 }),
      idempotent: fc.boolean(),
      transient: fc.boolean(),
      retryAfterMs: fc.option(fc.nat(10_000), { nil: undefined }),
      remainingMs: fc.integer({ min: -1_000, max: 10_000 }),
    });
    fc.assert(
      fc.property(attempts, fc.double({ min: 0, max: 1, noNaN: true }), (attempt, jitter) => {
        const wait = retryDelay(attempt, jitter);
        if (wait === undefined) return;
        expect(wait).toBeLessThan(attempt.remainingMs);
        expect(wait).toBeGreaterThanOrEqual(attempt.retryAfterMs ?? 0);
      }),
    );
  });
});
