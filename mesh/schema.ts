/** Wire shapes, declared once. Types are inferred from them here and only here; the OpenAPI document is made of them. */
import * as z from "zod";
import { amount, Budget, CallPolicy, CycleRule } from "./budget.ts";
import type { ToolFacts, UpstreamFacts } from "./federation/facts.ts";
import {
  BUDGET_CEILING,
  DEFAULT_MAX_CONCURRENCY,
  DEFAULT_TIMEOUT_MS,
  DESCRIPTION_CHARS,
  EXAMPLES,
  HEALTH_INTERVAL_CEILING_MS,
  HEALTH_INTERVAL_FLOOR_MS,
  HEALTH_INTERVAL_MS,
  HEALTH_TIMEOUT_CEILING_MS,
  HEALTH_TIMEOUT_MS,
  HEALTHY_AFTER,
  MAX_CONCURRENCY_CEILING,
  METADATA_BYTES,
  SKILLS,
  TAGS,
  TIMEOUT_CEILING_MS,
  UNHEALTHY_AFTER,
} from "./limits.ts";

/** Text that is safe to store, sort and show: no NUL, no lone surrogate. Payloads have no such rule. */
const text = (max: number) =>
  z
    .string()
    .max(max)
    .refine((value) => value.isWellFormed() && !value.includes("\u0000"), "must hold no NUL and no lone surrogate");

const AGENT_NAME = /^[a-z][a-z0-9-]{0,62}$/;
const NAME_RULE = "must be 1 to 63 of a-z, 0-9 and '-', beginning with a letter";

export const AgentName = z
  .string()
  .regex(AGENT_NAME, NAME_RULE)
  .meta({
    id: "AgentName",
    description: "1 to 63 of a-z, 0-9 and '-', beginning with a letter. Unique in its mesh.",
    examples: ["echo"],
  });
export const MeshName = z
  .string()
  .regex(AGENT_NAME, NAME_RULE)
  .meta({
    id: "MeshName",
    description: "The name of a mesh: a tenant's agents, chains and keys. Of the form of an agent's name.",
    examples: ["default"],
  });
export const SkillId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, "must be 1 to 64 of letters, digits, '_', '.' and '-'")
  .meta({ description: "Names a skill of its agent.", examples: ["echo"] });
/** A skill as a call names it: also a federated server's tool, whose name is the server's choice. */
const SkillReference = z
  .string()
  .regex(/^[A-Za-z0-9_.-]{1,128}$/, "must be 1 to 128 of letters, digits, '_', '.' and '-'");
const Version = z
  .string()
  .max(64)
  .regex(
    /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/,
    "must be a semantic version such as 1.0.0",
  )
  .meta({ description: "A semantic version.", examples: ["1.0.0"] });

const JsonObject = z.record(z.string(), z.unknown());
/** A JSON Schema (2020-12): an object, or one of the two trivial schemas. */
export const JsonSchema = z
  .union([JsonObject, z.boolean()])
  .meta({ id: "JsonSchema", description: "A JSON Schema (draft 2020-12); references must stay within it." });
export type JsonSchema = z.infer<typeof JsonSchema>;

export const Skill = z
  .strictObject({
    id: SkillId,
    name: text(128).optional().meta({ description: "What people call it." }),
    description: text(DESCRIPTION_CHARS).default("").meta({ description: "What it does: search reads it." }),
    tags: z.array(text(64)).max(TAGS).default([]),
    inputSchema: JsonSchema.default({}).meta({
      description: "What an input must be; an unfit one is `invalid_input`.",
    }),
    outputSchema: JsonSchema.default({}).meta({ description: "What an output is; an unfit one is `upstream_error`." }),
    examples: z.array(z.unknown()).max(EXAMPLES).default([]).meta({ description: "Inputs that fit." }),
  })
  .meta({ id: "Skill", description: "One thing that an agent can do." });
export type Skill = z.infer<typeof Skill> & { readonly tool?: ToolFacts | undefined };

/** How an `http` agent is asked whether it is well. */
export const HealthCheck = z
  .strictObject({
    path: z
      .string()
      .max(1_024)
      .regex(/^\/([!-.0-[\]-~][!-[\]-~]*)?$/, "must be a path that begins with one '/', without '\\'")
      .default("/healthz")
      .meta({ description: "On the server of `url`: a GET of it answers 200 to 299 while the agent is well." }),
    intervalMs: z.int().min(HEALTH_INTERVAL_FLOOR_MS).max(HEALTH_INTERVAL_CEILING_MS).default(HEALTH_INTERVAL_MS),
    timeoutMs: z.int().min(100).max(HEALTH_TIMEOUT_CEILING_MS).default(HEALTH_TIMEOUT_MS),
    unhealthyAfter: z.int().min(1).max(10).default(UNHEALTHY_AFTER).meta({ description: "Failures in a row." }),
    healthyAfter: z.int().min(1).max(10).default(HEALTHY_AFTER).meta({ description: "Successes in a row." }),
  })
  .meta({
    id: "HealthCheck",
    description: "Opts in to checks by the mesh. While the agent is unhealthy, calls are `agent_unavailable`.",
    examples: [{ path: "/healthz", intervalMs: 10_000, timeoutMs: 2_000, unhealthyAfter: 3, healthyAfter: 2 }],
  });
export type HealthCheck = z.infer<typeof HealthCheck>;

/** How an agent that is checked was found. */
export const AgentHealth = z
  .strictObject({
    state: z.enum(["healthy", "unhealthy"]),
    since: z.int().min(0).meta({ description: "Epoch milliseconds." }),
  })
  .meta({ id: "AgentHealth", description: "As its health checks have found the agent; absent until they have." });
export type AgentHealth = z.infer<typeof AgentHealth>;

/** How an agent is reached. A kind that this version does not serve is refused at registration, by name. */
export const Endpoint = z
  .discriminatedUnion("kind", [
    z
      .strictObject({ kind: z.literal("builtin") })
      .meta({ description: "Code of this deployment, by the agent's name." }),
    z
      .strictObject({ kind: z.literal("binding"), binding: z.string().regex(/^[A-Z][A-Z0-9_]{0,63}$/) })
      .meta({ description: "A service binding that the deployment names in HOPLINE_AGENT_BINDINGS." }),
    z
      .strictObject({
        kind: z.literal("http"),
        url: z.url({ protocol: /^https?$/ }).max(2_048),
        healthCheck: HealthCheck.optional(),
      })
      .meta({ description: "A server that answers `POST {input, skill}` with `{output, usage?}`." }),
    z
      .strictObject({
        kind: z.literal("mcp"),
        url: z.url({ protocol: /^https?$/ }).max(2_048),
        toolPrefix: z
          .boolean()
          .default(true)
          .meta({ description: "Whether its tools are named `<agent>__<tool>`; else they keep their own names." }),
        pin: z.enum(["flag", "strict"]).default("flag").meta({
          description: "What happens to a tool whose definition changes: `strict` withholds it until approved.",
        }),
        continues: z
          .boolean()
          .default(false)
          .meta({ description: "Whether it calls on: only then it gets a hop token, in `Hopline-Token`." }),
      })
      .meta({ description: "A remote MCP server over Streamable HTTP: its tools are the agent's skills." }),
  ])
  .meta({
    id: "Endpoint",
    description: "How an agent is reached.",
    examples: [{ kind: "http", url: "http://127.0.0.1:9001/" }],
  });
export type Endpoint = z.infer<typeof Endpoint>;
export type EndpointKind = Endpoint["kind"];

export const AgentStatus = z
  .enum(["active", "draining", "quarantined"])
  .meta({ id: "AgentStatus", description: "Only an `active` agent takes new calls." });

const agentFields = {
  version: Version,
  description: text(DESCRIPTION_CHARS).default("").meta({ description: "What the agent does: search reads it." }),
  endpoint: Endpoint,
  skills: z
    .array(Skill)
    .min(1)
    .max(SKILLS)
    .optional()
    .meta({ description: "By default one, named as the agent, that takes and answers any JSON." }),
  estimate: z
    .strictObject({
      tokens: amount(BUDGET_CEILING.tokens).default(0),
      costMicros: amount(BUDGET_CEILING.costMicros).default(0),
    })
    .default({ tokens: 0, costMicros: 0 })
    .meta({
      description: "What one call is expected to use of what callees report. It is reserved when a call is admitted.",
    }),
  timeoutMs: z
    .int()
    .min(1)
    .max(TIMEOUT_CEILING_MS)
    .default(DEFAULT_TIMEOUT_MS)
    .meta({ description: "Milliseconds after which a call of it ends with `deadline_exceeded`." }),
  maxConcurrency: z
    .int()
    .min(1)
    .max(MAX_CONCURRENCY_CEILING)
    .default(DEFAULT_MAX_CONCURRENCY)
    .meta({ description: "Calls that it takes at once, for each isolate of the deployment." }),
  idempotent: z
    .boolean()
    .default(false)
    .meta({ description: "Whether a call that failed in passing may be made again: only then the mesh retries." }),
  requireKey: z.boolean().default(false).meta({
    description: "The agent calls on with its own key as bearer, and its hop token in `Hopline-Token`.",
  }),
  cycle: CycleRule.optional().meta({
    description: "The cycle rule for calls of this agent in chains whose root call set none.",
  }),
  labels: z.record(text(64), text(256)).default({}).meta({ description: "Words of your own." }),
  status: AgentStatus.default("active"),
};

export const ApproveRequest = z
  .strictObject({
    tools: z
      .array(z.string().max(128))
      .max(1_000)
      .optional()
      .meta({ description: "By default all that have changed." }),
  })
  .meta({ id: "ApproveRequest", description: "Tools of a federated server whose present definition is approved." });

export const AgentPatch = z
  .strictObject({ status: AgentStatus })
  .meta({ id: "AgentPatch", description: "What of an agent can be changed without sending the whole of it." });

export const AgentReplacement = z
  .strictObject({ name: AgentName.optional(), ...agentFields })
  .meta({ id: "AgentReplacement", description: "A whole agent; what is left out gets its default." });
export const AgentRegistration = z
  .strictObject({ name: AgentName, ...agentFields })
  .meta({ id: "AgentRegistration", description: "An agent as it is registered." });
export type AgentRegistration = z.infer<typeof AgentRegistration>;

/** An agent as the registry holds it. */
export interface Agent extends Omit<AgentRegistration, "skills"> {
  readonly skills: readonly Skill[];
  /** Of a federated server. */
  readonly upstream?: UpstreamFacts | undefined;
  /** Of an agent whose health is checked, once it is known. */
  readonly health?: AgentHealth | undefined;
  /** `key:<keyId>`, `admin`, or `mesh` for those that ship. Only the owner or an admin may change the agent. */
  readonly owner: string;
  /** The registry's revision at which this agent last changed; its ETag. */
  readonly revision: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export const Scope = z.enum(["admin", "register", "invoke", "read", "agent"]).meta({
  id: "Scope",
  description:
    "`admin` may do everything; `register` changes its own agents; `invoke` starts chains; `read` reads; `agent` continues the chains of one agent.",
});
export type Scope = z.infer<typeof Scope>;

export const KeyRequest = z
  .strictObject({
    name: text(128).min(1).meta({ description: "What people call the key." }),
    scopes: z.array(Scope).min(1).max(Scope.options.length),
    agent: AgentName.optional().meta({ description: "The agent that a key with scope `agent` speaks for." }),
    expiresAt: z.int().min(1).optional().meta({ description: "Epoch milliseconds; by default the key stays valid." }),
    mesh: MeshName.optional().meta({
      description:
        "Another mesh than that of the asking key; only for the deployment's admin key. It is made by its first key.",
    }),
  })
  .refine((key) => key.scopes.includes("agent") === (key.agent !== undefined), {
    path: ["agent"],
    message: "goes with scope 'agent', and scope 'agent' needs it",
  })
  .meta({ id: "KeyRequest", description: "A key to be made." });
export type KeyRequest = z.infer<typeof KeyRequest>;

/** The body of an invocation. `input` must be there, whatever it is; NUL and lone surrogates in it are legal. */
export const InvokeRequest = z
  .strictObject({
    input: z
      .custom<unknown>((value) => value !== undefined, "must be there; null is an input")
      .meta({ description: "Any JSON that fits the skill's `inputSchema`." }),
    skill: SkillReference.optional().meta({ description: "One of the agent's skills; by default its first." }),
    budget: Budget.optional().meta({ description: "Of the whole chain. Only a root call may set it." }),
    allowance: Budget.optional().meta({ description: "What this hop and all below it may use of the chain's budget." }),
    policy: CallPolicy.optional(),
    metadata: JsonObject.refine(
      (value) => JSON.stringify(value).length <= METADATA_BYTES,
      `must be at most ${METADATA_BYTES} bytes of JSON`,
    )
      .optional()
      .meta({ description: `Kept with the hop and shown in the graph: at most ${METADATA_BYTES} bytes of JSON.` }),
  })
  .meta({ id: "InvokeRequest", description: "A call of an agent." });
export type InvokeRequest = z.infer<typeof InvokeRequest>;
