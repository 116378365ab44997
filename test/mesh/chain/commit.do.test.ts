/** Group commit in workerd: what travels together is written together, before it is answered. @promise chain:recorded-before-run */
import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import type { Ledger } from "../../../mesh/chain/chain.ts";
import {
  childAsk,
  freshLedger,
  rootCall,
  rows,
  settlement,
  startChain,
  statusAtStart,
} from "../../support/workers/ledger.ts";

/** Counts the object's commits from now on: each is a row of the journal, until rows are brought up to date. */
function countCommits({ storage }: DurableObjectState): () => number {
  const rows = () => Number(storage.sql.exec("SELECT COUNT(*) AS n FROM journal").one().n);
  const before = rows();
  return () => rows() - before;
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
    const within = <T>(work: (state: DurableObjectState) => T) =>
      runInDurableObject<Ledger, T>(ledger.stub, (_, state) => work(state));
    const count = await within(countCommits);
    await Promise.all(Array.from({ length: 64 }, (_, n) => ledger.decide(childAsk(root, `agent-${n}`))));
    const commits = await within(count);
    expect(commits).toBeGreaterThan(0);
    expect(commits).toBeLessThanOrEqual(16);
  });

  it("one isolate's messages are written at once; those of several wait a turn for each other", async () => {
    const ledger = freshLedger();
    const root = await startChain(ledger, { root: rootCall({ hops: 1_000 }) });
    await scheduler.wait(1_100);
    const commits = await runInDurableObject<Ledger, number[]>(ledger.stub, async (object, state) => {
      const count = countCommits(state);
      const send = (senders: readonly string[]) =>
        Promise.all(senders.map((sender, n) => object.exchange([childAsk(root, `agent-${n}`)], sender)));
      await send(["one", "one", "one"]);
      const alone = count();
      await send(["one", "two", "one", "two"]);
      return [alone, count() - alone];
    });
    // The first of "one" does not know yet that "two" is coming.
    expect(commits).toEqual([3, 2]);
    expect((await ledger.read(root.chainId)).hops.open).toBe(8);
  });

  it("a settlement is answered before it is written, and rides with the next ask", async () => {
    const ledger = freshLedger();
    const root = await startChain(ledger, { root: rootCall({ concurrency: 2 }) });
    const [first, second] = [childAsk(root, "first"), childAsk(root, "second")];
    await ledger.decide(first);
    const seen = await runInDurableObject<Ledger, unknown>(ledger.stub, async (object, state) => {
      const settled = await object.exchange([settlement(first, { tokens: 3 })]);
      const status = () => statusAtStart(state.storage, first.hopId);
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
        expect(statusAtStart(state.storage, child.hopId)).toBe("open");
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
    const status = await runInDurableObject(ledger.stub, (_, { storage }) => statusAtStart(storage, child.hopId));
    expect(status).toBe("done");
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
