/** What the API answers with. Requests are described by the schemas that check them; these are held to the answers by tests. */
import * as z from "zod";
import type { Usage } from "../../mesh/budget.ts";
import type { ChainGraph, GraphHop } from "../../mesh/chain/lineage.ts";
import type { ChainView } from "../../mesh/chain/views.ts";
import { ToolFacts, UpstreamFacts } from "../../mesh/federation/facts.ts";
import type { KeyView } from "../../mesh/identity/token-keys.ts";
import { CHAIN_ID, HOP_ID } from "../../mesh/ids.ts";
import type { EdgeView } from "../../mesh/index/edges.ts";
import { DIMENSIONS, GRAPH_HOPS, type Limits } from "../../mesh/limits.ts";
import type { ToolView } from "../../mesh/registry/tool-view.ts";
import {
  type Agent,
  AgentHealth,
  AgentName,
  AgentRegistration,
  Endpoint,
  JsonSchema,
  Scope,
  Skill,
} from "../../mesh/schema.ts";
import { hopEvent } from "./examples.ts";
import { CODES, Problem } from "./problem.ts";

const count = z.int().min(0);
const time = z.int().min(0).meta({ description: "Epoch milliseconds." });
const endedAt = time.nullable().meta({ description: "Epoch milliseconds; null while it runs." });
const chainId = z
  .string()
  .regex(CHAIN_ID)
  .meta({ description: "32 lower-case hex digits: also the W3C trace-id of all its hops." });
const hopId = z.string().regex(HOP_ID).meta({ description: "16 lower-case hex digits: a W3C span-id." });

export const UsageAnswer = z
  .strictObject({
    hops: count,
    bytes: count,
    tokens: count,
    costMicros: count.meta({ description: "Millionths of a US dollar." }),
    wallMs: count,
  })
  .meta({
    id: "Usage",
    description: "What was used: hops, bytes of JSON, tokens, millionths of a US dollar, milliseconds.",
  });
UsageAnswer satisfies z.ZodType<Usage>;

export const InvokeAnswer = z
  .strictObject({
    chainId,
    hopId,
    output: z.unknown().meta({ description: "What the agent answered: any JSON." }),
    usage: UsageAnswer.meta({ description: "Of this hop and all below it." }),
  })
  .meta({ id: "InvokeAnswer" });

export const AgentAnswer = z
  .strictObject({
    ...AgentRegistration.shape,
    skills: z.array(Skill.extend({ tool: ToolFacts.optional() }).meta({ id: "RegisteredSkill" })),
    upstream: UpstreamFacts.optional(),
    health: AgentHealth.optional(),
    owner: z.string().meta({
      description:
        "`key:` and the key's id, `admin`, or `mesh` for those that ship. It or an admin may change the agent.",
    }),
    revision: z.int().min(1).meta({ description: "The registry's revision at its last change; its `ETag`." }),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: "Agent", description: "An agent as the registry holds it." });
/** What is left to a hop. */
export const OwnHopAnswer = z
  .strictObject({
    chainId,
    hopId,
    agent: AgentName,
    remaining: z.strictObject({
      ...Object.fromEntries(DIMENSIONS.map((dimension) => [dimension, count])),
      wallMs: count.meta({ description: "Milliseconds until the hop's deadline." }),
      depth: z.int().meta({ description: "Levels below this hop." }),
    }),
  })
  .meta({ id: "OwnHop", description: "A hop that is open, as its callee sees it." });
/** A tool as it is listed. */
export const ToolAnswer = z
  .strictObject({
    name: z.string(),
    title: z.string().optional(),
    description: z.string(),
    inputSchema: JsonSchema,
    outputSchema: JsonSchema.meta({ description: "Of the output; of a federated tool, of its `structuredContent`." }),
    annotations: z.record(z.string(), z.unknown()).optional(),
    agent: z.string().meta({ description: "The agent or the server that has it." }),
    skill: z.string().meta({ description: "Its name there." }),
    kind: z.enum(Endpoint.options.map((option) => option.shape.kind.value)),
  })
  .meta({ id: "Tool", description: "A skill by the name that models call it." });
ToolAnswer satisfies z.ZodType<ToolView>;
AgentAnswer satisfies z.ZodType<Agent>;
/** What became of a line of a batch. */
export const BatchResult = z
  .strictObject({
    line: z.int().min(1).meta({ description: "The line of the body that this is the result of, from 1." }),
    name: z.string().optional().meta({ description: "As the line says it." }),
    status: z.int().meta({ description: "As if the line had been sent alone: 201, 200, or the problem's." }),
    outcome: z.enum(["registered", "replaced", "unchanged", "refused"]).meta({
      description: "`unchanged`: it is registered just so already, by the same owner.",
    }),
    revision: z.int().min(1).optional().meta({ description: "The agent's, where the line was taken: its `ETag`." }),
    problem: Problem.optional().meta({ description: "Where it was refused; without `errors`." }),
  })
  .meta({ id: "BatchResult", description: "What became of a line." });
export const ReadAgentAnswer = AgentAnswer.extend({
  breaker: z
    .strictObject({
      state: z.enum(["open", "half-open"]),
      since: time.meta({ description: "When it opened. Epoch milliseconds." }),
      retryAt: time.meta({ description: "From when on one call is let through as a trial. Epoch milliseconds." }),
    })
    .optional()
    .meta({
      description:
        "Absent while the agent is called as always. Its last calls from here have failed: until `retryAt` calls are `agent_unavailable`. It is the view of the isolate that answers, not of the whole deployment.",
    }),
  health: z
    .strictObject({
      state: z.enum(["unknown", "healthy", "unhealthy"]).meta({
        description: "While it is `unhealthy`, calls are `agent_unavailable`.",
      }),
      since: time.optional(),
      lastCheckedAt: time.nullable().meta({ description: "Epoch milliseconds; null before the first check." }),
      lastError: z.string().nullable().meta({ description: "Why the last check failed; null where it did not." }),
    })
    .optional()
    .meta({ description: "Of an agent with a `healthCheck`: how it was found." }),
}).meta({ id: "ReadAgent", description: "An agent as the registry holds it, and how it fares." });

export const ChainStatusAnswer = z
  .enum(["running", "done", "failed", "cancelled", "expired"])
  .meta({ id: "ChainStatus", description: "`expired`: its deadline has passed." });
const HopStatusAnswer = z.enum(["open", "done", "error", "rejected", "lost", "cancelled"]).meta({
  id: "HopStatus",
  description: "`rejected`: refused before it ran. `lost`: who ran it has vanished; its whole reservation was charged.",
});

const amounts = (description: string) =>
  z
    .strictObject(
      Object.fromEntries(DIMENSIONS.map((dimension) => [dimension, count])) as Record<keyof Limits, typeof count>,
    )
    .meta({ description });
const root = z.strictObject({
  agent: z.string(),
  principal: z.string().meta({ description: "Who started it: `admin`, or `key:` and the key's id." }),
});

export const ChainAnswer = z
  .strictObject({
    chainId,
    status: ChainStatusAnswer,
    root,
    limits: amounts("The chain's budget."),
    spent: amounts("What was used; of `concurrency` what is open now, of `wallMs` what has passed."),
    reserved: amounts("What open hops hold."),
    overrun: amounts("What callees used beyond what could be reserved. It stops the next call."),
    hops: z
      .strictObject(
        Object.fromEntries(HopStatusAnswer.options.map((status) => [status, count])) as Record<
          HopStatusName,
          typeof count
        >,
      )
      .meta({ description: "How many hops there are, by status." }),
    startedAt: time,
    endedAt,
    deadlineAt: time,
    traceparent: z.string().nullable().meta({ description: "The W3C trace context that the root call brought." }),
  })
  .meta({ id: "Chain", description: "Everything that one root call has caused." });
type HopStatusName = z.infer<typeof HopStatusAnswer>;
ChainAnswer satisfies z.ZodType<ChainView>;

export const ChainItemAnswer = z
  .strictObject({ chainId, status: ChainStatusAnswer, root, startedAt: time, endedAt })
  .meta({ id: "ChainItem", description: "A chain in the list; the list is at most a second behind." });

export const HopAnswer = z
  .strictObject({
    hopId,
    parentHopId: hopId.nullable().meta({ description: "The hop that made the call; null at the root." }),
    depth: z.int().min(1),
    kind: z.enum(["agent", "tool", "model"]),
    caller: z.string(),
    callee: z.string(),
    skill: z.string(),
    status: HopStatusAnswer,
    code: z.enum(CODES).nullable().meta({ description: "Why it was refused or has failed." }),
    detail: z.string().nullable(),
    path: z.array(z.string()).meta({ description: "Agents from the root to the callee." }),
    startedAt: time,
    endedAt,
    usage: UsageAnswer.meta({ description: "Of this hop alone." }),
    attempt: z.int().min(1).meta({ description: "How often it was tried." }),
    late: z
      .boolean()
      .meta({ description: "Whether a result came after the hop's end, and corrected what was charged." }),
    inputDigest: z.string().meta({ description: "SHA-256 of the canonical JSON, hex." }),
    outputDigest: z.string().nullable(),
    metadata: z.unknown().optional().meta({ description: "What the call brought along." }),
  })
  .meta({ id: "Hop", description: "One call, as it was decided and as it ended." });
HopAnswer satisfies z.ZodType<GraphHop>;

export const HopEventAnswer = z
  .strictObject({
    ...HopAnswer.shape,
    chainId,
    seq: z.int().min(1).meta({ description: "The event's number, and its `id`: it grows, with gaps." }),
    type: z
      .enum(["admitted", "rejected", "retried", "ended", "late"])
      .meta({ description: "`retried`: another attempt; `code` and `detail` say why the one before has failed." }),
    at: time,
  })
  .meta({
    id: "HopEvent",
    description: "Something that happened to a hop, and the hop as it was then.",
    examples: [hopEvent],
  });

export const ChainGraphAnswer = z
  .strictObject({
    chainId,
    status: ChainStatusAnswer,
    nodes: z.array(
      z.strictObject({ id: z.string(), kind: z.enum(["caller", "agent", "tool", "model"]), name: z.string() }),
    ),
    edges: z.array(z.strictObject({ from: z.string(), to: z.string(), calls: count, rejected: count, errors: count })),
    hops: z.array(HopAnswer).meta({ description: "In the order in which they were asked for, refused ones included." }),
    truncated: z
      .literal(true)
      .optional()
      .meta({ description: `There are more hops than ${GRAPH_HOPS}, or than asked for.` }),
    nextCursor: z.string().optional(),
  })
  .meta({ id: "ChainGraph", description: "The call graph of a chain." });
ChainGraphAnswer satisfies z.ZodType<ChainGraph>;

const latency = z.number().nullable();
const MeshEdge = z.strictObject({
  from: z.string(),
  to: z.string(),
  calls: count.meta({ description: "Hops that ended or were refused." }),
  errors: count,
  rejected: count,
  rejections: z.record(z.string(), count).meta({ description: "Refused hops by code." }),
  latencyMs: z.strictObject({ p50: latency, p95: latency, p99: latency }),
  tokens: z.int(),
  costMicros: z.int().meta({ description: "Millionths of a US dollar." }),
  firstAt: time,
  lastAt: time,
});
MeshEdge satisfies z.ZodType<EdgeView>;

export const MeshGraphAnswer = z
  .strictObject({
    since: time,
    nodes: z.array(z.strictObject({ id: z.string(), kind: z.enum(["caller", "agent"]), name: z.string() })),
    edges: z.array(MeshEdge),
  })
  .meta({ id: "MeshGraph", description: "Who calls whom in the mesh; at most a second behind." });

const keyFields = {
  keyId: z.string().regex(/^[0-9A-Za-z]{12}$/),
  name: z.string(),
  scopes: z.array(Scope),
  agent: AgentName.nullable(),
  createdBy: z.string(),
  createdAt: time,
  expiresAt: time.nullable().meta({ description: "Epoch milliseconds; null if it stays valid." }),
};
export const KeyAnswer = z.strictObject(keyFields).meta({ id: "Key", description: "A key without its secret." });
export const MadeKeyAnswer = z
  .strictObject({ ...keyFields, key: z.string().meta({ description: "The key itself: shown now, and never again." }) })
  .meta({ id: "MadeKey" });

export const TokenKeysAnswer = z
  .strictObject({
    items: z.array(
      z
        .strictObject({
          kid: z.string().meta({ description: "As in the published keys and in the header of tokens." }),
          use: z.enum(["next", "signs", "verifies"]).meta({
            description: "`next`: published, and signs after the next rotation. `verifies`: was replaced.",
          }),
          madeAt: time,
          signsFrom: time.nullable(),
          verifiesUntil: time
            .nullable()
            .meta({ description: "Epoch milliseconds: when the last of its tokens is over." }),
        })
        .meta({ id: "TokenKey", description: "A key that signs hop tokens." }),
    ),
  })
  .meta({ id: "TokenKeys", description: "Newest first." });
TokenKeysAnswer satisfies z.ZodType<{ items: KeyView[] }>;

export const JwksAnswer = z
  .strictObject({ keys: z.array(z.looseObject({ kty: z.string(), kid: z.string() })) })
  .meta({ id: "Jwks", description: "Public keys by RFC 7517, with which hop tokens can be verified." });
export const HealthAnswer = z.strictObject({ status: z.literal("ok") }).meta({ id: "Health" });
