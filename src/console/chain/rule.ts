/** What a code says about a hop, in a few words: which rule refused it, or what went wrong. */
import type { HopEvent } from "../shapes.ts";

type Code = NonNullable<HopEvent["code"]>;

const RULES: Partial<Record<Code, string>> = {
  cycle_detected: "Refused by the cycle rule",
  depth_exceeded: "Refused by the depth rule",
  budget_exceeded: "Refused by the budget rule",
  rate_limited: "Refused by a rate limit",
  edge_forbidden: "Refused by the policy",
  egress_denied: "Refused by the egress rule",
  invalid_input: "Refused: the input does not fit",
  agent_not_found: "Refused: no such agent",
  agent_unavailable: "The agent takes no calls",
  deadline_exceeded: "Its time was up",
  chain_cancelled: "The chain was cancelled",
  chain_closed: "The chain had ended",
  upstream_error: "The agent failed",
};

export function ruleOf(code: Code): string {
  return RULES[code] ?? "It did not succeed";
}
