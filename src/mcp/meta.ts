/** What the mesh puts into `_meta`, and takes from it: keys under `io.hopline/`. */
import * as z from "zod";
import { Budget, CallPolicy } from "../../mesh/budget.ts";
import type { Rejection } from "../../mesh/rejection.ts";

const PREFIX = "io.hopline/";

export const META = {
  budget: `${PREFIX}budget`,
  allowance: `${PREFIX}allowance`,
  policy: `${PREFIX}policy`,
  agent: `${PREFIX}agent`,
  skill: `${PREFIX}skill`,
  version: `${PREFIX}version`,
  chainId: `${PREFIX}chainId`,
  hopId: `${PREFIX}hopId`,
  usage: `${PREFIX}usage`,
  problem: `${PREFIX}problem`,
  event: `${PREFIX}event`,
  task: `${PREFIX}task`,
} as const;

/** What a call may say of its chain. */
const CallMeta = z.strictObject({
  [META.budget]: Budget.optional(),
  [META.allowance]: Budget.optional(),
  [META.policy]: CallPolicy.optional(),
});

export interface CallWishes {
  readonly budget?: Budget | undefined;
  readonly allowance?: Budget | undefined;
  readonly policy?: CallPolicy | undefined;
  /** W3C trace context of the caller, unprefixed in `_meta`. */
  readonly traceparent?: string | undefined;
}

/** Characters of a traceparent that are kept: it has 55, and later versions may have more. */
const TRACEPARENT_CHARS = 128;

/**
 * A key of ours that is not known is refused: a budget that nobody reads would be no budget.
 * @param hop whether the call is made within a chain, whose budget stands
 */
export function readWishes(
  meta: Readonly<Record<string, unknown>>,
  hop: boolean,
  refuse: (error: z.ZodError) => Rejection,
): CallWishes | Rejection {
  const ours = Object.fromEntries(Object.entries(meta).filter(([key]) => key.startsWith(PREFIX)));
  const parsed = CallMeta.safeParse(ours);
  if (!parsed.success) return refuse(parsed.error);
  const { [META.budget]: budget, [META.allowance]: allowance, [META.policy]: policy } = parsed.data;
  if (hop && budget !== undefined) {
    const detail = `_meta['${META.budget}']: a call within a chain stands under its chain's budget; set '${META.allowance}' to give the callee less.`;
    return { code: "invalid_request", detail };
  }
  const { traceparent } = meta;
  const trace = typeof traceparent === "string" ? traceparent.slice(0, TRACEPARENT_CHARS).toWellFormed() : undefined;
  return { budget, allowance, policy, traceparent: trace };
}
