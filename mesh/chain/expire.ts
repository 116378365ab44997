import { LEASE_GRACE_MS, LEASE_MS } from "../limits.ts";

/** How long an open hop is believed without a sign of life, in milliseconds. */
export function leaseOf(timeoutMs: number): number {
  return Math.min(timeoutMs, LEASE_MS) + LEASE_GRACE_MS;
}

export interface Lease {
  /** Epoch milliseconds. */
  readonly endsAtMs: number;
  /** Whether it is the one fresh lease that a restart of the ledger gives. */
  readonly graced: boolean;
  readonly timeoutMs: number;
  /** The chain's deadline: no lease goes past it. */
  readonly deadlineMs: number;
}

export type LeaseVerdict =
  | { readonly verdict: "waits" | "lost" }
  | { readonly verdict: "graced"; readonly endsAtMs: number };

/**
 * Whether an open hop is lost at `now`. A ledger that was started during the lease could not hear its watch, so such a
 * hop gets one fresh lease, counted from the start of the object.
 */
export function leaseVerdict(lease: Lease, now: number, bornAtMs: number): LeaseVerdict {
  if (now < lease.endsAtMs) return { verdict: "waits" };
  const length = leaseOf(lease.timeoutMs);
  const bornWithin = bornAtMs > lease.endsAtMs - length;
  const fresh = Math.min(bornAtMs + length, lease.deadlineMs);
  if (!lease.graced && bornWithin && now < fresh) return { verdict: "graced", endsAtMs: fresh };
  return { verdict: "lost" };
}
