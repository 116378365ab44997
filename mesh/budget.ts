/** Wire shapes of what a chain may use and do: budgets, rules, usage. */
import * as z from "zod";
import { BUDGET_CEILING, DEFAULT_BUDGET, DEFAULT_MAX_DEPTH, type Dimension, MAX_DEPTH_CEILING } from "./limits.ts";

/** A whole number from 0. */
export const amount = (ceiling: number) => z.int().min(0).max(ceiling);
const grouped = (value: number) => String(value).replaceAll(/\B(?=(\d{3})+$)/g, ",");
/** A limit: any safe integer from 0. What exceeds the mesh's ceiling is lowered by `hop/prepare.ts`, not refused. */
const limit = (dimension: Dimension, what: string) =>
  z
    .int()
    .min(0)
    .optional()
    .meta({
      description: `${what} Of a root call: by default ${grouped(DEFAULT_BUDGET[dimension])}, at most ${grouped(BUDGET_CEILING[dimension])} (more is lowered to that).`,
    });

/** What a root call may set; the same dimensions, tightening only, are an allowance within a chain. */
export const Budget = z
  .strictObject({
    hops: limit("hops", "Calls, the root call included."),
    tokens: limit("tokens", "Model tokens, as callees report them."),
    costMicros: limit("costMicros", "Millionths of a US dollar, as callees report them."),
    wallMs: limit("wallMs", "Milliseconds until the deadline."),
    concurrency: limit("concurrency", "Hops open at once, waiting callers included."),
    bytes: limit("bytes", "Bytes of JSON in inputs and outputs."),
  })
  .meta({
    id: "Budget",
    description: "Limits, by dimension: whole numbers. What is left out has the mesh's default.",
    examples: [{ hops: 50, tokens: 10_000, costMicros: 250_000, wallMs: 60_000 }],
  });
export type Budget = z.infer<typeof Budget>;

/** How often an agent may stand on one ancestor path. */
export const CycleRule = z
  .discriminatedUnion("rule", [
    z.strictObject({ rule: z.literal("deny") }),
    z.strictObject({ rule: z.literal("allow"), times: z.int().min(1) }),
    z.strictObject({ rule: z.literal("progress") }),
  ])
  .meta({
    id: "CycleRule",
    description:
      "Whether an agent may appear again on a path of calls: never (`deny`), at most `times` times (`allow`), or with an input that it has not had on this path (`progress`).",
    examples: [{ rule: "deny" }, { rule: "allow", times: 2 }],
  });
export type CycleRule = z.infer<typeof CycleRule>;

export const CallPolicy = z
  .strictObject({
    maxDepth: z
      .int()
      .min(1)
      .max(MAX_DEPTH_CEILING)
      .optional()
      .meta({ description: `The longest path of calls; the root call has depth 1. By default ${DEFAULT_MAX_DEPTH}.` }),
    cycle: CycleRule.optional(),
  })
  .meta({ id: "CallPolicy", description: "Rules of a call and all below it. Within a chain they only tighten." });
export type CallPolicy = z.infer<typeof CallPolicy>;

/** What a callee says that it used: whole tokens, whole micro-USD. */
export const ReportedUsage = z.object({
  tokens: amount(Number.MAX_SAFE_INTEGER).default(0),
  costMicros: amount(Number.MAX_SAFE_INTEGER).default(0),
});
export type ReportedUsage = z.infer<typeof ReportedUsage>;

/** What a hop, or a hop and all below it, has used: counts, bytes, tokens, micro-USD, milliseconds. */
export interface Usage {
  readonly hops: number;
  readonly bytes: number;
  readonly tokens: number;
  readonly costMicros: number;
  readonly wallMs: number;
}

export const NOTHING_USED: Usage = { hops: 0, bytes: 0, tokens: 0, costMicros: 0, wallMs: 0 };

/** Of a hop and what it has called: the time is the hop's own. */
export function plusUsage(hop: Usage, called: Usage): Usage {
  return {
    hops: hop.hops + called.hops,
    bytes: hop.bytes + called.bytes,
    tokens: hop.tokens + called.tokens,
    costMicros: hop.costMicros + called.costMicros,
    wallMs: hop.wallMs,
  };
}
