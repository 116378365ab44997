/** Leases of open hops: the sign of life, and what happens without one. */
import type { Book } from "./book.ts";
import { leaseOf, leaseVerdict } from "./expire.ts";
import { type LiveChain, type LiveHop, lookAt, touchHop } from "./live.ts";
import { endHop } from "./settlement.ts";

/** A watch is a sign of life: the hop's lease starts again. `due` keeps the earlier time and finds it moved. */
export function renewLease(book: Book, hop: LiveHop, now: number): void {
  hop.leaseAt = Math.min(now + leaseOf(hop.timeoutMs), hop.chain.deadlineMs);
  hop.graced = false;
  touchHop(hop);
  book.changed(hop.chain);
}

/** Settles the hops of a running chain whose leases are over, deepest first, and says when to look again. */
export function expireLeases(book: Book, chain: LiveChain, now: number, bornAtMs: number): void {
  const over = [...chain.hops.values()].filter((hop) => hop.status === "open" && hop.leaseAt <= now);
  for (const hop of over.sort((a, b) => b.depth - a.depth)) {
    // One whose caller was lost before it has ended with it.
    if (hop.status === "open") expireOne(book, hop, now, bornAtMs);
  }
  book.changed(chain);
  if (chain.status !== "running") return;
  const open = [...chain.hops.values()].filter((hop) => hop.status === "open");
  lookAt(chain, Math.min(...open.map((hop) => hop.leaseAt)));
}

function expireOne(book: Book, hop: LiveHop, now: number, bornAtMs: number): void {
  const { leaseAt: endsAtMs, graced, timeoutMs, chain } = hop;
  const verdict = leaseVerdict({ endsAtMs, graced, timeoutMs, deadlineMs: chain.deadlineMs }, now, bornAtMs);
  if (verdict.verdict === "waits") return;
  if (verdict.verdict === "graced") {
    hop.leaseAt = verdict.endsAtMs;
    hop.graced = true;
    return touchHop(hop);
  }
  if (endsAtMs >= chain.deadlineMs) {
    // Its lease was cut short by the deadline: that is what ended it, whoever watched.
    const detail = `The chain's deadline passed before agent '${hop.callee}' answered.`;
    return endHop(book, hop, { status: "error", rejection: { code: "deadline_exceeded", detail } }, now);
  }
  const detail =
    "Nobody has watched the hop until its lease ended: it is lost, and it is not known whether it has run.";
  endHop(book, hop, { status: "lost", rejection: { code: "upstream_error", detail } }, now);
}
