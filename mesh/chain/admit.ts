import type { Rejection } from "../rejection.ts";
import type { Ask, Facts, Rule, StandingPolicy } from "./facts.ts";
import { budget } from "./rules/budget.ts";
import { concurrency } from "./rules/concurrency.ts";
import { cycle } from "./rules/cycle.ts";
import { depth } from "./rules/depth.ts";
import { open } from "./rules/open.ts";
import { running } from "./rules/running.ts";

/** What was refused before the ledger is recorded as it was, once the caller has proved to be alive. */
const refused: Rule = (_facts, ask) => ask.refused;

/** In this order a caller learns that it is dead before anything else, and of a loop before its depth or its price. */
const RULES: readonly Rule[] = [open, refused, running, cycle, depth, budget, concurrency];

/** The first rule that refuses, or nothing: the hop may start. */
export function admit(facts: Facts, ask: Ask): Rejection | undefined {
  for (const rule of RULES) {
    const rejection = rule(facts, ask);
    if (rejection !== undefined) return rejection;
  }
  return undefined;
}

/** The policy that a hop's callees stand under: what stood, and what the call added. Nothing is loosened. */
export function tighten(standing: StandingPolicy, { policy }: Pick<Ask, "policy">): StandingPolicy {
  if (policy === undefined) return standing;
  return {
    maxDepth: Math.min(standing.maxDepth, policy.maxDepth ?? standing.maxDepth),
    cycle: standing.cycle,
    also: policy.cycle === undefined ? standing.also : [...standing.also, policy.cycle],
  };
}
