/** Wire shapes, declared once. Types are inferred from them here and only here. */
import * as z from "zod";
import {
  BUDGET_CEILING,
  DEFAULT_MAX_CONCURRENCY,
  DEFAULT_TIMEOUT_MS,
  DESCRIPTION_CHARS,
  EXAMPLES,
  MAX_CONCURRENCY_CEILING,
  MAX_DEPTH_CEILING,
  METADATA_BYTES,
  SKILLS,
  TAGS,
  TIMEOUT_CEILING_MS,
} from "./limits.ts";

/** Text that is safe to store, sort and show: no NUL, no lone surrogate. Payloads have no such rule. */
const text = (max: number) =>
  z
    .string()
    .max(max)
    .refine((value) => value.isWellFormed() && !value.includes("\u0000"), "must hold no NUL and no lone surrogate");

export const AgentName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,62}$/, "must be 1 to 63 of a-z, 0-9 and '-', beginning with a letter");
export const MeshName = AgentName;
export const SkillId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, "must be 1 to 64 of letters, digits, '_', '.' and '-'");
const Version = z
  .string()
  .max(64)
  .regex(
    /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/,
    "must be a semantic version such as 1.0.0",
  );

const amount = (ceiling: number) => z.int().min(0).max(ceiling);
/** A limit: any safe integer from 0. What exceeds the mesh's ceiling is lowered by `hop/prepare.ts`, not refused. */
const limit = z.int().min(0);

/** What a root call may set; the same dimensions, tightening only, are an allowance within a chain. */
export const Budget = z.strictObject({
  hops: limit.optional(),
  tokens: limit.optional(),
  costMicros: limit.optional(),
  wallMs: limit.optional(),
  concurrency: limit.optional(),
  bytes: limit.optional(),
});
export type Budget = z.infer<typeof Budget>;

/** How often an agent may stand on one ancestor path. */
export const CycleRule = z.discriminatedUnion("rule", [
  z.strictObject({ rule: z.literal("deny") }),
  z.strictObject({ rule: z.literal("allow"), times: z.int().min(1) }),
  z.strictObject({ rule: z.literal("progress") }),
]);
export type CycleRule = z.infer<typeof CycleRule>;

export const CallPolicy = z.strictObject({
  maxDepth: z.int().min(1).max(MAX_DEPTH_CEILING).optional(),
  cycle: CycleRule.optional(),
});
export type CallPolicy = z.infer<typeof CallPolicy>;

/** What a callee says that it used: whole tokens, whole micro-USD. */
export const ReportedUsage = z.object({
  tokens: amount(Number.MAX_SAFE_INTEGER).default(0),
  costMicros: amount(Number.MAX_SAFE_INTEGER).default(0),
});
export type ReportedUsage = z.infer<typeof ReportedUsage>;

const JsonObject = z.record(z.string(), z.unknown());
/** A JSON Schema (2020-12): an object, or one of the two trivial schemas. */
export const JsonSchema = z.union([JsonObject, z.boolean()]);
export type JsonSchema = z.infer<typeof JsonSchema>;

export const Skill = z.strictObject({
  id: SkillId,
  name: text(128).optional(),
  description: text(DESCRIPTION_CHARS).default(""),
  tags: z.array(text(64)).max(TAGS).default([]),
  inputSchema: JsonSchema.default({}),
  outputSchema: JsonSchema.default({}),
  examples: z.array(z.unknown()).max(EXAMPLES).default([]),
});
export type Skill = z.infer<typeof Skill>;

/** How an agent is reached. A kind that this version does not serve is refused at registration, by name. */
export const Endpoint = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("builtin") }),
  z.strictObject({ kind: z.literal("binding"), binding: z.string().regex(/^[A-Z][A-Z0-9_]{0,63}$/) }),
  z.strictObject({ kind: z.literal("http"), url: z.url({ protocol: /^https?$/ }).max(2_048) }),
]);
export type Endpoint = z.infer<typeof Endpoint>;
export type EndpointKind = Endpoint["kind"];

export const AgentStatus = z.enum(["active", "draining", "quarantined"]);

const agentFields = {
  version: Version,
  description: text(DESCRIPTION_CHARS).default(""),
  endpoint: Endpoint,
  skills: z.array(Skill).min(1).max(SKILLS).optional(),
  /** What one call is expected to use of the reported dimensions; it is reserved at admission. */
  estimate: z
    .strictObject({
      tokens: amount(BUDGET_CEILING.tokens).default(0),
      costMicros: amount(BUDGET_CEILING.costMicros).default(0),
    })
    .default({ tokens: 0, costMicros: 0 }),
  timeoutMs: z.int().min(1).max(TIMEOUT_CEILING_MS).default(DEFAULT_TIMEOUT_MS),
  maxConcurrency: z.int().min(1).max(MAX_CONCURRENCY_CEILING).default(DEFAULT_MAX_CONCURRENCY),
  idempotent: z.boolean().default(false),
  /** The agent calls on with its own key as bearer, and its hop token in `Hopline-Token`. */
  requireKey: z.boolean().default(false),
  /** The cycle rule for calls of this agent in chains whose root call set none. */
  cycle: CycleRule.optional(),
  labels: z.record(text(64), text(256)).default({}),
  status: AgentStatus.default("active"),
};

export const AgentReplacement = z.strictObject({ name: AgentName.optional(), ...agentFields });
export const AgentRegistration = z.strictObject({ name: AgentName, ...agentFields });
export type AgentRegistration = z.infer<typeof AgentRegistration>;

/** An agent as the registry holds it. */
export interface Agent extends Omit<AgentRegistration, "skills"> {
  readonly skills: readonly Skill[];
  /** `key:<keyId>`, `admin`, or `mesh` for those that ship. Only the owner or an admin may change the agent. */
  readonly owner: string;
  /** The registry's revision at which this agent last changed; its ETag. */
  readonly revision: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export const Scope = z.enum(["admin", "register", "invoke", "read", "agent"]);
export type Scope = z.infer<typeof Scope>;

export const KeyRequest = z
  .strictObject({
    name: text(128).min(1),
    scopes: z.array(Scope).min(1).max(Scope.options.length),
    /** The agent that a key with scope `agent` speaks for. */
    agent: AgentName.optional(),
    /** Epoch milliseconds. */
    expiresAt: z.int().min(1).optional(),
    /** Another mesh than that of the asking key; only for the deployment's admin key. It is made by its first key. */
    mesh: MeshName.optional(),
  })
  .refine((key) => key.scopes.includes("agent") === (key.agent !== undefined), {
    path: ["agent"],
    message: "goes with scope 'agent', and scope 'agent' needs it",
  });
export type KeyRequest = z.infer<typeof KeyRequest>;

/** The body of an invocation. `input` must be there, whatever it is; NUL and lone surrogates in it are legal. */
export const InvokeRequest = z.strictObject({
  input: z.custom<unknown>((value) => value !== undefined, "must be there; null is an input"),
  skill: SkillId.optional(),
  budget: Budget.optional(),
  allowance: Budget.optional(),
  policy: CallPolicy.optional(),
  metadata: JsonObject.refine(
    (value) => JSON.stringify(value).length <= METADATA_BYTES,
    `must be at most ${METADATA_BYTES} bytes of JSON`,
  ).optional(),
});
export type InvokeRequest = z.infer<typeof InvokeRequest>;

/** What a hop, or a hop and all below it, has used: counts, bytes, tokens, micro-USD, milliseconds. */
export interface Usage {
  readonly hops: number;
  readonly bytes: number;
  readonly tokens: number;
  readonly costMicros: number;
  readonly wallMs: number;
}
