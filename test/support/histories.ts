/** Random histories of a chain: small limits, so that refusals, overruns and races over the last unit are frequent. */
import fc from "fast-check";
import type { Setup, Step } from "./side-by-side.ts";

const few = fc.oneof({ weight: 8, arbitrary: fc.nat(8) }, { weight: 1, arbitrary: fc.nat(60) });
const number = fc.nat(1_000);
const use = fc.record({ bytes: few, tokens: few, costMicros: few });
const outcome = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom("done" as const, "error" as const) },
  { weight: 2, arbitrary: fc.constantFrom("timeout" as const, "cancelled" as const) },
);
const allowance = fc.option(
  fc.record(
    {
      hops: fc.nat(8),
      bytes: fc.nat(30),
      tokens: fc.nat(30),
      costMicros: fc.nat(30),
      concurrency: fc.nat(4),
      wallMs: fc.nat(30_000),
    },
    { requiredKeys: [] },
  ),
  { nil: undefined },
);

const ask = fc.record({
  op: fc.constant("ask" as const),
  parent: number,
  anyParent: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  input: fc.nat(5),
  tokens: fc.nat(5),
  costMicros: fc.nat(5),
  allowance,
  timeoutMs: fc.integer({ min: 1, max: 60_000 }),
});
const settle = fc.record({ op: fc.constant("settle" as const), hop: number, outcome, use });
const settleAgain = fc.record({
  op: fc.constant("settleAgain" as const),
  hop: number,
  attempt: fc.nat(3),
  outcome,
  use,
});
const retry = fc.record({
  op: fc.constant("retry" as const),
  hop: number,
  attempt: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(3) }),
  use: fc.option(use, { nil: undefined }),
});
const wait = fc.record({ op: fc.constant("wait" as const), ms: fc.nat(8_000) });
const lose = fc.record({ op: fc.constant("lose" as const), afterMs: fc.constantFrom(0, 0, 1, 5_000, 40_000) });

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 40, arbitrary: ask },
  { weight: 18, arbitrary: settle },
  { weight: 14, arbitrary: settleAgain },
  { weight: 10, arbitrary: retry },
  { weight: 6, arbitrary: wait },
  { weight: 3, arbitrary: lose },
  { weight: 3, arbitrary: fc.record({ op: fc.constant("watch" as const), hop: number }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constant("askAgain" as const), hop: number }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("restart" as const) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("cancel" as const) }) },
);

const setup: fc.Arbitrary<Setup> = fc.record({
  limits: fc.record({
    hops: fc.integer({ min: 1, max: 40 }),
    bytes: fc.nat(100),
    tokens: fc.nat(100),
    costMicros: fc.nat(100),
    concurrency: fc.integer({ min: 1, max: 12 }),
    wallMs: fc.integer({ min: 1, max: 200_000 }),
  }),
  maxDepth: fc.integer({ min: 1, max: 7 }),
});

/** The first step is the root's ask; what follows comes in any order. */
export const history = fc
  .tuple(setup, ask, fc.array(step, { maxLength: 60, size: "max" }))
  .map(([start, root, rest]) => ({ setup: start, steps: [root, ...rest] as readonly Step[] }));
