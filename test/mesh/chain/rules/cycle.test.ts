/** @promise chain:no-cycle-no-depth */
import { describe, expect, test } from "vitest";
import type { CycleRule } from "../../../../mesh/budget.ts";
import type { StandingPolicy } from "../../../../mesh/chain/facts.ts";
import { cycle } from "../../../../mesh/chain/rules/cycle.ts";
import { ask, facts, path } from "../../../support/facts.ts";

const DENY: CycleRule = { rule: "deny" };
const PROGRESS: CycleRule = { rule: "progress" };
const allow = (times: number): CycleRule => ({ rule: "allow", times });

const policy = (rule?: CycleRule, ...also: CycleRule[]): StandingPolicy => ({ maxDepth: 8, cycle: rule, also });
const writer = (inputDigest: string) => ({ callee: "writer", address: "builtin:writer", inputDigest });

describe("who is the same agent", () => {
  test("an agent that is not on the path may be called, whatever the rule", () => {
    expect(cycle(facts({ path: path("planner", "reader"), policy: policy(DENY) }), ask())).toBeUndefined();
  });

  test("the same name is the same agent, though it moved to another address", () => {
    const refusal = cycle(facts({ path: path("writer", "reader") }), ask({ address: "https://elsewhere.example/" }));
    expect(refusal?.code).toBe("cycle_detected");
  });

  test("an alias with the same address is the same agent", () => {
    const refusal = cycle(
      facts({ path: path("writer", "reader") }),
      ask({ callee: "scribe", address: "builtin:writer" }),
    );
    expect(refusal?.code).toBe("cycle_detected");
  });

  test("the same input to another agent is no loop", () => {
    const earlier = [{ ...writer("input"), callee: "reader", address: "builtin:reader" }];
    expect(cycle(facts({ path: earlier, policy: policy(PROGRESS) }), ask({ inputDigest: "input" }))).toBeUndefined();
  });
});

describe("deny", () => {
  test("holds where nobody has said anything", () => {
    expect(cycle(facts({ path: path("writer") }), ask())).toMatchObject({ code: "cycle_detected", rule: DENY });
  });

  test("names the whole path of the loop it refuses, from the root to the call", () => {
    const refusal = cycle(facts({ path: path("planner", "writer", "reader") }), ask());
    expect(refusal).toMatchObject({ path: ["planner", "writer", "reader", "writer"] });
  });

  test("names the alias that was called, not the agent behind it", () => {
    const refusal = cycle(facts({ path: path("writer") }), ask({ callee: "scribe", address: "builtin:writer" }));
    expect(refusal).toMatchObject({ path: ["writer", "scribe"] });
  });
});

describe("allow", () => {
  test("counts appearances on the path, the call's own among them", () => {
    const two = facts({ path: path("writer", "reader"), policy: policy(allow(2)) });
    const three = facts({ path: path("writer", "reader", "writer"), policy: policy(allow(2)) });
    expect(cycle(two, ask())).toBeUndefined();
    expect(cycle(three, ask())).toMatchObject({ code: "cycle_detected", rule: allow(2) });
  });

  test("once is deny", () => {
    expect(cycle(facts({ path: path("writer"), policy: policy(allow(1)) }), ask())?.code).toBe("cycle_detected");
  });

  test("does not count other agents on the path", () => {
    const long = facts({ path: path("planner", "reader", "writer", "critic"), policy: policy(allow(2)) });
    expect(cycle(long, ask())).toBeUndefined();
  });

  test("counts an alias as an appearance", () => {
    const alias = { ...writer("other"), callee: "scribe" };
    const loop = facts({ path: [writer("first"), alias], policy: policy(allow(2)) });
    expect(cycle(loop, ask())?.code).toBe("cycle_detected");
  });
});

describe("progress", () => {
  test("lets an agent return with an input that is new to it", () => {
    const loop = facts({ path: [writer("first"), writer("second")], policy: policy(PROGRESS) });
    expect(cycle(loop, ask({ inputDigest: "third" }))).toBeUndefined();
  });

  test("compares with every earlier visit, not only the last", () => {
    const loop = facts({ path: [writer("first"), writer("second")], policy: policy(PROGRESS) });
    expect(cycle(loop, ask({ inputDigest: "first" }))?.code).toBe("cycle_detected");
  });

  test("compares with the last visit, not only the first", () => {
    const loop = facts({ path: [writer("first"), writer("second")], policy: policy(PROGRESS) });
    expect(cycle(loop, ask({ inputDigest: "second" }))?.code).toBe("cycle_detected");
  });
});

describe("which rules hold", () => {
  test("the callee's own rule holds where the root call has set none", () => {
    expect(cycle(facts({ path: path("writer") }), ask({ calleeCycle: allow(2) }))).toBeUndefined();
  });

  test("the root call's rule is stronger than the callee's, stricter or looser", () => {
    const path1 = path("writer");
    expect(cycle(facts({ path: path1, policy: policy(DENY) }), ask({ calleeCycle: allow(2) }))).toMatchObject({
      rule: DENY,
    });
    expect(cycle(facts({ path: path1, policy: policy(allow(2)) }), ask({ calleeCycle: DENY }))).toBeUndefined();
  });

  test("rules added on the path hold beside the chain's own", () => {
    const standing = facts({ path: path("writer"), policy: policy(allow(3), DENY) });
    expect(cycle(standing, ask())).toMatchObject({ code: "cycle_detected", rule: DENY });
  });

  test("a rule added on the path loosens nothing", () => {
    const standing = facts({ path: path("writer"), policy: policy(DENY, allow(3)) });
    expect(cycle(standing, ask())).toMatchObject({ rule: DENY });
  });

  test("all rules added on the path hold, not only the first", () => {
    const standing = facts({ path: path("writer"), policy: policy(allow(3), allow(3), DENY) });
    expect(cycle(standing, ask())).toMatchObject({ rule: DENY });
  });

  test("the rule that the call itself adds holds for it at once", () => {
    const standing = facts({ path: path("writer"), policy: policy(allow(3)) });
    expect(cycle(standing, ask({ policy: { cycle: DENY } }))).toMatchObject({ rule: DENY });
    expect(cycle(standing, ask({ policy: { maxDepth: 8 } }))).toBeUndefined();
  });
});
