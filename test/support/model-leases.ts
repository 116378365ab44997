/**
 * Leases as the design's section 4 tells them ("Watch and lease"): each watch renews one; a restart gives open hops
 * one fresh lease; what outlives its lease is lost.
 */
import { end, leaseFrom, type ModelChain, type ModelHop } from "./model.ts";

function open(chain: ModelChain): ModelHop[] {
  return chain.hops.filter((hop) => hop.status === "open");
}

export function watch(chain: ModelChain, hop: ModelHop, now: number): void {
  hop.lease = leaseFrom(now, hop.timeoutMs, chain.deadlineMs);
}

/** The ledger starts again at `now`, and could not hear what was said to it before. */
export function restart(chain: ModelChain, now: number): void {
  for (const hop of open(chain)) {
    if (!hop.lease.graced) hop.lease.fresh = leaseFrom(now, hop.timeoutMs, chain.deadlineMs).endsAt;
  }
}

/** The earliest time at which somebody must look at open hops. */
export function nextLease(hops: readonly ModelHop[]): number | undefined {
  const ends = hops.map((hop) => hop.lease.endsAt);
  return ends.length === 0 ? undefined : Math.min(...ends);
}

/** Deepest first, so that a hop whose own lease is over is lost, not cancelled with its caller. */
export function expire(chain: ModelChain, now: number): void {
  const over = open(chain).filter((hop) => hop.lease.endsAt <= now);
  for (const hop of over.sort((a, b) => b.depth - a.depth)) {
    const { fresh, graced } = hop.lease;
    if (!graced && fresh !== undefined && now < fresh) hop.lease = { endsAt: fresh, fresh: undefined, graced: true };
    // A lease that the deadline has cut short ends as the deadline's error: nobody failed to give a sign of life.
    else end(chain, hop, hop.lease.endsAt >= chain.deadlineMs ? "error" : "lost", undefined, now);
  }
}
