// @promise chain:followed-whole
/** What a ledger tells of a chain, event by event, and those who follow it. */
import { runInDurableObject } from "cloudflare:test";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Happening, readHappenings } from "../../../mesh/chain/happenings.ts";
import type { ChainView } from "../../../mesh/chain/views.ts";
import {
  again,
  childAsk,
  crash,
  eventually,
  freshLedger,
  type LedgerClient,
  rootAsk,
  rows,
  settlement,
  startChain,
} from "../../support/workers/ledger.ts";

const REFUSED = { code: "agent_not_found", detail: "No such agent." } as const;

/** Everything of one chain, read in pages of `most`. */
function happenings({ stub }: LedgerClient, chainId: string, most: number, from = 0): Promise<Happening[]> {
  return runInDurableObject(stub, (ledger, { storage: { sql } }) => {
    ledger.read(chainId);
    const [{ id, last } = { id: 0, last: 0 }] = [
      ...sql.exec<{ id: number; last: number }>(
        `SELECT id, MAX((SELECT MAX(id) FROM hop), COALESCE((SELECT MAX(ended_seq) FROM hop WHERE ended_seq > 0), 0),
           COALESCE((SELECT MAX(seq) FROM event), 0)) AS last FROM chain WHERE chain_id = ?`,
        chainId,
      ),
    ];
    const events: Happening[] = [];
    for (let after = from; after < last; ) {
      const page = readHappenings(sql, id, after, last, most);
      expect(page.upTo).toBeGreaterThan(after);
      expect(page.events.length).toBeLessThanOrEqual(most);
      events.push(...page.events);
      after = page.upTo;
    }
    return events;
  });
}

const told = ({ type, hop }: Happening) => `${type} ${hop.callee} ${hop.status} ${hop.attempt} ${hop.tokens}`;

describe("the happenings of a chain", () => {
  it("tell each hop as it was, whatever has become of it since", async () => {
    const ledger = freshLedger();
    const root = await startChain(ledger, { timeoutMs: 60_000 });
    const flaky = childAsk(root, "flaky", { estimate: { tokens: 5, costMicros: 0 } });
    const slow = childAsk(root, "slow", { estimate: { tokens: 9, costMicros: 0 } });
    await ledger.exchange([flaky, slow, childAsk(root, "nobody", { refused: REFUSED })]);
    const used = { bytes: 0, tokens: 2, costMicros: 0 };
    await ledger.exchange([
      { type: "retry", chainId: flaky.chainId, hopId: flaky.hopId, attempt: 1, used, why: REFUSED },
    ]);
    await ledger.settle(settlement(flaky, { attempt: 2, tokens: 7, outputDigest: "out" }));
    await ledger.settle(settlement(slow, { outcome: "timeout" }));
    await ledger.settle(settlement(slow, { tokens: 4, outputDigest: "late" }));
    await ledger.settle(settlement(root, { tokens: 1 }));
    const events = await happenings(ledger, root.chainId, 100);
    expect(events.map(told)).toEqual([
      "admitted root open 1 0",
      "admitted flaky open 1 0",
      "admitted slow open 1 0",
      "rejected nobody rejected 1 0",
      "retried flaky open 2 2",
      "ended flaky done 2 9",
      // A timeout is charged its estimate, until the late result corrects it.
      "ended slow error 1 9",
      "late slow error 1 4",
      "ended root done 1 1",
    ]);
    expect(events.filter(({ hop }) => hop.rejection !== null).map(({ type, hop }) => [type, hop.rejection])).toEqual([
      ["rejected", REFUSED],
      ["retried", REFUSED],
    ]);
    expect(events.map(({ hop }) => hop.outputDigest)).toEqual([
      null,
      null,
      null,
      null,
      null,
      "out",
      null,
      "late",
      null,
    ]);
    expect(events.filter(({ hop }) => hop.status === "open").every(({ hop }) => hop.endedAt === null)).toBe(true);
  });

  it("come once and in order, in pages of any size, from any place, beside other chains", async () => {
    const ledger = freshLedger();
    const roots = [await startChain(ledger), await startChain(ledger), await startChain(ledger)];
    for (let n = 0; n < 30; n++) {
      const root = roots[n % 3] ?? roots[0];
      if (root === undefined) throw new Error("There is a root.");
      const child = childAsk(root, `child-${n}`, n % 5 === 0 ? { refused: REFUSED } : {});
      await ledger.decide(child);
      if (n % 2 === 0) await ledger.settle(settlement(child));
    }
    for (const root of roots) await ledger.settle(settlement(root));
    for (const { chainId } of roots) {
      const whole = await happenings(ledger, chainId, 1_000);
      expect(whole.map(({ seq }) => seq)).toEqual([...new Set(whole.map(({ seq }) => seq))].sort((a, b) => a - b));
      expect(new Set(whole.map(({ hop }) => hop.hopId)).size).toBe(11);
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 90 }), async (most, from) => {
          const rest = whole.filter(({ seq }) => seq > from);
          expect(await happenings(ledger, chainId, most, from)).toEqual(rest);
        }),
        { numRuns: 30 },
      );
    }
  });

  it("are read by the sequence, however many hops the chain has had", async () => {
    const ledger = freshLedger();
    await startChain(ledger);
    const plan = await rows(
      ledger.stub,
      "EXPLAIN QUERY PLAN SELECT id FROM hop WHERE ended_seq > 5 AND ended_seq <= 9 AND +chain = 1 AND status <> 'rejected' ORDER BY ended_seq LIMIT 3",
    );
    expect(plan.map(({ detail }) => detail)).toEqual([
      "SEARCH hop USING INDEX hop_by_end (ended_seq>? AND ended_seq<?)",
    ]);
  });
});

type Line = Happening | { readonly chain: ChainView };

/** Reads a follower's stream in the background. */
async function follow({ stub }: LedgerClient, chainId: string, after = 0) {
  const stream = (await stub.follow(chainId, after)) as ReadableStream<Uint8Array> | undefined;
  if (stream === undefined) return undefined;
  const lines: Line[] = [];
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  const read = async () => {
    let rest = "";
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      const parts = (rest + part.value).split("\n");
      rest = parts.pop() ?? "";
      lines.push(...parts.map((line) => JSON.parse(line) as Line));
    }
    return "ended" as const;
  };
  return { lines, ended: read().catch(() => "broken" as const), leave: () => reader.cancel() };
}

const words = (lines: readonly Line[]) => lines.map((line) => ("chain" in line ? line.chain.status : told(line)));

describe("a follower", () => {
  it("hears what has happened, what happens, and last the chain", async () => {
    const ledger = freshLedger();
    const root = await startChain(ledger);
    const stream = await follow(ledger, root.chainId);
    await eventually(2_000, async () => (stream?.lines.length === 1 ? true : undefined));
    const child = childAsk(root, "child");
    await ledger.decide(child);
    await eventually(2_000, async () => (stream?.lines.length === 2 ? true : undefined));
    await ledger.settle(settlement(child));
    await ledger.settle(settlement(root));
    expect(await stream?.ended).toBe("ended");
    expect(words(stream?.lines ?? [])).toEqual([
      "admitted root open 1 0",
      "admitted child open 1 0",
      "ended child done 1 0",
      "ended root done 1 0",
      "done",
    ]);
  });

  it("of a chain that there is not is told nothing, and a cancelled chain ends its stream", async () => {
    const ledger = freshLedger();
    expect(await follow(ledger, rootAsk().chainId)).toBeUndefined();
    const root = await startChain(ledger);
    const stream = await follow(ledger, root.chainId);
    await ledger.cancel(root.chainId);
    expect(await stream?.ended).toBe("ended");
    expect(words(stream?.lines ?? []).at(-1)).toBe("cancelled");
  });

  it("that leaves is forgotten, and the others hear on", async () => {
    const ledger = freshLedger();
    const root = await startChain(ledger);
    const [leaving, staying] = [await follow(ledger, root.chainId), await follow(ledger, root.chainId)];
    await eventually(2_000, async () => (leaving?.lines.length === 1 ? true : undefined));
    await leaving?.leave();
    await ledger.settle(settlement(root));
    expect(await staying?.ended).toBe("ended");
    expect(leaving?.lines).toHaveLength(1);
  });

  it("whose ledger has died takes the stream up where it was", async () => {
    const ledger = freshLedger();
    const root = await startChain(ledger);
    const before = await follow(ledger, root.chainId);
    await eventually(2_000, async () => (before?.lines.length === 1 ? true : undefined));
    await crash(ledger);
    expect(await before?.ended).toBe("broken");
    const [first] = before?.lines ?? [];
    const after = await eventually(5_000, () =>
      follow(again(ledger), root.chainId, first && "seq" in first ? first.seq : 0).catch(() => undefined),
    );
    await again(ledger).cancel(root.chainId);
    expect(await after.ended).toBe("ended");
    expect(words(after.lines)).toEqual(["ended root cancelled 1 0", "cancelled"]);
  });
});
