/** The refusals of the mesh: plain objects with their evidence. Nothing else crosses an RPC. */

import type { CycleRule } from "./budget.ts";
import type { Dimension } from "./limits.ts";

/** A field of the caller's input that is wrong, as an RFC 6901 pointer, and what would be right. */
export interface FieldError {
  readonly pointer: string;
  readonly detail: string;
}

/** Where in a value it is wrong, for a sentence; nothing is said of the value as a whole. */
export function placeOf({ pointer }: FieldError): string {
  return pointer === "" ? "" : ` at '${pointer}'`;
}

/** Refusals whose evidence is their sentence. */
export type PlainCode =
  | "deadline_exceeded"
  | "chain_cancelled"
  | "chain_closed"
  | "agent_not_found"
  | "edge_forbidden"
  | "egress_denied"
  | "lineage_required"
  | "insufficient_scope"
  | "token_invalid"
  | "unauthenticated"
  | "payload_too_large"
  | "unsupported_media_type"
  | "not_found"
  | "method_not_allowed"
  | "conflict"
  | "precondition_failed"
  | "deadlock_detected"
  | "upstream_error"
  | "ledger_unavailable"
  | "internal";

export type Rejection =
  | { readonly code: "cycle_detected"; readonly path: readonly string[]; readonly rule: CycleRule }
  | {
      readonly code: "depth_exceeded";
      readonly limit: number;
      readonly actual: number;
      readonly path: readonly string[];
    }
  | {
      readonly code: "budget_exceeded";
      readonly dimension: Dimension;
      readonly limit: number;
      /** What would be spent and held with this hop. */
      readonly actual: number;
      /** What a call could still take. */
      readonly available: number;
      /** Which limit: the chain's, an allowance on the path, or the allowance that the call itself asks for. */
      readonly purse: "chain" | "allowance" | "asked";
    }
  | { readonly code: "rate_limited"; readonly detail: string; readonly limit: number; readonly retryAfterMs: number }
  /** `retryAfterMs` where it is known when the agent is called again. */
  | { readonly code: "agent_unavailable"; readonly detail: string; readonly retryAfterMs?: number }
  | {
      readonly code: "invalid_request" | "invalid_input";
      readonly detail: string;
      readonly errors?: readonly FieldError[];
    }
  | { readonly code: PlainCode; readonly detail: string };

export type RejectionCode = Rejection["code"];

const CYCLE_RULES = {
  deny: () => "an agent may not appear twice on a path",
  allow: (times: number) => `an agent may appear at most ${times} times on a path`,
  progress: () => "an agent may return only with an input that it has not had on this path",
} as const;

function cycleSentence(rule: CycleRule): string {
  return rule.rule === "allow" ? CYCLE_RULES.allow(rule.times) : CYCLE_RULES[rule.rule]();
}

/** One sentence that a person or a model can act on. */
export function explain(rejection: Rejection): string {
  switch (rejection.code) {
    case "cycle_detected":
      return `The call would close a loop: ${rejection.path.join(" → ")}. The rule here: ${cycleSentence(rejection.rule)}.`;
    case "depth_exceeded":
      return `The call would stand at depth ${rejection.actual}, and this chain allows ${rejection.limit}: ${rejection.path.join(" → ")}. Answer from here, or call from a shallower hop.`;
    case "budget_exceeded":
      return budgetSentence(rejection);
    default:
      return rejection.detail;
  }
}

const PURSES = {
  chain: "of the chain",
  allowance: "of the allowance that this call stands under",
  asked: "of the allowance asked for",
} as const;

function budgetSentence({
  dimension,
  limit,
  actual,
  available,
  purse,
}: Extract<Rejection, { code: "budget_exceeded" }>): string {
  if (dimension === "concurrency") {
    return `With this call ${actual} would be open at once, and the limit ${PURSES[purse]} is ${limit}. Try again when one has ended.`;
  }
  if (actual <= limit) {
    return `A callee has used more ${dimension} than was reserved for it, so nothing more can be had ${PURSES[purse]}.`;
  }
  const left = available > 0 ? `At most ${available} can still be had.` : "Nothing is left.";
  return `The call would bring ${dimension} to ${actual}, and the limit ${PURSES[purse]} is ${limit}. ${left}`;
}
