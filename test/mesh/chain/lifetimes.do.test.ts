/** What the ledger object does when nobody asks it: watches, leases, late results, its alarm. @promise chain:no-silent-loss */
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import type { Ledger } from "../../../mesh/chain/chain.ts";
import type { Ask } from "../../../mesh/chain/facts.ts";
import {
  childAsk,
  eventually,
  freshLedger,
  indexOf,
  type LedgerClient,
  newHopId,
  rootCall,
  rows,
  settlement,
  startChain,
} from "../../support/workers/ledger.ts";

const TOKENS = { estimate: { tokens: 100, costMicros: 30 } };

async function leaseOf(ledger: LedgerClient, { hopId }: Ask): Promise<number> {
  const [row] = await rows(ledger.stub, "SELECT lease_at FROM hop WHERE hop_id = ?", hopId);
  return Number(row?.lease_at);
}

/** Edits a ledger's rows behind its back: what it had in memory is read again. */
async function edit(
  { stub }: LedgerClient,
  ...edits: [query: string, ...values: (string | number)[]][]
): Promise<void> {
  for (const [query, ...values] of edits) await rows(stub, query, ...values);
  await evictDurableObject(stub);
}

/** Puts the lease of a hop into the past, and the time that the ledger waits for. */
function endLease(ledger: LedgerClient, { hopId }: Ask, graced: boolean): Promise<void> {
  const past = Date.now() - 1;
  return edit(
    ledger,
    ["UPDATE hop SET lease_at = ?, graced = ? WHERE hop_id = ?", past, graced ? 1 : 0, hopId],
    ["UPDATE chain SET due_at = ?", past],
  );
}

/** Loses a hop: its lease is over, and it has had its fresh one. */
async function lose(ledger: LedgerClient, ask: Ask): Promise<void> {
  await endLease(ledger, ask, true);
  await runDurableObjectAlarm(ledger.stub);
}

describe.concurrent("a watch", () => {
  it("answers at once when the chain is cancelled, and says so", async () => {
    const ledger = freshLedger();
    const root = await startChain(ledger);
    const child = childAsk(root, "child", TOKENS);
    await ledger.decide(child);
    const watching = Promise.all([
      ledger.watch(root.chainId, child.hopId),
      ledger.watch(root.chainId, child.hopId, false),
    ]);
    await scheduler.wait(50);
    const cancelledAt = Date.now();
    expect(await ledger.cancel(root.chainId)).toMatchObject({ status: "cancelled", hops: { open: 0, cancelled: 2 } });
    for (const state of await watching) {
      expect(state).toMatchObject({
        status: "cancelled",
        rejection: { code: "chain_cancelled" },
        usage: { tokens: 100 },
      });
    }
    expect(Date.now() - cancelledAt).toBeLessThan(500);
  });

  it("answers at once when the hop settles, its parent settles, or it has ended before", async () => {
    const ledger = freshLedger();
    const root = await startChain(ledger);
    const [a, b] = [childAsk(root, "a"), childAsk(root, "b")];
    await ledger.exchange([a, b]);
    const watchA = ledger.watch(root.chainId, a.hopId);
    const watchB = ledger.watch(root.chainId, b.hopId);
    await scheduler.wait(20);
    await ledger.settle(settlement(a, { outcome: "error", rejection: { code: "upstream_error", detail: "no" } }));
    expect(await watchA).toMatchObject({ status: "error", rejection: { code: "upstream_error" } });
    await ledger.settle(settlement(root));
    expect(await watchB).toMatchObject({ status: "cancelled" });
    expect(await ledger.watch(root.chainId, a.hopId)).toMatchObject({ status: "error" });
    expect(await ledger.watch(root.chainId, root.hopId)).toMatchObject({ status: "done" });
  });

  it("of the dispatcher renews the lease, that of somebody who only waits does not", async () => {
    const ledger = freshLedger();
    const root = await startChain(ledger);
    const soon = Date.now() + 5_000;
    await edit(ledger, ["UPDATE hop SET lease_at = ? WHERE hop_id = ?", soon, root.hopId]);
    const waiting = ledger.watch(root.chainId, root.hopId, false);
    await scheduler.wait(30);
    expect(await leaseOf(ledger, root)).toBe(soon);
    const alive = ledger.watch(root.chainId, root.hopId, true);
    await scheduler.wait(30);
    const left = (await leaseOf(ledger, root)) - Date.now();
    expect(left).toBeGreaterThan(34_000);
    expect(left).toBeLessThanOrEqual(35_000);
    await ledger.cancel(root.chainId);
    await Promise.all([waiting, alive]);
  });

  it("renews no lease past the chain's deadline", async () => {
    const ledger = freshLedger();
    const root = await startChain(ledger, { root: rootCall({ wallMs: 10_000 }) });
    const { deadlineAt } = await ledger.read(root.chainId);
    const alive = ledger.watch(root.chainId, root.hopId);
    await scheduler.wait(30);
    expect(await leaseOf(ledger, root)).toBe(deadlineAt);
    await ledger.cancel(root.chainId);
    await alive;
  });

  it("of a hop that the ledger does not have fails", async () => {
    const ledger = freshLedger();
    const root = await startChain(ledger);
    const failed = await runInDurableObject<Ledger, unknown>(ledger.stub, (object) =>
      object.watch(root.chainId, newHopId(), true).catch((error: Error) => error.message),
    );
    expect(failed).toMatch(/has no hop/);
  });
});

describe.concurrent("a lease that ends", () => {
  it("by itself, without anybody touching the object, makes the hop lost and charges its whole reservation", async () => {
    const ledger = freshLedger();
    const root = await startChain(ledger, { ...TOKENS, timeoutMs: 1 });
    const lost = await eventually(8_000, async () => {
      await scheduler.wait(5_000);
      const chain = await ledger.read(root.chainId);
      return chain.hops.lost === 1 ? chain : undefined;
    });
    expect(lost).toMatchObject({ status: "failed", spent: { hops: 1, bytes: 2, tokens: 100, costMicros: 30 } });
    expect((lost.endedAt ?? 0) - lost.startedAt).toBeGreaterThanOrEqual(5_001);
  });

  it("charges a lost hop its estimate and all that was free in its allowance", async () => {
    const ledger = freshLedger();
    const root = await startChain(ledger);
    const child = childAsk(root, "child", { ...TOKENS, allowance: { tokens: 300 } });
    await ledger.decide(child);
    await lose(ledger, child);
    const chain = await ledger.read(root.chainId);
    expect(chain).toMatchObject({
      status: "running",
      spent: { tokens: 300, costMicros: 30 },
      hops: { lost: 1, open: 1 },
    });
    expect(chain.reserved).toMatchObject({ tokens: 0, costMicros: 0 });
    const [, hop] = await ledger.hops(root.chainId);
    expect(hop).toMatchObject({ status: "lost", late: false, tokens: 300, rejection: { code: "upstream_error" } });
  });

  it("of a caller ends what it called, deepest first, and the chain with its root hop", async () => {
    const ledger = freshLedger();
    const root = await startChain(ledger);
    const child = childAsk(root, "child", TOKENS);
    await ledger.decide(child);
    await lose(ledger, root);
    const chain = await ledger.read(root.chainId);
    expect(chain).toMatchObject({ status: "failed", hops: { lost: 1, cancelled: 1, open: 0 }, spent: { tokens: 100 } });
  });

  it("with the chain's deadline is no loss: the hop is an error, the chain expired", async () => {
    const ledger = freshLedger();
    const root = await startChain(ledger, { ...TOKENS, root: rootCall({ wallMs: 300 }) });
    const expired = await eventually(1_500, async () => {
      const chain = await ledger.read(root.chainId);
      return chain.status === "running" ? undefined : chain;
    });
    expect(expired).toMatchObject({ status: "expired", hops: { error: 1, lost: 0 }, spent: { tokens: 100 } });
    expect(await ledger.hops(root.chainId)).toMatchObject([
      { status: "error", rejection: { code: "deadline_exceeded" } },
    ]);
    expect(await ledger.decide(childAsk(root, "child"))).toMatchObject({ rejection: { code: "token_invalid" } });
    // Nobody knew what it used: what it says late corrects the books.
    await ledger.settle(settlement(root, { tokens: 7 }));
    expect(await ledger.read(root.chainId)).toMatchObject({ status: "expired", spent: { tokens: 7 } });
  });

  it("while the ledger was restarted is given once more, counted from the restart, and only once", async () => {
    const ledger = freshLedger();
    const root = await startChain(ledger);
    const child = childAsk(root, "child", TOKENS);
    await ledger.decide(child);
    await endLease(ledger, child, false);
    const restartedAt = Date.now();
    await runDurableObjectAlarm(ledger.stub);
    expect((await ledger.hops(root.chainId))[1]).toMatchObject({ status: "open" });
    const fresh = (await leaseOf(ledger, child)) - restartedAt;
    expect(Math.abs(fresh - 35_000)).toBeLessThan(2_000);

    await endLease(ledger, child, true);
    await runDurableObjectAlarm(ledger.stub);
    expect((await ledger.hops(root.chainId))[1]).toMatchObject({ status: "lost", tokens: 100 });
  });
});

describe.concurrent("a late result", () => {
  it("after `lost` is recorded, corrects the books once, and reaches the index", async () => {
    const ledger = freshLedger();
    const root = await startChain(ledger);
    const child = childAsk(root, "child", TOKENS);
    await ledger.decide(child);
    await lose(ledger, child);
    expect(await ledger.read(root.chainId)).toMatchObject({ spent: { tokens: 100, costMicros: 30 } });

    const late = settlement(child, { bytes: 11, tokens: 7, costMicros: 50, outputDigest: "digest" });
    expect(await ledger.settle(late)).toMatchObject({
      status: "lost",
      usage: { bytes: 13, tokens: 7, costMicros: 50 },
    });
    const corrected = { spent: { hops: 2, bytes: 15, tokens: 7, costMicros: 50 }, hops: { lost: 1, done: 0, open: 1 } };
    expect(await ledger.read(root.chainId)).toMatchObject(corrected);
    expect((await ledger.hops(root.chainId))[1]).toMatchObject({ status: "lost", late: true, outputDigest: "digest" });

    await ledger.settle({ ...late, tokens: 900 });
    expect(await ledger.read(root.chainId)).toMatchObject(corrected);
    const edge = await eventually(1_500, async () => {
      const edges = (await indexOf(ledger).edges(0)).edges as readonly { to: string; tokens: number }[];
      return edges.find(({ to, tokens }) => to === "child" && tokens === 7);
    });
    expect(edge).toMatchObject({ from: "root", calls: 1, errors: 1, costMicros: 50 });
  });

  it("after the end of its chain still corrects it, and an allowance's rest that it gives back", async () => {
    const ledger = freshLedger();
    const root = await startChain(ledger);
    const child = childAsk(root, "child", { ...TOKENS, allowance: { tokens: 300 } });
    await ledger.decide(child);
    await ledger.settle(settlement(root, { tokens: 1 }));
    expect(await ledger.read(root.chainId)).toMatchObject({ status: "done", spent: { tokens: 301, costMicros: 30 } });
    await ledger.settle(settlement(child, { tokens: 20, costMicros: 5 }));
    expect(await ledger.read(root.chainId)).toMatchObject({ status: "done", spent: { tokens: 21, costMicros: 5 } });
  });

  it("of an attempt that was given up for another is recorded, not booked", async () => {
    const ledger = freshLedger();
    const root = await startChain(ledger);
    const child = childAsk(root, "child", TOKENS);
    await ledger.decide(child);
    const { chainId, hopId } = child;
    await ledger.exchange([{ type: "retry", chainId, hopId, attempt: 1 }]);
    await ledger.settle(settlement(child, { tokens: 900 }));
    expect(await ledger.read(chainId)).toMatchObject({ spent: { hops: 3, tokens: 100 }, reserved: { tokens: 100 } });
    expect((await ledger.hops(chainId))[1]).toMatchObject({ status: "open", late: true, attempt: 2 });
  });
});

describe.concurrent("the alarm", () => {
  it("handles at most 200 due times a turn, and comes again for the rest", async () => {
    const ledger = freshLedger();
    await startChain(ledger);
    const left = await runInDurableObject<Ledger, number[]>(ledger.stub, async (object, { storage }) => {
      for (let n = 0; n < 450; n++) storage.sql.exec("INSERT INTO due VALUES ('answer', ?, ?)", 1_000 + n, n);
      const count = () => Number(storage.sql.exec("SELECT COUNT(*) AS n FROM due WHERE at < 1000").one().n);
      const counts = [];
      for (let turn = 0; turn < 2; turn++) {
        void object.alarm();
        counts.push(count());
      }
      return counts;
    });
    expect(left).toEqual([250, 50]);
    await eventually(1_000, async () => {
      const [row] = await rows(ledger.stub, "SELECT COUNT(*) AS n FROM due WHERE at < 1000");
      return row?.n === 0 || undefined;
    });
  });

  it("goes on after a due time that fails, and tries that one again later", async () => {
    const ledger = freshLedger();
    const chains = [await startChain(ledger), await startChain(ledger), await startChain(ledger)] as const;
    for (const root of chains) await ledger.settle(settlement(root));
    await ledger.read(chains[0].chainId);
    // What the index has not heard is kept.
    await eventually(2_000, async () => (await rows(ledger.stub, "SELECT 1 FROM outbox WHERE sent >= 9"))[0]);
    await edit(
      ledger,
      ["UPDATE chain SET limits = '{' WHERE chain_id = ?", chains[1].chainId],
      ["UPDATE chain SET due_at = id"],
    );
    await runDurableObjectAlarm(ledger.stub);
    const left = await rows(ledger.stub, "SELECT chain_id, due_at FROM chain");
    expect(left).toMatchObject([{ chain_id: chains[1].chainId }]);
    expect(Number(left[0]?.due_at)).toBeGreaterThan(Date.now() + 5_000);
  });
});
