/** How chains go: after their retention or when they are deleted, a bounded number of rows a turn, and never run again. */
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import type { Ledger } from "../../../mesh/chain/chain.ts";
import type { Ask } from "../../../mesh/chain/facts.ts";
import type { Removal } from "../../../mesh/chain/retention.ts";
import type { MeshEdges } from "../../../mesh/index/index.ts";
import type { ChainItem } from "../../../mesh/index/store.ts";
import { REMOVAL_TURN } from "../../../mesh/limits.ts";
import {
  again,
  childAsk,
  count,
  crash,
  eventually,
  freshLedger,
  indexOf,
  type LedgerClient,
  rootAsk,
  rootCall,
  rows,
  settlement,
  startChain,
} from "../../support/workers/ledger.ts";

/** A chain that has ended, of a root hop and so many below it. */
async function endedChain(ledger: LedgerClient, hops: number, more: Partial<Ask> = {}): Promise<Ask> {
  const root = await startChain(ledger, { root: rootCall({ hops: 10_000, concurrency: 10_000 }), ...more });
  for (let made = 0; made < hops; made += 500) {
    const some = Math.min(500, hops - made);
    await ledger.exchange(Array.from({ length: some }, () => childAsk(root, "child")));
  }
  await ledger.settle(settlement(root, more.idempotency ? { durable: true, answer: '"answer"' } : {}));
  await ledger.read(root.chainId);
  return root;
}

function told(ledger: LedgerClient): Promise<true> {
  const unsent = "outbox WHERE sent < (SELECT MAX(ended_seq) FROM hop WHERE ended_seq IS NOT NULL)";
  return eventually(5_000, async () => (await count(ledger, unsent)) === 0 || undefined);
}

function endRetention({ stub }: LedgerClient, { chainId }: Ask): Promise<unknown> {
  const query = "UPDATE chain SET due_at = 1 WHERE chain_id = ?";
  return rows(stub, query, chainId);
}

function listed(ledger: LedgerClient): Promise<ChainItem[]> {
  return indexOf(ledger).searchChains({ since: 0, limit: 10 }) as Promise<ChainItem[]>;
}

async function callsOf(ledger: LedgerClient): Promise<number> {
  const { edges } = (await indexOf(ledger).edges(0)) as MeshEdges;
  return edges.reduce((sum, { calls }) => sum + calls, 0);
}

function remove({ stub }: LedgerClient, { chainId }: Pick<Ask, "chainId">): Promise<Removal> {
  return stub.remove(chainId) as Promise<Removal>;
}

describe.concurrent("a chain of 5,000 hops whose retention is over", () => {
  it("goes in turns of a bounded number of rows, and other chains are decided between them", async () => {
    const ledger = freshLedger();
    const root = await endedChain(ledger, 5_000);
    const other = await startChain(ledger, { root: rootCall({ hops: 1_000 }) });
    await told(ledger);
    await endRetention(ledger, root);
    const turns = await runInDurableObject<Ledger, { removed: number; verdict: string }[]>(
      ledger.stub,
      async (object, { storage }) => {
        const hops = () => Number(storage.sql.exec("SELECT COUNT(*) AS n FROM hop WHERE callee = 'child'").one().n);
        const seen: { removed: number; verdict: string }[] = [];
        while (hops() > 0) {
          const before = hops();
          // Its rows are changed before it waits for anything.
          const turn = object.alarm();
          const removed = before - hops();
          const [answer] = await object.exchange([childAsk(other, "between")]);
          seen.push({ removed, verdict: answer?.verdict ?? "" });
          await turn;
        }
        return seen;
      },
    );
    expect(turns.map(({ removed }) => removed).filter((some) => some > REMOVAL_TURN)).toEqual([]);
    expect(turns.some(({ removed }) => removed === REMOVAL_TURN)).toBe(true);
    expect(turns.length).toBeGreaterThanOrEqual(3);
    expect(new Set(turns.map(({ verdict }) => verdict))).toEqual(new Set(["admitted"]));
    expect(await ledger.stub.read(root.chainId)).toBeUndefined();
    await eventually(3_000, async () => (await count(ledger, "removed")) === 0 || undefined);
    expect((await ledger.read(other.chainId)).status).toBe("running");
    expect(await count(ledger, "hop WHERE callee = 'child'")).toBe(0);
  });

  it("goes by itself, with its row in the index, and leaves nothing but the sums of the mesh", async () => {
    const ledger = freshLedger();
    const root = await endedChain(ledger, 1_200);
    await told(ledger);
    await endRetention(ledger, root);
    await runDurableObjectAlarm(ledger.stub);
    await eventually(3_000, async () => (await count(ledger, "hop")) === 0 || undefined);
    await eventually(1_500, async () => (await listed(ledger)).length === 0 || undefined);
    await eventually(1_500, async () => (await count(ledger, "event")) === 0 || undefined);
    await eventually(3_000, async () => (await count(ledger, "due")) === 0 || undefined);
    expect(await count(ledger, "removed")).toBe(0);
    expect(await callsOf(ledger)).toBe(1_201);
  });

  it("goes whole after a crash between two turns", async () => {
    const ledger = freshLedger();
    const root = await endedChain(ledger, 1_200);
    await told(ledger);
    await endRetention(ledger, root);
    await rows(ledger.stub, "UPDATE due SET at = 9999999999999");
    await runInDurableObject<Ledger, void>(ledger.stub, (object) => object.alarm());
    expect(await count(ledger, "removed")).toBe(1);
    await crash(ledger);
    const restarted = again(ledger);
    await runDurableObjectAlarm(restarted.stub);
    await eventually(3_000, async () => (await count(restarted, "hop")) === 0 || undefined);
    await eventually(3_000, async () => (await listed(restarted)).length === 0 || undefined);
  });
});

describe.concurrent("many chains whose retention is over", () => {
  it("go a bounded number of hops a turn all together, and a lease that ends meanwhile is seen in the next turn", async () => {
    const ledger = freshLedger();
    const chains: Ask[] = [];
    for (let made = 0; made < 30; made++) chains.push(await endedChain(ledger, 40));
    const open = await startChain(ledger);
    await told(ledger);
    await rows(ledger.stub, "UPDATE chain SET due_at = 1");
    await rows(ledger.stub, "UPDATE hop SET lease_at = 2, graced = 1 WHERE status = 'open'");
    await evictDurableObject(ledger.stub);
    const turn = await runInDurableObject<Ledger, { hops: number; chains: number }>(
      ledger.stub,
      async (object, { storage }) => {
        const countOf = (table: string) => Number(storage.sql.exec(`SELECT COUNT(*) AS n FROM ${table}`).one().n);
        await object.alarm();
        await object.alarm();
        return { hops: countOf("hop"), chains: countOf("chain") };
      },
    );
    // The chains are gone at once, the lost hop with its chain has ended, and the hops go little by little.
    expect(turn.chains).toBe(1);
    expect(turn.hops).toBeGreaterThanOrEqual(30 * 41 + 1 - 2 * REMOVAL_TURN);
    expect(await ledger.read(open.chainId)).toMatchObject({ status: "failed", hops: { lost: 1 } });
    await eventually(3_000, async () => (await count(ledger, "hop")) === 1 || undefined);
  });
});

describe.concurrent("a chain that is deleted", () => {
  it("is gone at once for every reader, its place in the list within a second, and its sums stay", async () => {
    const ledger = freshLedger();
    const root = await endedChain(ledger, 3);
    // Nothing was told yet: what it adds to the mesh is told before it goes.
    expect(await remove(ledger, root)).toBe("removed");
    expect(await ledger.stub.read(root.chainId)).toBeUndefined();
    expect(await ledger.hops(root.chainId)).toEqual([]);
    expect(await ledger.stub.follow(root.chainId, 0)).toBeUndefined();
    expect(await remove(ledger, root)).toBe("unknown");
    await eventually(1_000, async () => (await listed(ledger)).length === 0 || undefined);
    expect(await callsOf(ledger)).toBe(4);
    await eventually(2_000, async () => (await count(ledger, "hop")) === 0 || undefined);
  });

  it("while it runs is not", async () => {
    const ledger = freshLedger();
    const root = await startChain(ledger);
    expect(await remove(ledger, root)).toBe("running");
    expect((await ledger.read(root.chainId)).status).toBe("running");
    await ledger.cancel(root.chainId);
    expect(await remove(ledger, root)).toBe("removed");
  });

  it("under an Idempotency-Key never runs again: the request is refused until the key's own time is over", async () => {
    const ledger = freshLedger();
    const idempotency = { scope: "scope", request: "request" };
    const root = await endedChain(ledger, 0, { idempotency });
    expect(await remove(ledger, root)).toBe("removed");
    await eventually(2_000, async () => (await count(ledger, "answer")) === 0 || undefined);
    for (let time = 0; time < 2; time++) {
      const joined = await ledger.decide(rootAsk({ idempotency }));
      expect(joined).toMatchObject({ verdict: "joined", chainId: root.chainId });
      const state = await ledger.watch(root.chainId, root.hopId, false);
      expect(state).toMatchObject({ status: "rejected", rejection: { code: "conflict" } });
      expect(state.answer).toBeUndefined();
      await evictDurableObject(ledger.stub);
    }
    await rows(ledger.stub, "UPDATE due SET at = 1 WHERE kind = 'answer'");
    await runDurableObjectAlarm(ledger.stub);
    expect(await ledger.decide(rootAsk({ idempotency }))).toMatchObject({ verdict: "admitted" });
  });

  it("takes no late result and no further hop", async () => {
    const ledger = freshLedger();
    const root = await startChain(ledger);
    const child = childAsk(root, "child", { estimate: { tokens: 9, costMicros: 0 } });
    await ledger.decide(child);
    await ledger.settle(settlement(root));
    expect(await remove(ledger, root)).toBe("removed");
    expect(await ledger.settle(settlement(child, { tokens: 4 }))).toMatchObject({ status: "rejected" });
    expect(await ledger.decide(childAsk(root, "more"))).toMatchObject({ rejection: { code: "token_invalid" } });
    expect(await ledger.stub.read(root.chainId)).toBeUndefined();
  });

  it("whose last hops can't be told to the index stays until they can", async () => {
    const ledger = freshLedger();
    const root = await endedChain(ledger, 2);
    await told(ledger);
    // As if the index had not answered since: what was sent is behind the chain's end, and feeding fails.
    await rows(indexOf(ledger), "ALTER TABLE ledger RENAME TO away");
    await rows(ledger.stub, "UPDATE outbox SET sent = 0");
    expect(await remove(ledger, root)).toBe("untold");
    expect((await ledger.read(root.chainId)).status).toBe("done");
    await rows(indexOf(ledger), "ALTER TABLE away RENAME TO ledger");
    await eventually(4_000, async () => ((await remove(ledger, root)) === "removed" ? true : undefined));
    expect(await callsOf(ledger)).toBe(3);
  });
});

describe.concurrent("the ledger's sequence", () => {
  it("goes on after everything was removed, so that the index never takes something new for something old", async () => {
    const ledger = freshLedger();
    const root = await endedChain(ledger, 5);
    expect(await remove(ledger, root)).toBe("removed");
    await eventually(3_000, async () => (await count(ledger, "event")) === 0 || undefined);
    await eventually(3_000, async () => (await count(ledger, "hop")) === 0 || undefined);
    await evictDurableObject(ledger.stub);
    await endedChain(ledger, 2);
    await eventually(3_000, async () => ((await callsOf(ledger)) === 9 ? true : undefined));
  });
});
