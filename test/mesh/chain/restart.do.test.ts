/**
 * The ledger object across evictions and crashes: what it has answered as durable stands, and the rest is never
 * counted too low. @promise chain:no-silent-loss
 */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { LEDGER_MIGRATIONS } from "../../../mesh/chain/migrations.ts";
import { INDEX_MIGRATIONS } from "../../../mesh/index/migrations.ts";
import type { ChainItem } from "../../../mesh/index/store.ts";
import { migrate } from "../../../mesh/migrations.ts";
import { REGISTRY_MIGRATIONS } from "../../../mesh/registry/migrations.ts";
import {
  again,
  bindings,
  childAsk,
  crash,
  eventually,
  freshLedger,
  indexOf,
  rootAsk,
  rootCall,
  rows,
  settlement,
  startChain,
} from "../../support/workers/ledger.ts";

describe.concurrent("an eviction", () => {
  it("between admission and settlement leaves the hop open, the loop refused and the budget exact", async () => {
    const ledger = freshLedger();
    const root = await startChain(ledger, { root: rootCall({ hops: 5 }) });
    const child = childAsk(root, "child", { estimate: { tokens: 100, costMicros: 0 } });
    await ledger.decide(child);
    await evictDurableObject(ledger.stub);

    expect(await ledger.decide(childAsk(child, "root"))).toMatchObject({
      rejection: { code: "cycle_detected", path: ["root", "child", "root"] },
    });
    const asks = Array.from({ length: 10 }, (_, n) => childAsk(child, `agent-${n}`));
    const decisions = await Promise.all(asks.map((ask) => ledger.decide(ask)));
    expect(decisions.filter(({ verdict }) => verdict === "admitted")).toHaveLength(3);
    expect(await ledger.settle(settlement(child, { tokens: 40 }))).toMatchObject({ status: "done" });
    expect(await ledger.read(root.chainId)).toMatchObject({
      spent: { hops: 5, tokens: 40 },
      reserved: { tokens: 0 },
      hops: { open: 1, done: 1, cancelled: 3, rejected: 8 },
    });
  });

  it("keeps who called whom: a caller that settles ends what it had called before", async () => {
    const ledger = freshLedger();
    const root = await startChain(ledger);
    const child = childAsk(root, "child");
    const grandchild = childAsk(child, "grandchild", { estimate: { tokens: 5, costMicros: 0 } });
    await ledger.exchange([child]);
    await ledger.exchange([grandchild, childAsk(root, "sibling")]);
    await evictDurableObject(ledger.stub);
    expect(await ledger.settle(settlement(child))).toMatchObject({ status: "done", usage: { hops: 2, tokens: 5 } });
    const hops = await ledger.hops(root.chainId);
    expect(hops.map(({ callee, status }) => `${callee} ${status}`)).toEqual([
      "root open",
      "child done",
      "grandchild cancelled",
      "sibling open",
    ]);
  });

  it("keeps what has been used below a hop, whatever of it was settled before and after", async () => {
    const ledger = freshLedger();
    const root = await startChain(ledger);
    const child = childAsk(root, "child");
    const [before, after] = [childAsk(child, "before"), childAsk(child, "after")];
    await ledger.exchange([child]);
    await ledger.exchange([before, after]);
    await ledger.settle(settlement(before, { tokens: 1, bytes: 10 }));
    await ledger.read(root.chainId);
    await evictDurableObject(ledger.stub);
    await ledger.settle(settlement(after, { tokens: 2, bytes: 20 }));
    const settled = await ledger.settle(settlement(child, { tokens: 4, bytes: 40 }));
    expect(settled).toMatchObject({ usage: { hops: 3, tokens: 7, bytes: 76 } });
    await ledger.read(root.chainId);
    await evictDurableObject(ledger.stub);
    const ended = await ledger.settle(settlement(root, { tokens: 8 }));
    expect(ended).toMatchObject({ usage: { hops: 4, tokens: 15, bytes: 78 } });
    expect(await ledger.read(root.chainId)).toMatchObject({
      status: "done",
      spent: { hops: 4, tokens: 15, bytes: 78 },
    });
  });

  it("keeps allowances: what stands under one is bounded by it, and its rest goes back", async () => {
    const ledger = freshLedger();
    const root = await startChain(ledger, { root: rootCall({ tokens: 1_000 }) });
    const child = childAsk(root, "child", { allowance: { tokens: 300, concurrency: 2 } });
    await ledger.decide(child);
    await evictDurableObject(ledger.stub);

    const tokens = (estimate: number) => ({ estimate: { tokens: estimate, costMicros: 0 } });
    expect(await ledger.decide(childAsk(child, "dear", tokens(301)))).toMatchObject({
      rejection: { code: "budget_exceeded", dimension: "tokens", limit: 300, purse: "allowance" },
    });
    const grandchild = childAsk(child, "grandchild", tokens(300));
    expect(await ledger.decide(grandchild)).toMatchObject({ verdict: "admitted" });
    expect(await ledger.decide(childAsk(child, "third"))).toMatchObject({
      rejection: { code: "budget_exceeded", dimension: "concurrency", limit: 2, actual: 3, purse: "allowance" },
    });
    expect(await ledger.read(root.chainId)).toMatchObject({ reserved: { tokens: 300 } });
    await evictDurableObject(ledger.stub);

    await ledger.settle(settlement(grandchild, { tokens: 120 }));
    expect(await ledger.remaining(root.chainId, child.hopId)).toMatchObject({ tokens: 180, concurrency: 1 });
    await ledger.settle(settlement(child));
    expect(await ledger.read(root.chainId)).toMatchObject({ spent: { tokens: 120 }, reserved: { tokens: 0 } });
  });

  it("keeps the decision on every ask, and the chain's policy", async () => {
    const ledger = freshLedger();
    const root = await startChain(ledger, { root: rootCall({}, { maxDepth: 2 }) });
    const child = childAsk(root, "child", { policy: { cycle: { rule: "deny" } } });
    const [first] = await ledger.exchange([child]);
    const deep = childAsk(child, "grandchild");
    const [refused] = await ledger.exchange([deep]);
    expect(refused).toMatchObject({ rejection: { code: "depth_exceeded", limit: 2, actual: 3 } });
    await evictDurableObject(ledger.stub);
    const again = await ledger.exchange([child, deep].map((ask) => ({ ...ask, resent: true })));
    expect(again).toEqual([first, refused]);
    expect((await ledger.read(root.chainId)).hops).toMatchObject({ open: 2, rejected: 1 });
  });

  it("keeps the answer of a request under an Idempotency-Key, and runs it no second time", async () => {
    const ledger = freshLedger();
    const idempotency = { scope: "scope", request: "request" };
    const root = await startChain(ledger, { idempotency });
    await ledger.settle(settlement(root, { durable: true, answer: '{"a":1}' }));
    await evictDurableObject(ledger.stub);
    const { chainId, hopId } = root;
    expect(await ledger.decide(rootAsk({ idempotency }))).toEqual({ verdict: "joined", chainId, hopId });
    expect(await ledger.watch(chainId, hopId, false)).toMatchObject({ status: "done", answer: '{"a":1}' });
  });
});

describe.concurrent("a crash", () => {
  it("right after an answer finds the hop in the ledger", async () => {
    const ledger = freshLedger();
    const root = await startChain(ledger);
    const child = childAsk(root, "child");
    expect(await ledger.decide(child)).toMatchObject({ verdict: "admitted" });
    await crash(ledger);
    expect((await again(ledger).hops(root.chainId)).map(({ hopId }) => hopId)).toEqual([root.hopId, child.hopId]);
  });

  it("before an answered settlement is written leaves the hop open, with its reservation still held", async () => {
    const ledger = freshLedger();
    const root = await startChain(ledger);
    const child = childAsk(root, "child", { estimate: { tokens: 100, costMicros: 0 } });
    await ledger.decide(child);
    await crash(ledger, (object) => void object.exchange([settlement(child, { tokens: 1 })]));
    const restarted = again(ledger);
    expect(await restarted.read(root.chainId)).toMatchObject({ hops: { open: 2 }, reserved: { tokens: 100 } });
    // The dispatcher that is still alive may say it again.
    await restarted.settle(settlement(child, { tokens: 1 }));
    expect(await restarted.read(root.chainId)).toMatchObject({ hops: { done: 1 }, spent: { tokens: 1 } });
  });

  it("keeps what was settled under an Idempotency-Key: it was written before it was answered", async () => {
    const ledger = freshLedger();
    const root = await startChain(ledger, { idempotency: { scope: "scope", request: "request" } });
    const settled = settlement(root, { durable: true, answer: "1" });
    await ledger.settle(settled);
    await crash(ledger);
    expect(await again(ledger).watch(root.chainId, root.hopId, false)).toMatchObject({ status: "done", answer: "1" });
  });

  it("ends the watches that are held, and the next one is answered when the hop ends", async () => {
    const ledger = freshLedger();
    const root = await startChain(ledger);
    const held = ledger.watch(root.chainId, root.hopId).catch(() => "ended");
    await scheduler.wait(20);
    await crash(ledger);
    expect(await held).toBe("ended");
    const restarted = again(ledger);
    const next = restarted.watch(root.chainId, root.hopId);
    await scheduler.wait(20);
    await restarted.settle(settlement(root));
    await restarted.read(root.chainId);
    expect(await next).toMatchObject({ status: "done" });
  });

  it("with events unsent sends them by the alarm, untouched, at most a second after they happened", async () => {
    const name = `crash-${crypto.randomUUID()}`;
    const ledger = freshLedger(`${name}//`);
    const root = rootAsk();
    await ledger.decide(root);
    await crash(ledger);
    const index = bindings.INDEX.getByName(name);
    const found = await eventually(1_500, async () => {
      const items = (await index.searchChains({ since: 0, limit: 10 })) as ChainItem[];
      return items.length > 0 ? items : undefined;
    });
    expect(found).toMatchObject([{ chainId: root.chainId, status: "running" }]);
  });

  it("between feeding the index and noting it feeds the same events again, and they count once", async () => {
    const ledger = freshLedger();
    const root = await startChain(ledger);
    const child = childAsk(root, "child");
    await ledger.decide(child);
    await ledger.settle(settlement(child, { tokens: 7 }));
    await ledger.settle(settlement(root, { tokens: 1 }));
    const edges = async () => (await indexOf(ledger).edges(0)).edges as unknown[];
    await eventually(1_500, async () => (await edges()).length === 2 || undefined);
    await rows(ledger.stub, "UPDATE outbox SET sent = 0");
    await crash(ledger);
    const restarted = again(ledger);
    const other = await startChain(restarted);
    await restarted.settle(settlement(other));
    const after = await eventually(1_500, async () => {
      const found = (await edges()) as { calls: number }[];
      return found.some(({ calls }) => calls === 2) ? found : undefined;
    });
    expect(after).toMatchObject(
      [
        { to: "child", calls: 1, tokens: 7 },
        { to: "root", calls: 2, tokens: 1 },
      ].toReversed(),
    );
    expect(await rows(restarted.stub, "SELECT sent >= (SELECT MAX(ended_seq) FROM hop) AS sent FROM outbox")).toEqual([
      { sent: 1 },
    ]);
  });
});

it.each([
  ["ledger", () => freshLedger().stub, LEDGER_MIGRATIONS],
  ["index", () => bindings.INDEX.getByName(crypto.randomUUID()), INDEX_MIGRATIONS],
  ["registry", () => bindings.REGISTRY.getByName(crypto.randomUUID()), REGISTRY_MIGRATIONS],
] as const)("a database of a newer version is refused by the %s, and left as it is", async (_, make, migrations) => {
  const stub = make() as unknown as DurableObjectStub;
  const version = await runInDurableObject(stub, (_object, { storage }) => {
    const open = () =>
      migrate({ sql: storage.sql, transactionSync: (work) => storage.transactionSync(work) }, migrations);
    open();
    storage.sql.exec("UPDATE schema_version SET version = version + 1");
    expect(open).toThrow(new RegExp(`schema version ${migrations.length + 1}.*Run a newer version`));
    return storage.sql.exec("SELECT version FROM schema_version").one();
  });
  expect(version).toEqual({ version: migrations.length + 1 });
});
