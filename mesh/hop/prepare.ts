/** From a call to an ask: resolve the callee, check the input, measure it. Whatever is wrong is a refusal to record. */

import type { Budget } from "../budget.ts";
import type { Ask, Idempotency, RootCall } from "../chain/facts.ts";
import { digestOf } from "../digest.ts";
import { canonicalUrl } from "../egress/address.ts";
import { isWithheld } from "../federation/pins.ts";
import { refreshIfStale } from "../federation/refresh.ts";
import { hopId } from "../ids.ts";
import {
  BUDGET_CEILING,
  DEFAULT_BUDGET,
  DEFAULT_MAX_DEPTH,
  DEFAULT_TIMEOUT_MS,
  DIMENSIONS,
  type Limits,
  UPSTREAM_FRESH_MS,
} from "../limits.ts";
import type { Mesh } from "../mesh.ts";
import { placeOf, type Rejection } from "../rejection.ts";
import type { Agent, Skill } from "../schema.ts";
import type { HopCall } from "./call.ts";
import { type Payload, weigh } from "./payload.ts";
import { schemaErrors } from "./schema-check.ts";

export interface Prepared {
  readonly ask: Ask;
  readonly payload: Payload;
  /** Absent only when the ask carries a refusal. */
  readonly callee?: { readonly agent: Agent; readonly skill: Skill } | undefined;
}

/** Refusals that a root call gets without a chain: nothing was asked that a ledger could remember. */
const UNRECORDED = new Set([
  "invalid_request",
  "unauthenticated",
  "token_invalid",
  "agent_not_found",
  "payload_too_large",
  "invalid_input",
]);

/** @returns a rejection alone where, at the root, nothing is to be recorded */
export async function prepare(mesh: Mesh, call: HopCall): Promise<Prepared | Rejection> {
  const agent = await mesh.agent(call.agent);
  if (agent !== undefined) refreshIfStale(mesh, agent);
  const found = call.refused ?? resolve(agent, call);
  const callee = "code" in found ? undefined : found;
  const refused = "code" in found ? found : checkInput(found, call.input);
  if (refused !== undefined && call.caller.kind === "root" && UNRECORDED.has(refused.code)) return refused;
  const payload = weigh(call.input, call.inputJson);
  const idempotency = refused === undefined ? await idempotencyOf(mesh, call, payload) : undefined;
  const chainId = call.caller.kind === "hop" ? call.caller.chainId : await mesh.newChainId(idempotency?.scope);
  const ask: Ask = {
    type: "ask",
    chainId,
    hopId: hopId((bytes) => mesh.random(bytes)),
    root:
      call.caller.kind === "root"
        ? rootCall(call.caller.principal, call, call.caller.budget, call.caller.traceparent)
        : undefined,
    parentHopId: call.caller.kind === "hop" ? call.caller.hopId : undefined,
    kind: agent?.endpoint.kind === "mcp" ? "tool" : "agent",
    callee: call.agent,
    skill: callee?.skill.id ?? call.skill ?? "",
    address: agent === undefined ? `unknown:${call.agent}` : addressOf(agent),
    inputBytes: payload.bytes,
    inputDigest: await payload.digest,
    estimate: agent?.estimate ?? { tokens: 0, costMicros: 0 },
    timeoutMs: agent?.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    calleeCycle: agent?.cycle,
    allowance: call.allowance,
    policy: call.policy,
    metadata: call.metadata && JSON.stringify(call.metadata),
    idempotency,
    refused,
  };
  return { ask, payload, callee: refused === undefined ? callee : undefined };
}

function resolve(agent: Agent | undefined, call: HopCall): { agent: Agent; skill: Skill } | Rejection {
  if (agent === undefined) {
    return {
      code: "agent_not_found",
      detail: `There is no agent named '${call.agent}'. GET /v1/agents lists those there are.`,
    };
  }
  if (agent.status !== "active") {
    return { code: "agent_unavailable", detail: `Agent '${agent.name}' is ${agent.status} and takes no new calls.` };
  }
  if (agent.health?.state === "unhealthy") return unhealthy(agent);
  const skill = call.skill === undefined ? defaultSkill(agent) : agent.skills.find((one) => one.id === call.skill);
  if (skill === undefined && agent.skills.length === 0 && agent.upstream?.lastError) return unseen(agent);
  if (skill === undefined) {
    const known = agent.skills.map((one) => one.id).join(", ") || "none";
    const asked = call.skill === undefined ? "that a call without a skill could mean" : `'${call.skill}'`;
    return { code: "agent_not_found", detail: `Agent '${agent.name}' has no skill ${asked}. It has: ${known}.` };
  }
  if (agent.endpoint.kind === "mcp" && isWithheld(skill, agent.endpoint.pin)) {
    const detail = `Tool '${skill.id}' of server '${agent.name}' has changed since it was approved, and is withheld until its owner approves it: POST /v1/agents/${agent.name}/approve.`;
    return { code: "agent_unavailable", detail };
  }
  return { agent, skill };
}

/** It may be well again after its next check. */
function unhealthy({ name, endpoint }: Agent): Rejection {
  const { intervalMs } = (endpoint.kind === "http" ? endpoint.healthCheck : undefined) ?? { intervalMs: 0 };
  const detail = `Agent '${name}' is not well by its health checks and takes no calls for now. Try again in ${Math.ceil(intervalMs / 1_000)} s, or use another agent.`;
  return { code: "agent_unavailable", detail, retryAfterMs: intervalMs };
}

/** A server that has never told its tools: this call has it asked again. */
function unseen({ name, upstream }: Agent): Rejection {
  const detail = `Server '${name}' could not be asked for its tools, so none of them is known: ${upstream?.lastError}`;
  return { code: "agent_unavailable", detail, retryAfterMs: UPSTREAM_FRESH_MS };
}

/** An agent's first skill; of a server's tools none is more meant than another. */
function defaultSkill({ endpoint, skills }: Agent): Skill | undefined {
  return endpoint.kind === "mcp" && skills.length !== 1 ? undefined : skills[0];
}

function checkInput({ agent, skill }: { agent: Agent; skill: Skill }, input: unknown): Rejection | undefined {
  const errors = schemaErrors(skill.inputSchema, input);
  const [first] = errors;
  if (first === undefined) return undefined;
  const detail = `The input does not fit the schema of ${agent.name}/${skill.id}${placeOf(first)}: ${first.detail}`;
  return { code: "invalid_input", detail, errors };
}

/** By the record as the isolate remembers it: a URL is parsed once, not at each call. */
const addresses = new WeakMap<Agent, string>();

function addressOf(agent: Agent): string {
  const known = addresses.get(agent) ?? canonicalAddress(agent);
  addresses.set(agent, known);
  return known;
}

/** Two agents with the same address are the same agent, whatever their names. */
function canonicalAddress({ name, endpoint }: Agent): string {
  switch (endpoint.kind) {
    case "builtin":
      return `builtin:${name}`;
    case "binding":
      return `binding:${endpoint.binding}`;
    case "http":
    case "mcp":
      return canonicalUrl(endpoint.url);
    default:
      return endpoint satisfies never;
  }
}

/** The scope of a key: the principal and the agent at the root, the calling hop below it. */
async function idempotencyOf(mesh: Mesh, call: HopCall, payload: Payload): Promise<Idempotency | undefined> {
  const { caller, idempotencyKey, agent, skill, allowance, policy } = call;
  if (idempotencyKey === undefined) return undefined;
  const scope =
    caller.kind === "root"
      ? [mesh.name, caller.principal, agent, idempotencyKey]
      : [mesh.name, caller.chainId, caller.hopId, idempotencyKey];
  const budget = caller.kind === "root" ? caller.budget : undefined;
  const request = [agent, skill ?? null, payload.json, budget ?? null, allowance ?? null, policy ?? null];
  return {
    scope: await digestOf(JSON.stringify(scope)).digest,
    request: await digestOf(JSON.stringify(request)).digest,
  };
}

function rootCall(
  principal: string,
  { policy }: HopCall,
  budget: Budget | undefined,
  traceparent: string | undefined,
): RootCall {
  return {
    principal,
    limits: limitsOf(budget ?? {}),
    policy: { maxDepth: policy?.maxDepth ?? DEFAULT_MAX_DEPTH, cycle: policy?.cycle, also: [] },
    traceparent,
  };
}

/** What was asked for, up to the mesh's ceilings; the default of what was not. */
export function limitsOf(budget: Budget): Limits {
  const limits = { ...DEFAULT_BUDGET };
  for (const dimension of DIMENSIONS) {
    limits[dimension] = Math.min(budget[dimension] ?? DEFAULT_BUDGET[dimension], BUDGET_CEILING[dimension]);
  }
  return limits;
}
