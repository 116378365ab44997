/** Problems as the document describes them: one schema, and for each operation the codes that it can answer with. */
import * as z from "zod";
import type { ZodOpenApiResponseObject } from "zod-openapi";
import { CycleRule } from "../../mesh/budget.ts";
import { CHAIN_ID } from "../../mesh/ids.ts";
import { DIMENSIONS } from "../../mesh/limits.ts";
import type { RejectionCode } from "../../mesh/rejection.ts";
import { PROBLEMS, problemBody } from "../problem.ts";
import { headers } from "./headers.ts";

export const CODES = Object.keys(PROBLEMS) as [RejectionCode, ...RejectionCode[]];

export const Problem = z
  .strictObject({
    type: z.string().meta({ description: "`urn:hopline:problem:` and the code." }),
    title: z.string().meta({ description: "What the code means." }),
    status: z.int().min(400).max(599),
    code: z.enum(CODES).meta({ description: "Stable: decide by it." }),
    detail: z.string().meta({ description: "One sentence on this very case, and what would be right." }),
    retryable: z.boolean().meta({ description: "Whether the same request may succeed later, unchanged." }),
    chainId: z.string().regex(CHAIN_ID).optional(),
    hopId: z
      .string()
      .regex(/^[0-9a-f]{16}$/)
      .optional()
      .meta({ description: "The refused or failed hop, where it is recorded." }),
    errors: z
      .array(
        z.strictObject({
          pointer: z.string().meta({ description: "An RFC 6901 pointer to what is wrong." }),
          detail: z.string(),
        }),
      )
      .optional()
      .meta({ description: "Of `invalid_request` and `invalid_input`: up to ten faults." }),
    dimension: z.enum(DIMENSIONS).optional().meta({ description: "Of `budget_exceeded`." }),
    limit: z.int().optional().meta({ description: "The limit that would be passed." }),
    actual: z.int().optional().meta({ description: "Where the call would have brought it." }),
    available: z.int().optional().meta({ description: "Of `budget_exceeded`: what a call could still take." }),
    purse: z.enum(["chain", "allowance", "asked"]).optional().meta({
      description: "Of `budget_exceeded`: whose limit; the chain's, an allowance's on the path, or the one asked for.",
    }),
    path: z
      .array(z.string())
      .optional()
      .meta({ description: "Of `cycle_detected` and `depth_exceeded`: agents from the root to the refused callee." }),
    rule: CycleRule.optional(),
    retryAfterMs: z.int().optional().meta({
      description: "Of `rate_limited`, and of `agent_unavailable` while its circuit breaker is open: in milliseconds.",
    }),
  })
  .meta({
    id: "Problem",
    description: "Every error, by RFC 9457: a stable code, the evidence, and what would be right.",
    examples: [
      problemBody(
        { code: "budget_exceeded", dimension: "hops", limit: 50, actual: 51, available: 0, purse: "chain" },
        { chainId: "100091f5efa963e101ae28240e819789", hopId: "00f067aa0ba902b7" },
      ),
    ],
  });

/** The answers for these codes, one a status. `chained`: those that belong to a chain name it. */
export function problemAnswers(
  codes: readonly RejectionCode[],
  chained: boolean,
): Record<`${4 | 5}${string}`, ZodOpenApiResponseObject> {
  const statuses = Map.groupBy([...new Set(codes)], (code) => PROBLEMS[code].status);
  return Object.fromEntries([...statuses].map(([status, same]) => [status, problemAnswer(same, chained)]));
}

/** Answers that stand in the document once: one object for each set of codes. */
const answers = new Map<string, ZodOpenApiResponseObject>();

function problemAnswer(codes: readonly RejectionCode[], chained: boolean): ZodOpenApiResponseObject {
  const sorted = codes.toSorted();
  const id = `${sorted.join("-or-")}${chained ? "-in-a-chain" : ""}`;
  const known = answers.get(id) ?? { id, ...problemObject(sorted, chained) };
  answers.set(id, known);
  return known;
}

/** The one status that is not its code's own: there is no code for it. */
export const notAcceptable: ZodOpenApiResponseObject = {
  id: "not_acceptable",
  description:
    "`invalid_request`: Nothing of what `Accept` names can be had. The media types that there are are named.",
  headers: headers(["Vary"]),
  content: { "application/problem+json": { schema: problemOf(406, ["invalid_request"]) } },
};

/** @param codes of one status */
function problemObject(codes: readonly RejectionCode[], chained: boolean): ZodOpenApiResponseObject {
  const [first = "internal"] = codes;
  const { status } = PROBLEMS[first];
  return {
    description: codes.map((code) => `\`${code}\`: ${PROBLEMS[code].title}.`).join(" "),
    ...headersOf(status, codes, chained),
    content: { "application/problem+json": { schema: problemOf(status, codes) } },
  };
}

function problemOf(status: number, codes: readonly RejectionCode[]) {
  return {
    $ref: "#/components/schemas/Problem",
    properties: { status: { const: status }, code: { enum: [...codes] } },
  };
}

/** Which header fields `problemResponse` sends with a status. */
function headersOf(status: number, codes: readonly RejectionCode[], chained: boolean) {
  const passes = status === 503 || codes.includes("rate_limited");
  // An agent that its owner has taken out of service says no time.
  const lasts = codes.includes("agent_unavailable");
  const always = [
    ...(status === 401 ? (["WWW-Authenticate"] as const) : []),
    ...(status === 405 ? (["Allow"] as const) : []),
    ...(passes && !lasts ? (["Retry-After"] as const) : []),
    ...(codes.includes("rate_limited") ? (["RateLimit", "RateLimit-Policy"] as const) : []),
  ];
  const sometimes = [...(lasts ? (["Retry-After"] as const) : []), ...(chained ? (["Hopline-Chain"] as const) : [])];
  return always.length + sometimes.length === 0 ? {} : { headers: headers(always, sometimes) };
}
