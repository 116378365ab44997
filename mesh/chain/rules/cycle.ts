import type { CycleRule } from "../../budget.ts";
import type { Rejection } from "../../rejection.ts";
import type { Ask, PathStep, Rule } from "../facts.ts";

const DENY: CycleRule = { rule: "deny" };

/**
 * How often an agent may stand on one ancestor path. Two agents are the same when they have the same name or the same
 * canonical address: an alias is no way round. Rules that were added on the path hold beside the chain's own.
 */
export const cycle: Rule = ({ path, policy }, ask) => {
  const earlier = path.filter((step) => step.callee === ask.callee || step.address === ask.address);
  if (earlier.length === 0) return undefined;
  for (const rule of [
    policy.cycle ?? ask.calleeCycle ?? DENY,
    ...policy.also,
    ...(ask.policy?.cycle ? [ask.policy.cycle] : []),
  ]) {
    if (!allows(rule, earlier, ask.inputDigest)) return refusal(rule, path, ask);
  }
  return undefined;
};

function allows(rule: CycleRule, earlier: readonly PathStep[], inputDigest: string): boolean {
  switch (rule.rule) {
    case "deny":
      return false;
    case "allow":
      return earlier.length < rule.times;
    case "progress":
      return earlier.every((step) => step.inputDigest !== inputDigest);
    default:
      return rule satisfies never;
  }
}

function refusal(rule: CycleRule, path: readonly PathStep[], ask: Ask): Rejection {
  return { code: "cycle_detected", path: [...path.map((step) => step.callee), ask.callee], rule };
}
