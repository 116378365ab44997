/** Histories that were found by chance once, each a promise of its own. Ledger and model are compared at every step. */
import { describe, expect, test } from "vitest";
import { LedgerPort } from "../../support/ledger.ts";
import { SideBySide, type Step } from "../../support/side-by-side.ts";

const LIMITS = { hops: 50, bytes: 1_000, tokens: 1_000, costMicros: 1_000, concurrency: 20, wallMs: 900_000 };
const NOTHING = { bytes: 0, tokens: 0, costMicros: 0 };

/** Hops are numbered in the order of their asks, from 0; the root hop is 0. */
function play(...steps: readonly Step[]): void {
  const both = new SideBySide(new LedgerPort(), { limits: LIMITS, maxDepth: 8 }, 1);
  for (const [place, step] of steps.entries()) {
    try {
      both.play(step);
    } catch (error) {
      expect.fail(`step ${place + 1}: ${error instanceof Error ? error.message : error}`);
    }
  }
  both.end();
}

/** A call of the hop `parent`, which is counted among the open hops. */
function ask(parent: number, more: Partial<Extract<Step, { op: "ask" }>> = {}): Step {
  const plain = { anyParent: false, input: 1, tokens: 2, costMicros: 0, allowance: undefined, timeoutMs: 10_000 };
  return { op: "ask", parent, ...plain, ...more };
}
const settled = (hop: number, outcome: "done" | "timeout", tokens = 0, back = 0): Step => ({
  op: "settleAgain",
  hop,
  back,
  outcome,
  use: { ...NOTHING, tokens },
});
const retry = (hop: number): Step => ({ op: "retry", hop, back: 0, use: undefined });
const allOverButTheRoot: Step = { op: "lose", watched: 0, root: false, afterMs: 20_000 };

test("two hops of one path that are lost in the same turn give back all that they had", () => {
  play(ask(0), ask(0, { allowance: { bytes: 50 } }), ask(1, { allowance: { bytes: 20 } }), allOverButTheRoot);
});

test("a hop that is lost together with its callee has told its caller of both", () => {
  play(ask(0), ask(0), ask(1), allOverButTheRoot);
});

test("a retry that does not fit leaves the hop's open callees as they were", () => {
  play(ask(0), ask(0, { allowance: { hops: 2 } }), ask(1), retry(1));
});

test("no attempt begins after the chain's deadline", () => {
  play(ask(0), ask(0), { op: "wait", ms: LIMITS.wallMs }, retry(1));
});

test("the late result of the last attempt is booked though an earlier attempt's was recorded before the loss", () => {
  play(ask(0), ask(0), retry(1), settled(1, "done", 1, 1), settled(1, "timeout"), settled(1, "done", 9));
});

test("the late result of the last attempt is booked though an earlier attempt's was recorded after the loss", () => {
  play(ask(0), ask(0), retry(1), settled(1, "timeout"), settled(1, "done", 1, 1), settled(1, "done", 9));
});

test("a late result is booked once", () => {
  play(ask(0), ask(0), settled(1, "timeout"), settled(1, "done", 9), settled(1, "done", 30));
});

test("an earlier attempt's late result is recorded though the hop has ended well", () => {
  play(ask(0), ask(0), retry(1), settled(1, "done", 3), settled(1, "done", 1, 1));
});

test("a late result is told to every caller above that has counted the hop", () => {
  play(ask(0), ask(0), ask(1), settled(2, "timeout"), settled(1, "done"), settled(2, "done", 9));
});

test("a late result below an open hop is not told past it: the hop will tell it when it ends", () => {
  play(ask(0), ask(0), ask(1), settled(2, "timeout"), settled(2, "done", 9), settled(1, "done"));
});

test("what was booked stays the same when the ledger starts again and reads it from its rows", () => {
  const again: Step = { op: "restart" };
  play(
    ask(0),
    ask(0, { allowance: { tokens: 20, concurrency: 2 } }),
    again,
    ask(1),
    again,
    settled(2, "timeout"),
    again,
  );
  play(
    ask(0),
    ask(0),
    ask(1),
    settled(2, "timeout"),
    again,
    settled(2, "done", 9),
    again,
    settled(1, "done", 1),
    again,
  );
});

describe("the one fresh lease of a restart", () => {
  const wait = (ms: number): Step => ({ op: "wait", ms });
  const again: Step = { op: "restart" };
  const toTheFirstLease: Step = { op: "lose", watched: 0, root: false, afterMs: 0 };
  /** The hop has outlived its lease on the fresh one, which ends 16 s after its admission; it is now 15.5 s. */
  const graced = [ask(0), ask(0), wait(1_000), again, toTheFirstLease, wait(500)] as const;

  test("is the only one: a second restart gives no more", () => {
    play(...graced, again, toTheFirstLease);
  });

  test("may be given again to a hop that was watched since", () => {
    play(...graced, { op: "watch", hop: 1 }, wait(1_000), again, toTheFirstLease, wait(500));
  });

  test("may be given again to a hop that was retried since", () => {
    play(...graced, retry(1), wait(1_000), again, toTheFirstLease, wait(500));
  });

  test("is in the row: the next ledger knows it", () => {
    play(...graced, again, ask(0), toTheFirstLease);
  });
});
