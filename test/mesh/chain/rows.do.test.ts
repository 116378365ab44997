/** The ledger's rows: how many there may be, when they go, and that no hot statement reads more than it must. */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import { decide } from "../../../mesh/chain/admission.ts";
import { runDue } from "../../../mesh/chain/alarm.ts";
import { Book } from "../../../mesh/chain/book.ts";
import type { Ledger } from "../../../mesh/chain/chain.ts";
import { earliestDue } from "../../../mesh/chain/due.ts";
import type { Ask, Message } from "../../../mesh/chain/facts.ts";
import { readAnswer } from "../../../mesh/chain/idempotency.ts";
import { renewLease } from "../../../mesh/chain/leases.ts";
import { drainOutbox, hasUnsent } from "../../../mesh/chain/outbox.ts";
import { applyRetry } from "../../../mesh/chain/retry.ts";
import { applySettlement } from "../../../mesh/chain/settlement.ts";
import { readHopViews, readPaths } from "../../../mesh/chain/views.ts";
import type { ChainItem } from "../../../mesh/index/store.ts";
import type { Database, SqlValue } from "../../../mesh/sql.ts";
import {
  childAsk,
  count,
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

async function refuse(ledger: LedgerClient, root: Ask, times: number) {
  const rejection = { code: "agent_not_found", detail: "No such agent." } as const;
  const asks = Array.from({ length: times }, () => childAsk(root, "nobody", { refused: rejection }));
  return (await ledger.exchange(asks)).at(-1);
}

/** Puts the end of a chain's retention into the past. */
function endRetention({ stub }: LedgerClient, { chainId }: Ask): Promise<unknown> {
  return rows(stub, "UPDATE chain SET due_at = 1 WHERE chain_id = ?", chainId);
}

it("after 1,000 refused rows a chain only counts them, and at 10,000 it fails", async () => {
  const ledger = freshLedger();
  const root = await startChain(ledger);
  const child = childAsk(root, "child", { estimate: { tokens: 9, costMicros: 0 } });
  await ledger.decide(child);
  expect(await refuse(ledger, root, 1_000)).toMatchObject({ recorded: true });
  expect(await refuse(ledger, root, 1)).toMatchObject({ recorded: false, rejection: { code: "agent_not_found" } });
  expect(await count(ledger, "hop")).toBe(1_002);
  for (let wave = 0; wave < 9; wave++) await refuse(ledger, root, wave === 8 ? 998 : 1_000);
  expect(await ledger.read(root.chainId)).toMatchObject({ status: "running", hops: { rejected: 9_999, open: 2 } });

  expect(await refuse(ledger, root, 1)).toMatchObject({ verdict: "rejected", rejection: { code: "agent_not_found" } });
  const failed = await ledger.read(root.chainId);
  expect(failed).toMatchObject({ status: "failed", hops: { rejected: 10_000, open: 0, cancelled: 2 } });
  expect(failed.spent).toMatchObject({ hops: 2, tokens: 9 });
  expect(await count(ledger, "hop")).toBe(1_002);
  const hops = await ledger.hops(root.chainId);
  expect(hops[0]).toMatchObject({ status: "cancelled", rejection: { code: "chain_closed" } });
  expect(await ledger.decide(childAsk(root, "other"))).toMatchObject({ rejection: { code: "token_invalid" } });
});

it("a refused root call is a failed chain of one refused hop", async () => {
  const ledger = freshLedger();
  const root = rootAsk({ root: rootCall({ hops: 0 }) });
  expect(await ledger.decide(root)).toMatchObject({ rejection: { dimension: "hops", limit: 0, actual: 1 } });
  expect(await ledger.read(root.chainId)).toMatchObject({
    status: "failed",
    spent: { hops: 0, bytes: 0 },
    hops: { rejected: 1, open: 0 },
  });
});

it("a chain whose retention is over is removed whole: its rows, its answer, its place in the index", async () => {
  const ledger = freshLedger();
  const kept = await startChain(ledger);
  const root = await startChain(ledger, {
    root: rootCall({ hops: 10_000 }),
    idempotency: { scope: "scope", request: "request" },
  });
  await ledger.exchange(Array.from({ length: 1_500 }, (_, n) => childAsk(root, `agent-${n}`)));
  await ledger.settle(settlement(root, { durable: true, answer: '"answer"' }));
  const listed = () => indexOf(ledger).searchChains({ since: 0, limit: 10 }) as Promise<ChainItem[]>;
  await eventually(5_000, async () => (await listed()).some(({ status }) => status === "done") || undefined);
  // What the index has not heard whole is kept.
  const untold = "outbox WHERE sent < (SELECT MAX(ended_seq) FROM hop WHERE ended_seq IS NOT NULL)";
  await eventually(5_000, async () => (await count(ledger, untold)) === 0 || undefined);
  expect(await count(ledger, "answer")).toBe(1);

  await endRetention(ledger, root);
  await runDurableObjectAlarm(ledger.stub);
  await eventually(3_000, async () => (await count(ledger, "hop")) === 1 || undefined);
  expect(await count(ledger, "chain")).toBe(1);
  expect(await ledger.stub.read(root.chainId)).toBeUndefined();
  expect(await ledger.hops(root.chainId)).toEqual([]);
  expect(await count(ledger, "answer")).toBe(0);
  // The key's own time is not over.
  expect(await count(ledger, "idempotency")).toBe(1);
  expect(await count(ledger, "due WHERE kind = 'answer'")).toBe(1);
  await eventually(1_500, async () => ((await listed()).length === 1 ? true : undefined));
  expect(await listed()).toMatchObject([{ chainId: kept.chainId, status: "running" }]);
});

it("nothing stays of a chain that was removed, once the index knows", async () => {
  const ledger = freshLedger();
  const root = await startChain(ledger);
  await ledger.settle(settlement(root));
  await ledger.read(root.chainId);
  const listed = () => indexOf(ledger).searchChains({ since: 0, limit: 10 }) as Promise<ChainItem[]>;
  await eventually(1_500, async () => (await listed()).some(({ status }) => status === "done") || undefined);
  await endRetention(ledger, root);
  await runDurableObjectAlarm(ledger.stub);
  await eventually(1_500, async () => (await listed()).length === 0 || undefined);
  await scheduler.wait(500);
  expect(await count(ledger, "event")).toBe(0);
});

it("an answer under an Idempotency-Key is forgotten after its time, and the same request runs again", async () => {
  const ledger = freshLedger();
  const idempotency = { scope: "scope", request: "request" };
  const root = await startChain(ledger, { idempotency });
  await ledger.settle(settlement(root, { durable: true, answer: "1" }));
  const [due] = await rows(ledger.stub, "SELECT at FROM due WHERE kind = 'answer'");
  expect(Math.abs(Number(due?.at) - Date.now() - 24 * 3_600_000)).toBeLessThan(5_000);
  await rows(ledger.stub, "UPDATE due SET at = 1 WHERE kind = 'answer'");
  await runDurableObjectAlarm(ledger.stub);
  expect(await ledger.decide(rootAsk({ idempotency }))).toMatchObject({ verdict: "admitted" });
  expect((await ledger.watch(root.chainId, root.hopId)).answer).toBeUndefined();
});

/** Runs every statement of the ledger once. */
async function everything(database: Database): Promise<void> {
  const now = Date.now();
  const idempotency = { scope: "plan", request: "plan" };
  const root = rootAsk({ idempotency });
  const child = childAsk(root, "child", { allowance: { tokens: 50, concurrency: 3 } });
  const [below, other] = [childAsk(child, "below"), childAsk(root, "other")];
  let book = new Book(database);
  const say = (message: Message) => {
    if (message.type === "ask") decide(book, message, now, true);
    else if (message.type === "retry") applyRetry(book, message, now);
    else applySettlement(book, message, now);
    book.write();
  };
  // Its plain hop and its chain from memory, the others from the journal.
  say(rootAsk());
  book.place();
  for (const ask of [root, child, below, other, childAsk(below, "root"), rootAsk({ idempotency })]) say(ask);
  say({ type: "retry", chainId: root.chainId, hopId: other.hopId, attempt: 1 });
  say(settlement(below));
  say(settlement(other, { attempt: 2, outcome: "timeout" }));
  // What follows finds nothing in memory.
  book = new Book(database);
  book.recover();
  say(settlement(other, { attempt: 2, tokens: 4 }));
  const chain = book.chain(root.chainId);
  const hop = chain && book.hop(chain, below.hopId);
  if (chain === undefined || hop === undefined) throw new Error("The chain was not written.");
  renewLease(book, [...chain.hops.values()].find(({ status }) => status === "open") ?? hop, now);
  earliestDue(database.sql);
  hasUnsent(book);
  say(settlement(root, { answer: "1" }));
  await drainOutbox(book, () => book.place(), { feed: async () => undefined }, "ledger");
  readAnswer(database.sql, hop.id);
  readHopViews(database.sql, chain.id, 0, 10);
  readPaths(database.sql, [hop.id]);
  runDue(book, now + 8 * 24 * 3_600_000, now);
}

/** Reads that are no search of a table: a table of one row, one that is read whole, a recursion's own rows, the first entry of an index. */
const BOUNDED =
  /^SCAN (outbox|journal|up|below|CONSTANT ROW|due USING COVERING INDEX due_by_time|chain USING COVERING INDEX chain_by_due)\b/;

it("every statement of the ledger finds its rows by an index", async () => {
  const ledger = freshLedger();
  const plans = await runInDurableObject<Ledger, { query: string; detail: string }[]>(
    ledger.stub,
    async (_, { storage }) => {
      const seen = new Map<string, (string | number | null)[]>();
      const database: Database = {
        transactionSync: (work) => storage.transactionSync(work),
        sql: {
          exec<Row extends Record<string, SqlValue>>(query: string, ...values: (string | number | null)[]) {
            seen.set(query, values);
            return storage.sql.exec<Row>(query, ...values);
          },
        },
      };
      await everything(database);
      return [...seen].flatMap(([query, values]) =>
        [...storage.sql.exec<{ detail: string }>(`EXPLAIN QUERY PLAN ${query}`, ...values)].map(({ detail }) => ({
          query,
          detail,
        })),
      );
    },
  );
  const scans = plans.filter(({ detail }) => detail.startsWith("SCAN") && !BOUNDED.test(detail));
  expect(scans).toEqual([]);
  expect(new Set(plans.map(({ query }) => query)).size).toBeGreaterThan(25);
});
