/** The ledger object in workerd: what it decides, and what it has written when it answers. */
import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import type { Ledger } from "../../../mesh/chain/chain.ts";
import type { Ask, Message } from "../../../mesh/chain/facts.ts";
import {
  childAsk,
  freshLedger,
  newHopId,
  rootAsk,
  rootCall,
  rows,
  settlement,
  startChain,
} from "../../support/workers/ledger.ts";

it("runs in workerd, not in Node", () => {
  expect(navigator.userAgent).toBe("Cloudflare-Workers");
});

describe("asks", () => {
  it("an ask sent again is answered as the first time, and is one hop", async () => {
    const ledger = freshLedger();
    const root = rootAsk();
    const first = await ledger.decide(root);
    expect(first).toMatchObject({ verdict: "admitted", depth: 1, attempt: 1 });
    expect(await ledger.decide({ ...root, resent: true })).toEqual(first);
    const child = childAsk(root, "child");
    const [admitted, refused] = [await ledger.decide(child), await ledger.decide(childAsk(root, "root"))];
    expect(refused).toMatchObject({ rejection: { code: "cycle_detected" }, recorded: true });
    expect(await ledger.decide({ ...child, resent: true })).toEqual(admitted);
    await ledger.settle(settlement(child));
    expect(await ledger.decide({ ...child, resent: true })).toEqual(admitted);
    expect(await ledger.read(root.chainId)).toMatchObject({
      spent: { hops: 2 },
      hops: { rejected: 1, open: 1, done: 1 },
    });
  });

  it("a refused ask sent again is the same refusal", async () => {
    const ledger = freshLedger();
    const root = await startChain(ledger);
    const loop = childAsk(root, "root");
    const refused = await ledger.decide(loop);
    expect(await ledger.decide({ ...loop, resent: true })).toEqual(refused);
    expect((await ledger.read(root.chainId)).hops.rejected).toBe(1);
  });

  it("an ask that comes twice and does not say so costs nobody else of its chain anything", async () => {
    const ledger = freshLedger();
    const root = await startChain(ledger);
    const [twice, other, settled] = [childAsk(root, "twice"), childAsk(root, "other"), childAsk(root, "settled")];
    await ledger.exchange([twice, settled]);
    const answers = await ledger.exchange([settlement(settled, { tokens: 7 }), twice, other]);
    expect(answers[2]).toMatchObject({ verdict: "admitted" });
    expect(await ledger.read(root.chainId)).toMatchObject({
      spent: { hops: 4, tokens: 7 },
      hops: { open: 3, done: 1 },
    });
  });

  it("an ask under an Idempotency-Key sent again is admitted again, not joined to itself; another request joins it", async () => {
    const ledger = freshLedger();
    const root = rootAsk({ idempotency: { scope: "scope", request: "request" } });
    const first = await ledger.decide(root);
    expect(first.verdict).toBe("admitted");
    expect(await ledger.decide({ ...root, resent: true })).toEqual(first);
    const retried = rootAsk({ idempotency: { scope: "scope", request: "request" } });
    expect(await ledger.decide(retried)).toEqual({ verdict: "joined", chainId: root.chainId, hopId: root.hopId });
    const other = await ledger.decide(rootAsk({ idempotency: { scope: "scope", request: "another" } }));
    expect(other).toMatchObject({ verdict: "rejected", rejection: { code: "conflict" } });
  });

  it("of equal requests under one key that arrive together one runs, and the others join it", async () => {
    const ledger = freshLedger();
    const asks = Array.from({ length: 5 }, () => rootAsk({ idempotency: { scope: "scope", request: "request" } }));
    const decisions = (await ledger.exchange(asks)) as { verdict: string; hopId?: string }[];
    expect(decisions.map(({ verdict }) => verdict)).toEqual(["admitted", "joined", "joined", "joined", "joined"]);
    expect(new Set(decisions.slice(1).map(({ hopId }) => hopId))).toEqual(new Set([asks[0]?.hopId]));
  });

  it("of 200 asks at once against a budget of 50 hops exactly 50 are admitted", async () => {
    const ledger = freshLedger();
    const root = await startChain(ledger, { root: rootCall({ hops: 51 }) });
    const asks = Array.from({ length: 200 }, (_, n) => childAsk(root, `agent-${n}`));
    const decisions = await Promise.all(asks.map((ask) => ledger.decide(ask)));
    expect(decisions.filter(({ verdict }) => verdict === "admitted")).toHaveLength(50);
    expect(decisions.filter(({ verdict }) => verdict === "rejected")).toHaveLength(150);
    const refused = decisions.find(({ verdict }) => verdict === "rejected");
    expect(refused).toMatchObject({ rejection: { dimension: "hops", limit: 51, actual: 52, available: 0 } });
    expect(await ledger.read(root.chainId)).toMatchObject({ spent: { hops: 51 }, hops: { open: 51, rejected: 150 } });
  });

  it("many parallel asks with allowances never reserve more than the chain has, whatever their order", async () => {
    const ledger = freshLedger();
    const root = await startChain(ledger, { root: rootCall({ tokens: 1_000 }) });
    const asks = Array.from({ length: 40 }, (_, n) => childAsk(root, `agent-${n}`, { allowance: { tokens: 30 } }));
    const decisions = await Promise.all(asks.map((ask) => ledger.decide(ask)));
    expect(decisions.filter(({ verdict }) => verdict === "admitted")).toHaveLength(33);
    expect(await ledger.read(root.chainId)).toMatchObject({ spent: { tokens: 0 }, reserved: { tokens: 990 } });
  });

  it("a hop that has settled calls on no more: its token is dead, and the chain is left untouched", async () => {
    const ledger = freshLedger();
    const root = await startChain(ledger);
    const child = childAsk(root, "child");
    await ledger.decide(child);
    await ledger.settle(settlement(child));
    const late = await ledger.decide(childAsk(child, "grandchild"));
    expect(late).toMatchObject({ rejection: { code: "token_invalid" }, recorded: false });
    expect((await ledger.read(root.chainId)).hops).toMatchObject({ open: 1, done: 1, rejected: 0 });
  });

  it("what is left to a hop is the least that its purses have free", async () => {
    const ledger = freshLedger();
    const root = await startChain(ledger, { root: rootCall({ hops: 10, tokens: 500 }), inputBytes: 100 });
    const child = childAsk(root, "child", { allowance: { hops: 4, concurrency: 3, wallMs: 5_000 } });
    await ledger.decide(child);
    const left = await ledger.remaining(root.chainId, child.hopId);
    expect(left).toMatchObject({ hops: 3, tokens: 500, bytes: 1_000_000 - 102, concurrency: 2, depth: 6 });
    expect(left?.wallMs).toBeLessThanOrEqual(5_000);
    expect(left?.wallMs).toBeGreaterThan(4_000);
    expect(await ledger.remaining(root.chainId, newHopId())).toBeUndefined();
  });
});

/** Counts the object's transactions from now on, those within another one left out. */
function countCommits({ storage }: DurableObjectState): () => number {
  const transactionSync = storage.transactionSync;
  let level = 0;
  let outermost = 0;
  storage.transactionSync = <T>(work: () => T): T => {
    if (level === 0) outermost += 1;
    level += 1;
    try {
      return transactionSync.call(storage, work) as T;
    } finally {
      level -= 1;
    }
  };
  return () => outermost;
}

describe("group commit", () => {
  it("asks that arrive together share one commit", async () => {
    const ledger = freshLedger();
    const root = await startChain(ledger, { root: rootCall({ hops: 1_000 }) });
    const asks = Array.from({ length: 64 }, (_, n) => childAsk(root, `agent-${n}`));
    const commits = await runInDurableObject<Ledger, number>(ledger.stub, async (object, state) => {
      const count = countCommits(state);
      await Promise.all(asks.map((ask) => object.exchange([ask])));
      return count();
    });
    expect(commits).toBe(1);
    expect((await ledger.read(root.chainId)).hops.open).toBe(65);
  });

  it("asks of parallel RPCs are decided in a few commits, not in one each", async () => {
    const ledger = freshLedger();
    const root = await startChain(ledger, { root: rootCall({ hops: 1_000 }) });
    const count = await runInDurableObject<Ledger, () => number>(ledger.stub, (_, state) => countCommits(state));
    await Promise.all(Array.from({ length: 64 }, (_, n) => ledger.decide(childAsk(root, `agent-${n}`))));
    expect(count()).toBeGreaterThan(0);
    expect(count()).toBeLessThanOrEqual(16);
  });

  it("a settlement is answered before it is written, and rides with the next ask", async () => {
    const ledger = freshLedger();
    const root = await startChain(ledger, { root: rootCall({ concurrency: 2 }) });
    const [first, second] = [childAsk(root, "first"), childAsk(root, "second")];
    await ledger.decide(first);
    const seen = await runInDurableObject<Ledger, unknown>(ledger.stub, async (object, state) => {
      const settled = await object.exchange([settlement(first, { tokens: 3 })]);
      const status = () => state.storage.sql.exec("SELECT status FROM hop WHERE hop_id = ?", first.hopId).one().status;
      const before = status();
      const [decision] = await object.exchange([second]);
      return { settled, before, decision, after: status() };
    });
    expect(seen).toMatchObject({
      settled: [{ verdict: "settled", status: "done", usage: { hops: 1, bytes: 2, tokens: 3 } }],
      before: "open",
      // Only what the settlement gave back of `concurrency` lets this ask pass.
      decision: { verdict: "admitted" },
      after: "done",
    });
  });

  it("a settlement that is answered but not yet written is seen by the next read, by pages of hops, and by what remains", async () => {
    const ledger = freshLedger();
    for (const look of ["read", "hops", "remaining", "watch"] as const) {
      const root = await startChain(ledger);
      const child = childAsk(root, "child", { estimate: { tokens: 100, costMicros: 0 } });
      await ledger.decide(child);
      const seen = await runInDurableObject<Ledger, unknown>(ledger.stub, (object, state) => {
        void object.exchange([settlement(child, { tokens: 7 })]);
        const query = "SELECT status FROM hop WHERE hop_id = ?";
        expect(state.storage.sql.exec(query, child.hopId).one()).toEqual({ status: "open" });
        if (look === "read") return object.read(root.chainId)?.spent.tokens;
        if (look === "hops") return object.hops(root.chainId, 0).map((hop) => hop.status);
        if (look === "remaining") return object.remaining(root.chainId, root.hopId)?.tokens;
        return object.watch(root.chainId, child.hopId, false);
      });
      const expected = { read: 7, hops: ["open", "done"], remaining: 9_993, watch: { status: "done" } };
      if (look === "watch") expect(seen).toMatchObject(expected.watch);
      else expect(seen, look).toEqual(expected[look]);
    }
  });

  it("a settlement that nothing follows is written within 20 ms", async () => {
    const ledger = freshLedger();
    const root = await startChain(ledger);
    const child = childAsk(root, "child");
    await ledger.decide(child);
    await ledger.settle(settlement(child));
    await scheduler.wait(100);
    const found = await rows(ledger.stub, "SELECT status FROM hop WHERE hop_id = ?", child.hopId);
    expect(found).toEqual([{ status: "done" }]);
  });

  it("the answer to a parent's settlement counts children whose settlements are not yet written", async () => {
    const ledger = freshLedger();
    const root = await startChain(ledger);
    const [a, b] = [childAsk(root, "a"), childAsk(root, "b")];
    await ledger.exchange([a, b]);
    const answers = await ledger.exchange([
      settlement(a, { tokens: 5 }),
      settlement(b, { tokens: 6 }),
      settlement(root, { tokens: 1, bytes: 10 }),
    ]);
    expect(answers[2]).toMatchObject({ status: "done", usage: { hops: 3, bytes: 16, tokens: 12 } });
    expect(await ledger.read(root.chainId)).toMatchObject({ status: "done", spent: { hops: 3, tokens: 12 } });
  });

  it("a bad message in a batch fails alone", async () => {
    const ledger = freshLedger();
    const [root, other] = [await startChain(ledger), await startChain(ledger)];
    const [good, fine, elsewhere] = [childAsk(root, "a"), childAsk(root, "b"), childAsk(other, "c")];
    const nameless = childAsk(root, "d", { hopId: null as unknown as string });
    const [first, bad, second, third] = await ledger.exchange([good, nameless, fine, elsewhere]);
    expect(bad).toMatchObject({ verdict: "rejected", rejection: { code: "ledger_unavailable" }, recorded: false });
    expect(third).toMatchObject({ verdict: "admitted" });
    expect([first, second]).toMatchObject([{ verdict: "admitted" }, { verdict: "admitted" }]);
    expect(await ledger.read(root.chainId)).toMatchObject({ hops: { open: 3 }, spent: { hops: 3, bytes: 6 } });
  });

  it("what could not be decided or written was not started, and is not in the books", async () => {
    const ledger = freshLedger();
    const root = await startChain(ledger);
    const child = childAsk(root, "child", { estimate: { tokens: 100, costMicros: 0 } });
    await ledger.decide(child);
    const bad = settlement(child, { tokens: 0.5 });
    const halves = childAsk(root, "halves", { inputBytes: 0.5 });
    const answers = await ledger.exchange([bad, halves]);
    expect(answers[1]).toMatchObject({
      verdict: "rejected",
      rejection: { code: "ledger_unavailable" },
      recorded: false,
    });
    const found = (await ledger.hops(root.chainId)).map(({ hopId }) => hopId);
    expect(found).not.toContain(halves.hopId);
    const chain = await ledger.read(root.chainId);
    expect(chain).toMatchObject({
      hops: { open: 2 },
      spent: { hops: 2, bytes: 4, tokens: 0 },
      reserved: { tokens: 100 },
    });
    // The chain goes on.
    expect(await ledger.settle(settlement(child, { tokens: 5 }))).toMatchObject({ status: "done" });
    expect(await ledger.decide(childAsk(root, "next"))).toMatchObject({ verdict: "admitted" });
    expect(await ledger.read(root.chainId)).toMatchObject({ spent: { hops: 3, tokens: 5 }, reserved: { tokens: 0 } });
  });

  it("nothing is answered as admitted that a later failure of its batch has taken out of the books", async () => {
    const ledger = freshLedger();
    const root = await startChain(ledger);
    const broken = childAsk(root, "broken", { allowance: { tokens: 5 } });
    await ledger.decide(broken);
    await ledger.settle(settlement(broken));
    await ledger.read(root.chainId);
    await rows(ledger.stub, "UPDATE hop SET purses = '{' WHERE hop_id = ?", broken.hopId);
    const good = childAsk(root, "good");
    const [first] = await ledger.exchange([good, childAsk(broken, "below")]);
    const written = await rows(ledger.stub, "SELECT status FROM hop WHERE hop_id = ?", good.hopId);
    expect({ verdict: first?.verdict, written }).toEqual({ verdict: "admitted", written: [{ status: "open" }] });
  });
});

describe("settlements", () => {
  it("a second settlement changes nothing and is answered with what stands", async () => {
    const ledger = freshLedger();
    const root = await startChain(ledger);
    const child = childAsk(root, "child");
    await ledger.decide(child);
    const first = await ledger.settle(settlement(child, { tokens: 5 }));
    const second = await ledger.settle(settlement(child, { outcome: "error", tokens: 900 }));
    expect(second).toMatchObject({ status: "done", usage: { tokens: 5 } });
    expect(first).toMatchObject({ status: "done", usage: { tokens: 5 } });
    expect(await ledger.read(root.chainId)).toMatchObject({ spent: { tokens: 5 }, hops: { done: 1, error: 0 } });
  });

  it("a parent that settles ends what is still open below it, deepest first, as cancelled", async () => {
    const ledger = freshLedger();
    const root = await startChain(ledger);
    const child = childAsk(root, "child", { estimate: { tokens: 40, costMicros: 0 } });
    const grandchild = childAsk(child, "grandchild", { estimate: { tokens: 2, costMicros: 0 } });
    await ledger.exchange([child, grandchild]);
    const answer = await ledger.settle(settlement(root));
    expect(answer).toMatchObject({ status: "done", usage: { hops: 3, tokens: 42 } });
    const hops = await ledger.hops(root.chainId);
    expect(hops.map(({ status }) => status)).toEqual(["done", "cancelled", "cancelled"]);
    expect(hops[2]?.rejection).toMatchObject({ code: "chain_cancelled" });
    const chain = await ledger.read(root.chainId);
    expect(chain).toMatchObject({ status: "done", spent: { tokens: 42 }, reserved: { tokens: 0 }, hops: { open: 0 } });
  });

  it("an answer under an Idempotency-Key is durable before it is answered, and is kept whole", async () => {
    const ledger = freshLedger();
    const root = rootAsk({ idempotency: { scope: "key", request: "request" } });
    await ledger.decide(root);
    const answer = JSON.stringify("ü\ud800\u0000".repeat(200_000));
    const status = await runInDurableObject<Ledger, unknown>(ledger.stub, async (object, state) => {
      await object.exchange([settlement(root, { durable: true, answer })]);
      return state.storage.sql.exec("SELECT status FROM hop WHERE hop_id = ?", root.hopId).one().status;
    });
    expect(status).toBe("done");
    const state = await ledger.watch(root.chainId, root.hopId, false);
    expect(state.status).toBe("done");
    expect(state.answer === answer).toBe(true);
  });

  it("another attempt is reserved before it is made, and refused when it does not fit", async () => {
    const ledger = freshLedger();
    const root = await startChain(ledger, { root: rootCall({ hops: 3 }) });
    const child = childAsk(root, "child");
    await ledger.decide(child);
    const retry = (attempt: number): Message => ({ type: "retry", ...idsOf(child), attempt });
    expect(await ledger.exchange([retry(1)])).toMatchObject([{ verdict: "admitted", attempt: 2 }]);
    expect(await ledger.exchange([retry(1)])).toMatchObject([{ verdict: "admitted", attempt: 2 }]);
    expect((await ledger.read(root.chainId)).spent.hops).toBe(3);
    expect(await ledger.exchange([retry(2)])).toMatchObject([
      { verdict: "rejected", rejection: { code: "budget_exceeded", dimension: "hops" } },
    ]);
    expect((await ledger.read(root.chainId)).hops).toMatchObject({ open: 2, rejected: 0 });
  });
});

function idsOf({ chainId, hopId }: Ask) {
  return { chainId, hopId };
}
