/** Random histories of a chain: small limits, so that refusals, overruns and races over the last unit are frequent. */
import fc from "fast-check";
import type { Budget } from "../../mesh/budget.ts";
import type { Setup, Step } from "./side-by-side.ts";

const few = fc.oneof({ weight: 40, arbitrary: fc.nat(4) }, { weight: 1, arbitrary: fc.nat(200) });
const number = fc.nat(1_000);
const rarely = fc.integer({ min: 1, max: 30 }).map((die) => die === 30);
const use = fc.record({ bytes: few, tokens: few, costMicros: few });
const outcome = fc.constantFrom("done", "done", "done", "error", "timeout", "cancelled");
const amount = fc.oneof(
  { weight: 1, arbitrary: fc.nat(12) },
  { weight: 4, arbitrary: fc.integer({ min: 4, max: 16 }) },
);
const allowance = fc.record(
  {
    hops: amount,
    bytes: amount,
    tokens: amount,
    costMicros: amount,
    concurrency: fc.integer({ min: 0, max: 8 }),
    wallMs: fc.nat(30_000),
  },
  { requiredKeys: [] },
);

const askWith = (allowanceOrNot: fc.Arbitrary<Budget | undefined>) =>
  fc.record({
    op: fc.constant("ask"),
    parent: number,
    anyParent: rarely,
    input: fc.nat(4),
    tokens: fc.nat(4),
    costMicros: fc.nat(4),
    allowance: allowanceOrNot,
    timeoutMs: fc.integer({ min: 1, max: 60_000 }),
  });
const ask = askWith(fc.option(allowance, { nil: undefined, freq: 2 }));
/** A root call that is refused is a short history: most have no allowance. */
const rootAsk = askWith(
  fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: allowance }),
);
const settle = fc.record({ op: fc.constant("settle"), hop: number, anyHop: rarely, outcome, use });
const settleAgain = fc.record({ op: fc.constant("settleAgain"), hop: number, back: fc.nat(3), outcome, use });
const retry = fc.record({
  op: fc.constant("retry"),
  hop: number,
  back: fc.nat(9).map((digit) => Math.max(0, digit - 7)),
  use: fc.option(use, { nil: undefined, freq: 3 }),
});
const wait = fc.record({ op: fc.constant("wait"), ms: fc.nat(2_000) });
/** `watched` are bits: those hops give a sign of life before the time passes. */
const lose = fc.record({
  op: fc.constant("lose"),
  watched: fc.nat(2 ** 12),
  root: rarely,
  afterMs: fc.constantFrom(0, 0, 0, 1, 5_000, 40_000),
});

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 120, arbitrary: ask },
  { weight: 36, arbitrary: settle },
  { weight: 28, arbitrary: settleAgain },
  { weight: 20, arbitrary: retry },
  { weight: 10, arbitrary: wait },
  { weight: 8, arbitrary: lose },
  { weight: 4, arbitrary: fc.record({ op: fc.constant("watch"), hop: number }) },
  { weight: 4, arbitrary: fc.record({ op: fc.constant("askAgain"), hop: number }) },
  { weight: 6, arbitrary: fc.record({ op: fc.constant("restart") }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("cancel") }) },
);

const limit = fc.oneof(
  { weight: 1, arbitrary: fc.integer({ min: 8, max: 40 }) },
  { weight: 3, arbitrary: fc.constantFrom(60, 150, 400) },
);
const setup: fc.Arbitrary<Setup> = fc.record({
  limits: fc.record({
    hops: limit,
    bytes: limit,
    tokens: limit,
    costMicros: limit,
    concurrency: fc.integer({ min: 1, max: 20 }),
    wallMs: fc.oneof(
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 60_000 }) },
      { weight: 3, arbitrary: fc.constant(900_000) },
    ),
  }),
  maxDepth: fc.constantFrom(1, 2, 3, 4, 5, 6, 7, 7),
});

/** The first step is the root's ask; what follows comes in any order. */
export const history = fc
  .tuple(setup, rootAsk, fc.array(step, { maxLength: 120, size: "max" }))
  .map(([start, root, rest]) => ({ setup: start, steps: [root, ...rest] as Step[] }));
