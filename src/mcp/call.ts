/** A tool call as a hop: what a client asks, given to the dispatcher as the HTTP API gives it, and its outcome as a result. */
import { type CallToolResult, ProtocolError, ProtocolErrorCode } from "@modelcontextprotocol/server";
import type { AdmittedHop, Caller, HopCall, Outcome, Relay, UpstreamError } from "../../mesh/hop/call.ts";
import { dispatch } from "../../mesh/hop/dispatch.ts";
import type { Running } from "../../mesh/hop/watch.ts";
import type { Mesh } from "../../mesh/mesh.ts";
import { MESH_PREFIX, partsOf } from "../../mesh/registry/tool-names.ts";
import type { Rejection } from "../../mesh/rejection.ts";
import type { Skill } from "../../mesh/schema.ts";
import type { Identity } from "../auth.ts";
import { schemaRejection } from "../body.ts";
import { problemBody } from "../problem.ts";
import { startRefusal } from "../routes/invoke.ts";
import { mayCall } from "./access.ts";
import { type CallWishes, META, readWishes } from "./meta.ts";
import { passedError, refusalResult } from "./problem.ts";
import { budgetAfter, openRound, type Round, sealRound, traceOf } from "./rounds.ts";
import { inputOf, isObjectSchema } from "./schemas.ts";

export interface ToolCall {
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly meta: Readonly<Record<string, unknown>>;
  /** Aborts when the client has cancelled the request, or left. */
  readonly signal?: AbortSignal | undefined;
  /** What is over then: either of both is there. */
  readonly within?: Running | undefined;
  readonly onAdmitted?: ((hop: AdmittedHop) => void) | undefined;
  readonly onChunk?: ((chunk: unknown) => void) | undefined;
  /** The way back to the client, for what a federated server asks of it. */
  readonly relay?: Relay | undefined;
  /** Under it the call is made once, however often it is asked for. */
  readonly idempotencyKey?: string | undefined;
}

/** Calls the agent that a tool is. @throws {ProtocolError} where there is no such tool */
export async function callAgent(identity: Identity, call: ToolCall): Promise<CallToolResult> {
  const { mesh, hop } = identity;
  const named = mayCall(identity) ? await mesh.toolNamed(call.name) : undefined;
  const skill = named?.skill;
  const { agent: name, skill: asked } =
    named === undefined ? partsOf(call.name) : { agent: named.agent.name, skill: named.skill.id };
  // A hop that calls what is not there is recorded in its chain; at the root there is nothing to record, and the mesh's own
  // tools, which a hop has none of, are no agent's.
  if (skill === undefined && (hop === undefined || call.name.startsWith(MESH_PREFIX))) throw noSuchTool(call.name);
  const wishes = readWishes(call.meta, hop !== undefined, schemaRejection);
  const input = skill && (skill.tool === undefined ? inputOf(skill.inputSchema, call.args) : { input: call.args });
  const refused = "code" in wishes ? wishes : input === undefined && skill !== undefined ? lacksInput() : undefined;
  const given = skill?.tool === undefined ? undefined : call.relay?.answers?.requestState;
  const round = given === undefined ? undefined : await openRound(identity, call.name, given);
  let erred: UpstreamError | undefined;
  const outcome = await dispatch(mesh, {
    ...(await callerOf(
      identity,
      "code" in wishes ? {} : await wishesOf(mesh, wishes, hop === undefined ? round : undefined),
      refused,
    )),
    agent: name,
    skill: skill?.id ?? asked,
    input: input?.input ?? null,
    signal: call.signal,
    within: call.within,
    onAdmitted: call.onAdmitted,
    onChunk: call.onChunk,
    idempotencyKey: call.idempotencyKey,
    relay: call.relay && {
      ...call.relay,
      ...(round === undefined ? {} : { answers: { ...call.relay.answers, requestState: round.state } }),
      erred: (error) => {
        erred = error;
      },
    },
  });
  if (skill === undefined) throw noSuchTool(call.name, outcome);
  // What a federated server has answered with is its own error; one of a tool that an agent has called is the agent's matter.
  if (!outcome.ok && erred !== undefined && skill.tool !== undefined && outcome.rejection.code === "upstream_error") {
    throw passedError(erred, outcome.rejection, outcome);
  }
  const result = resultOf(outcome, skill);
  if (!outcome.ok || result.resultType !== "input_required") return result;
  const { chainId: last, hopId } = outcome;
  const state = result.requestState as string | undefined;
  const next = { first: round?.first ?? last, last, hopId, count: (round?.count ?? 0) + 1, state };
  return { ...result, requestState: await sealRound(identity, call.name, next) };
}

/** In a further round what the one before has left, which it is linked to. Within a chain it is the chain that has it. */
async function wishesOf(mesh: Mesh, wishes: CallWishes, round: Round | undefined): Promise<CallWishes> {
  if (round === undefined) return wishes;
  const { budget, traceparent = traceOf(round) } = wishes;
  return { ...wishes, budget: await budgetAfter(mesh, round, budget), traceparent };
}

/** Who calls, under what, and why not. */
async function callerOf(
  { principal, hop, ...identity }: Identity,
  { budget, allowance, policy, traceparent }: CallWishes,
  refused: Rejection | undefined,
): Promise<Pick<HopCall, "caller" | "allowance" | "policy" | "refused">> {
  if (hop !== undefined) {
    const { chainId, hopId, agent } = hop;
    return { caller: { kind: "hop", chainId, hopId, agent }, allowance, policy, refused };
  }
  const caller: Caller = { kind: "root", principal, budget, traceparent };
  const mayNot = refused ?? (await startRefusal({ principal, hop, ...identity }, traceparent));
  return { caller, allowance, policy, refused: mayNot };
}

function lacksInput(): Rejection {
  const detail = "The arguments lack 'input': this tool takes its whole input as that one argument; null is an input.";
  return { code: "invalid_input", detail, errors: [{ pointer: "/input", detail: "must be there" }] };
}

function noSuchTool(name: string, outcome?: Outcome): ProtocolError {
  const detail = `There is no tool '${name.slice(0, 128).toWellFormed()}' for this key. tools/list and mesh__find_tools have those there are.`;
  const rejection = outcome?.ok === false ? outcome.rejection : ({ code: "agent_not_found", detail } as const);
  return new ProtocolError(ProtocolErrorCode.InvalidParams, detail, problemBody(rejection, outcome));
}

function resultOf(outcome: Outcome, skill: Skill): CallToolResult {
  if (!outcome.ok) return refusalResult(outcome.rejection, outcome);
  const { chainId, hopId, output, usage } = outcome;
  const meta = { [META.chainId]: chainId, [META.hopId]: hopId, [META.usage]: usage };
  // A federated tool's result is one already, and passes through as it is.
  if (skill.tool !== undefined) {
    const result = output as CallToolResult;
    return { ...result, _meta: { ...result._meta, ...meta } };
  }
  const structured = isObjectSchema(skill.outputSchema) && typeof output === "object" && output !== null;
  return {
    content: [{ type: "text", text: JSON.stringify(output ?? null) }],
    ...(structured ? { structuredContent: output as Record<string, unknown> } : {}),
    _meta: meta,
  };
}
