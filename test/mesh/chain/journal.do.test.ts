/** The ledger's journal: what is durable in it gets into its rows, whatever happens in between. @promise chain:recorded-before-run */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import type { Ledger } from "../../../mesh/chain/chain.ts";
import type { Ask } from "../../../mesh/chain/facts.ts";
import {
  childAsk,
  freshLedger,
  type LedgerClient,
  rootCall,
  settlement,
  startChain,
} from "../../support/workers/ledger.ts";

/** The object's own tables, as they are: nobody's read brings them up to date first. */
function tables({ stub }: LedgerClient): Promise<{ journal: number; chains: number; hops: Record<string, unknown>[] }> {
  return runInDurableObject<Ledger, never>(stub, (_, { storage: { sql } }) => {
    const count = (table: string) => Number(sql.exec(`SELECT COUNT(*) AS n FROM ${table}`).one().n);
    const hops = [...sql.exec("SELECT hop_id, callee, status FROM hop ORDER BY id")];
    return { journal: count("journal"), chains: count("chain"), hops } as never;
  });
}

function damage({ stub }: LedgerClient, query: string, ...values: (string | number)[]): Promise<void> {
  return runInDurableObject(stub, (_, { storage }) => void storage.sql.exec(query, ...values));
}

const many = (root: Ask, count: number, more: Partial<Ask> = {}) =>
  Array.from({ length: count }, (_, n) => childAsk(root, `agent-${n}`, more));

describe("the journal", () => {
  it("has what no row has yet, until somebody reads", async () => {
    const ledger = freshLedger();
    const root = await startChain(ledger);
    const child = childAsk(root, "child");
    await ledger.exchange([child]);
    await ledger.exchange([settlement(child), childAsk(root, "other")]);
    expect(await tables(ledger)).toEqual({ journal: 3, chains: 0, hops: [] });

    expect((await ledger.hops(root.chainId)).map(({ status }) => status)).toEqual(["open", "done", "open"]);
    const { journal, chains, hops } = await tables(ledger);
    expect({ journal, chains }).toEqual({ journal: 0, chains: 1 });
    expect(hops.map(({ callee, status }) => `${callee} ${status}`)).toEqual(["root open", "child done", "other open"]);
  });

  it("is brought into the rows unasked within a second, or when it has 500 entries", async () => {
    const ledger = freshLedger();
    const root = await startChain(ledger, { root: rootCall({ hops: 10_000 }) });
    await scheduler.wait(1_000);
    expect(await tables(ledger)).toMatchObject({ journal: 0, chains: 1 });
    await ledger.exchange(many(root, 498));
    await ledger.exchange(many(root, 1));
    await ledger.exchange(many(root, 1));
    const { journal, hops } = await tables(ledger);
    expect({ journal, hops: hops.length }).toEqual({ journal: 0, hops: 501 });
  });

  it("is run by an object that starts, hop for hop", async () => {
    const ledger = freshLedger();
    const root = await startChain(ledger, { root: rootCall({ hops: 100 }) });
    const asks = many(root, 20, { estimate: { tokens: 10, costMicros: 0 }, metadata: '{"from":"a test"}' });
    await ledger.exchange(asks);
    await ledger.exchange([...asks.slice(0, 10).map((ask) => settlement(ask, { tokens: 3 })), childAsk(root, "last")]);
    const before = await tables(ledger);
    await evictDurableObject(ledger.stub);
    const after = await tables(ledger);
    expect(before).toMatchObject({ journal: 3, chains: 0 });
    expect(after).toMatchObject({ journal: 0, chains: 1 });
    expect(after.hops).toHaveLength(22);
    expect(await ledger.read(root.chainId)).toMatchObject({
      hops: { open: 12, done: 10 },
      spent: { hops: 22, tokens: 30 },
      reserved: { tokens: 100 },
    });
    expect((await ledger.hops(root.chainId))[3]?.metadata).toEqual({ from: "a test" });
  });

  it("takes a commit that is too large for a row of its own", async () => {
    const ledger = freshLedger();
    const root = await startChain(ledger, { root: rootCall({ hops: 1_000, bytes: 1e9 }) });
    const metadata = JSON.stringify({ text: "x".repeat(4_000) });
    const decisions = await ledger.exchange(many(root, 700, { metadata }));
    expect(new Set(decisions.map(({ verdict }) => verdict))).toEqual(new Set(["admitted"]));
    await evictDurableObject(ledger.stub);
    expect((await ledger.read(root.chainId)).hops.open).toBe(701);
  });

  it("says what it can't run, runs the rest, and the ledger goes on", async () => {
    const ledger = freshLedger();
    const [root, other] = [await startChain(ledger), await startChain(ledger)];
    await damage(ledger, "INSERT INTO journal (entries) VALUES ('[[\"of a version to come\",[1,2]]]')");
    await ledger.exchange([childAsk(other, "after")]);
    await evictDurableObject(ledger.stub);
    expect((await ledger.hops(other.chainId)).map(({ callee }) => callee)).toEqual(["root", "after"]);
    expect(await ledger.decide(childAsk(root, "next"))).toMatchObject({ verdict: "admitted" });
    expect(await tables(ledger)).toMatchObject({ chains: 2 });
  });

  it("when rows can't be brought up to date, the chain that is to blame is what its rows say, and no other loses anything", async () => {
    const ledger = freshLedger();
    const [root, other] = [await startChain(ledger), await startChain(ledger)];
    await ledger.read(root.chainId);
    const [child, elsewhere] = [childAsk(root, "child"), childAsk(other, "elsewhere")];
    const [admission] = await ledger.exchange([child, elsewhere]);
    if (admission?.verdict !== "admitted") throw new Error("not admitted");
    // Somebody else's row stands where the child's belongs.
    const columns =
      "chain, hop_id, parent, depth, kind, callee, skill, address, status, est_tokens, est_cost, used_hops";
    const more =
      "used_bytes, used_tokens, used_cost, late, attempt, input_bytes, input_digest, timeout_ms, started_at, deadline_at, lease_at, graced";
    await damage(
      ledger,
      `INSERT INTO hop (id, ${columns}, ${more}) SELECT ?, 999999, 'intruder', NULL, depth, kind, 'intruder', skill, address, 'done', est_tokens, est_cost, used_hops, ${more} FROM hop LIMIT 1`,
      admission.seq,
    );
    expect(await ledger.settle(settlement(elsewhere, { tokens: 5 }))).toMatchObject({ status: "done" });
    expect((await ledger.hops(other.chainId)).map(({ callee, status }) => `${callee} ${status}`)).toEqual([
      "root open",
      "elsewhere done",
    ]);
    expect((await ledger.hops(root.chainId)).map(({ callee }) => callee)).toEqual(["root"]);
    expect(await ledger.decide(childAsk(root, "next"))).toMatchObject({ verdict: "admitted" });
    expect(await ledger.read(other.chainId)).toMatchObject({
      hops: { open: 1, done: 1 },
      spent: { hops: 2, tokens: 5 },
    });
  });
});
