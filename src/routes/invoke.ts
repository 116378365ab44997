/** Invoking an agent: a root call starts a chain, a call under a hop token continues its own. */
import type { Context } from "hono";
import type { HopCall, Outcome } from "../../mesh/hop/call.ts";
import { dispatch } from "../../mesh/hop/dispatch.ts";
import { IDEMPOTENCY_KEY_CHARS } from "../../mesh/limits.ts";
import type { Rejection } from "../../mesh/rejection.ts";
import { InvokeRequest } from "../../mesh/schema.ts";
import { type App, type AppEnv, otherMethods } from "../app.ts";
import { type Identity, lacksScope } from "../auth.ts";
import { readBody } from "../body.ts";
import { problemResponse } from "../problem.ts";
import { streamed, wantsStream } from "./invoke-stream.ts";

const PATH = "/v1/agents/:name/invoke";
/** Characters of a callee's name that a refusal keeps: what is not an agent's name has no bound of its own. */
const NAME_CHARS = 63;

export function invokeRoutes(app: App): void {
  app.post(PATH, async (c) => {
    const call = await readCall(c, c.req.param("name"));
    if (wantsStream(c.req.header("accept"))) return streamed(c, call);
    return outcomeResponse(await dispatch(c.get("identity").mesh, call));
  });
  otherMethods(app, PATH, "POST");
}

/** @param name the callee's, as the request has it */
export async function readCall(c: Context<AppEnv>, name: string): Promise<HopCall> {
  const identity = c.get("identity");
  const body = await readBody(c.req.raw, InvokeRequest);
  const idempotencyKey = c.req.header("idempotency-key");
  const agent = name.toWellFormed().replaceAll("\u0000", "").slice(0, NAME_CHARS);
  const { budget, ...request } = body.ok ? body.value : { input: null };
  const refused = body.ok ? refusalOf(identity, body.value, idempotencyKey) : body.rejection;
  const { hop } = identity;
  if (hop !== undefined) {
    const caller = { kind: "hop", chainId: hop.chainId, hopId: hop.hopId, agent: hop.agent } as const;
    return { ...request, caller, agent, idempotencyKey, refused };
  }
  const traceparent = c.req.header("traceparent")?.slice(0, 128).toWellFormed();
  const caller = { kind: "root", principal: identity.principal, budget, traceparent } as const;
  // What is malformed is said before who may do it: neither tells anything about the mesh.
  return { ...request, caller, agent, idempotencyKey, refused: refused ?? (await startRefusal(identity, traceparent)) };
}

function refusalOf(
  { hop }: Identity,
  request: InvokeRequest,
  idempotencyKey: string | undefined,
): Rejection | undefined {
  if (idempotencyKey !== undefined && !/^[\x21-\x7e]{1,255}$/.test(idempotencyKey)) {
    const detail = `Idempotency-Key must be 1 to ${IDEMPOTENCY_KEY_CHARS} visible ASCII characters.`;
    return { code: "invalid_request", detail };
  }
  if (hop === undefined || request.budget === undefined) return undefined;
  const detail =
    "/budget: a call within a chain stands under its chain's budget; set 'allowance' to give the callee less.";
  return { code: "invalid_request", detail, errors: [{ pointer: "/budget", detail: "only the root call sets it" }] };
}

/** Whether this caller may start a chain here and now. */
export async function startRefusal(
  identity: Identity,
  traceparent: string | undefined,
): Promise<Rejection | undefined> {
  const { mesh, scopes } = identity;
  if (scopes.has("agent") && !scopes.has("invoke") && !scopes.has("admin")) {
    const detail =
      "This key continues chains and starts none: send the hop token of the call that you are answering in Hopline-Token, or as bearer.";
    return { code: "lineage_required", detail };
  }
  const chainId = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/.exec(traceparent ?? "")?.[1];
  const ledger = chainId && (await mesh.ledgerOf(chainId));
  if (chainId && ledger && (await ledger.read(chainId))?.status === "running") {
    const detail = `The traceparent names chain ${chainId}, which is running: a call within it needs its hop token.`;
    return { code: "lineage_required", detail };
  }
  return lacksScope(identity, "invoke");
}

/** An outcome as an HTTP answer. */
export function outcomeResponse(outcome: Outcome): Response {
  if (!outcome.ok) return problemResponse(outcome.rejection, outcome);
  const { chainId, hopId, json, usage } = outcome;
  // The output is text already: it may be 4 MiB.
  const body = `{"chainId":"${chainId}","hopId":"${hopId}","output":${json},"usage":${JSON.stringify(usage)}}`;
  return new Response(body, { headers: { "content-type": "application/json", "hopline-chain": chainId } });
}
