/** The ledger object in workerd: what it decides, and how hops settle in it. @promise chain:budget-exact */
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
  settlement,
  startChain,
  statusAtStart,
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
      return statusAtStart(state.storage, root.hopId);
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
