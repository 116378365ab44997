/** @promise chain:no-silent-loss */
import { describe, expect, test } from "vitest";
import { type Lease, leaseOf, leaseVerdict } from "../../../mesh/chain/expire.ts";

const T = 1_800_000_000_000;
/** A lease of 15 s that began at T, in a chain that lasts. */
const lease = (more: Partial<Lease> = {}): Lease => ({
  endsAtMs: T + 15_000,
  graced: false,
  timeoutMs: 10_000,
  deadlineMs: T + 900_000,
  ...more,
});
const BEFORE = T - 1;

describe("how long a lease is", () => {
  test("a short call is believed for its timeout and 5 s", () => {
    expect(leaseOf(10_000)).toBe(15_000);
  });

  test("a long call must be watched: it is believed for 30 s and 5 s", () => {
    expect(leaseOf(30_001)).toBe(35_000);
    expect(leaseOf(900_000)).toBe(35_000);
  });
});

describe("in a ledger that has heard every watch", () => {
  test("a hop waits until the millisecond before its lease ends", () => {
    expect(leaseVerdict(lease(), T + 14_999, BEFORE)).toEqual({ verdict: "waits" });
  });

  test("a hop is lost when its lease ends", () => {
    expect(leaseVerdict(lease(), T + 15_000, BEFORE)).toEqual({ verdict: "lost" });
  });

  test("a ledger that started in the very millisecond of the lease has heard all of it", () => {
    expect(leaseVerdict(lease(), T + 15_000, T)).toEqual({ verdict: "lost" });
  });
});

describe("in a ledger that started during the lease", () => {
  test("a hop gets one fresh lease, counted from the start", () => {
    expect(leaseVerdict(lease(), T + 15_000, T + 1)).toEqual({ verdict: "graced", endsAtMs: T + 15_001 });
    expect(leaseVerdict(lease(), T + 20_000, T + 12_000)).toEqual({ verdict: "graced", endsAtMs: T + 27_000 });
  });

  test("also when it started after the lease had ended: nobody could have watched", () => {
    expect(leaseVerdict(lease(), T + 60_000, T + 59_000)).toEqual({ verdict: "graced", endsAtMs: T + 74_000 });
  });

  test("the lease that still runs is not shortened", () => {
    expect(leaseVerdict(lease(), T + 14_999, T + 1)).toEqual({ verdict: "waits" });
  });

  test("the fresh lease is the only one", () => {
    expect(leaseVerdict(lease({ graced: true }), T + 15_000, T + 12_000)).toEqual({ verdict: "lost" });
  });

  test("a hop is lost when the fresh lease would be over as well", () => {
    expect(leaseVerdict(lease(), T + 26_999, T + 12_000)).toMatchObject({ verdict: "graced" });
    expect(leaseVerdict(lease(), T + 27_000, T + 12_000)).toEqual({ verdict: "lost" });
  });

  test("the fresh lease does not go past the chain's deadline", () => {
    const short = lease({ deadlineMs: T + 20_000 });
    expect(leaseVerdict(short, T + 15_000, T + 12_000)).toEqual({ verdict: "graced", endsAtMs: T + 20_000 });
    expect(leaseVerdict(short, T + 20_000, T + 12_000)).toEqual({ verdict: "lost" });
  });
});
