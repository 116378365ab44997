/**
 * @promise chain:budget-exact
 *
 * The ledger beside a model of it that was written from the design's text (docs/design.md, 5a) and knows no storage.
 * `SOAK=1` plays enough histories to find what is rare, `SOAK=n` plays n.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { history } from "../../support/histories.ts";
import { LedgerPort } from "../../support/ledger.ts";
import { SideBySide } from "../../support/side-by-side.ts";
import { describe, smallest } from "../../support/smallest.ts";

const SOAK = Number(process.env.SOAK ?? 0);
const HISTORIES = SOAK > 1 ? SOAK : SOAK === 1 ? 20_000 : 300;
/** Chains that one database holds: a ledger holds many and decides on each alone. */
const CHAINS = 50;

/** Without these a run has proved nothing about them. */
const MUST_BE_SEEN = [
  "admitted",
  "token_invalid",
  "deadline_exceeded",
  "depth_exceeded",
  "budget_exceeded hops chain",
  "budget_exceeded hops allowance",
  "budget_exceeded bytes allowance",
  "budget_exceeded tokens chain",
  "budget_exceeded tokens asked",
  "budget_exceeded costMicros allowance",
  "budget_exceeded concurrency chain",
  "budget_exceeded concurrency allowance",
  "late booked",
  "late recorded",
  "overrun",
  ...(SOAK > 0 ? ["overrun paid"] : []),
  "retry admitted",
  "retry rejected",
  "lose",
  "restart",
  "cancel",
];

test("the ledger books every history as the design's text does, and its rows keep the promises at every step", () => {
  const seen = new Map<string, number>();
  let ledger = new LedgerPort();
  let played = 0;
  const property = fc.property(history, ({ setup, steps }) => {
    if (played++ % CHAINS === 0) ledger = new LedgerPort();
    const both = new SideBySide(ledger, setup, played);
    for (const step of steps) for (const what of both.play(step)) seen.set(what, (seen.get(what) ?? 0) + 1);
    both.end();
  });
  const { failed, counterexample, seed, errorInstance } = fc.check(property, {
    numRuns: HISTORIES,
    endOnFailure: true,
  });
  if (failed && counterexample !== null) {
    const least = smallest(counterexample[0]);
    expect.fail(`seed ${seed}: ${least === undefined ? `only after other chains: ${errorInstance}` : describe(least)}`);
  }
  if (SOAK > 0) console.log(Object.fromEntries([...seen].sort()));
  expect(MUST_BE_SEEN.filter((what) => !seen.has(what))).toEqual([]);
}, 3_600_000);
