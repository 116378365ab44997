import { describe, expect, test } from "vitest";
import { admit, tighten } from "../../../mesh/chain/admit.ts";
import type { Ask, Facts } from "../../../mesh/chain/facts.ts";
import { ask, facts, path, purse } from "../../support/facts.ts";

const REFUSED: Partial<Ask> = { refused: { code: "invalid_input", detail: "No." } };
const ENDED: Partial<Facts> = { chain: { status: "done", deadlineMs: 0 } };
const LOOP: Partial<Facts> = { path: path("writer") };
const DEEP: Partial<Facts> = { policy: { maxDepth: 0, also: [] } };
const POOR: Partial<Facts> = { purses: { ...facts().purses, hops: [purse(0)] } };
const FULL: Partial<Facts> = { gauges: [{ limit: 0, open: 0, purse: "chain" }] };

describe("in which order a caller learns why not", () => {
  test("a call that no rule refuses may start", () => {
    expect(admit(facts(), ask())).toBeUndefined();
  });

  /** Each is refused for its first reason, and for the next one when that is taken away. */
  const all: [string, string, Partial<Facts>, Partial<Ask>][] = [
    ["that it is dead", "token_invalid", { parent: "done", ...ENDED, ...LOOP, ...DEEP, ...POOR, ...FULL }, REFUSED],
    ["what was refused before the ledger", "invalid_input", { ...ENDED, ...LOOP, ...DEEP, ...POOR, ...FULL }, REFUSED],
    ["that its chain has ended", "chain_closed", { ...ENDED, ...LOOP, ...DEEP, ...POOR, ...FULL }, {}],
    ["of the loop", "cycle_detected", { ...LOOP, ...DEEP, ...POOR, ...FULL }, {}],
    ["of the depth", "depth_exceeded", { ...DEEP, ...POOR, ...FULL }, {}],
    ["of the price", "budget_exceeded", { ...POOR, ...FULL }, {}],
  ];
  test.each(all)("it learns %s before anything that follows", (_what, code, see, asked) => {
    expect(admit(facts(see), ask(asked))).toMatchObject({ code });
  });

  test("the price is learned before that too many are open, which comes last", () => {
    expect(admit(facts({ ...POOR, ...FULL }), ask())).toMatchObject({ dimension: "hops" });
    expect(admit(facts(FULL), ask())).toMatchObject({ dimension: "concurrency" });
  });

  test("what was refused before the ledger is recorded as it was", () => {
    expect(admit(facts(), ask(REFUSED))).toBe(REFUSED.refused);
  });
});

describe("the policy that callees stand under", () => {
  const standing = { maxDepth: 5, cycle: { rule: "progress" }, also: [{ rule: "allow", times: 3 }] } as const;

  test("is what stood, where the call adds nothing", () => {
    expect(tighten(standing, {})).toEqual(standing);
    expect(tighten(standing, { policy: {} })).toEqual(standing);
  });

  test("takes the smaller depth", () => {
    expect(tighten(standing, { policy: { maxDepth: 4 } }).maxDepth).toBe(4);
    expect(tighten(standing, { policy: { maxDepth: 6 } }).maxDepth).toBe(5);
  });

  test("keeps every rule that was added on the path, and the chain's own apart", () => {
    const { cycle, also } = tighten(standing, { policy: { cycle: { rule: "deny" } } });
    expect(cycle).toEqual({ rule: "progress" });
    expect(also).toEqual([{ rule: "allow", times: 3 }, { rule: "deny" }]);
  });

  test("does not become the chain's own rule where the root call has set none", () => {
    const { cycle, also } = tighten({ maxDepth: 5, also: [] }, { policy: { cycle: { rule: "progress" } } });
    expect([cycle, also]).toEqual([undefined, [{ rule: "progress" }]]);
  });
});
