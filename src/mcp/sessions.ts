/** The 2025 eras: requests belong to sessions, each an object of its own. Here they are found; what they do is theirs. */

import { hex } from "../../mesh/digest.ts";
import type { Called } from "../../mesh/session/begun-calls.ts";
import type { SessionCaller } from "../../mesh/session/caller.ts";
import { CALLER_HEADER } from "../../mesh/session/caller.ts";
import type { McpSession } from "../../mesh/session/mcp-session.ts";
import type { Identity } from "../auth.ts";
import { sessionGone } from "./answers.ts";
import { sessionCall } from "./plain-call.ts";

const SESSION_HEADER = "mcp-session-id";
/** 128 random bits, and the check that they are one of this mesh's sessions of this principal. */
const SESSION_ID = /^[0-9a-f]{32}[0-9a-f]{4}$/;

/** Passes a request on to its session; `initialize` without one gets a new one. @param body its JSON, which was read already */
export async function serveSession(
  request: Request,
  body: unknown,
  identity: Identity,
  sessions: DurableObjectNamespace<McpSession>,
): Promise<Response> {
  const given = request.headers.get(SESSION_HEADER);
  const id = given ?? (isInitialize(body) ? await newSessionId(identity) : undefined);
  if (id === undefined) {
    const message = "Mcp-Session-Id is required: initialize first, and send what its answer has in that header.";
    return Response.json({ jsonrpc: "2.0", id: null, error: { code: -32_000, message } }, { status: 400 });
  }
  // An id that was made up, or given to somebody else, wakes no object.
  if (given !== null && !(await isOurs(given, identity))) return sessionGone();
  const caller: SessionCaller = {
    sessionId: id,
    mesh: identity.mesh.name,
    principal: identity.principal,
    scopes: [...identity.scopes],
    hop: identity.hop,
    deployment: identity.deployment,
  };
  const stub = sessions.get(idOf(sessions, `${identity.mesh.name}/${id}`));
  const call = given === null ? undefined : sessionCall(request, body);
  if (call === undefined) {
    // The server knows its own calls alone.
    const cancelled = cancelledBy(body);
    if (cancelled !== undefined) await stub.cancel(caller, request.url, cancelled);
    return passedOn(request, body, caller, stub);
  }
  const called = (await stub.call(caller, request.url, call)) as Called | undefined;
  if (called === undefined) return sessionGone();
  if ("begun" in called) return passedOn(request, body, { ...caller, begun: called.begun }, stub);
  return new Response(called.answer, { headers: { "content-type": "application/json", [SESSION_HEADER]: id } });
}

/** Ids of session objects by their names, which the platform hashes; those that were used last. */
const IDS = 1_000;
const ids = new Map<string, DurableObjectId>();

function idOf(sessions: DurableObjectNamespace<McpSession>, name: string): DurableObjectId {
  const id = ids.get(name) ?? sessions.idFromName(name);
  ids.delete(name);
  ids.set(name, id);
  const [oldest] = ids.keys();
  if (ids.size > IDS && oldest !== undefined) ids.delete(oldest);
  return id;
}

function passedOn(
  request: Request,
  body: unknown,
  caller: SessionCaller,
  stub: DurableObjectStub<McpSession>,
): Promise<Response> {
  const headers = new Headers(request.headers);
  headers.delete("authorization");
  headers.delete("hopline-token");
  headers.set(CALLER_HEADER, JSON.stringify(caller));
  const withBody = request.method === "POST" ? { body: JSON.stringify(body) } : {};
  return stub.fetch(new Request(request.url, { method: request.method, headers, ...withBody }));
}

/** The id of the request that a message cancels. */
function cancelledBy(body: unknown): unknown {
  if (typeof body !== "object" || body === null) return undefined;
  const { method, params } = body as { method?: unknown; params?: { requestId?: unknown } | null };
  return method === "notifications/cancelled" ? params?.requestId : undefined;
}

function isInitialize(body: unknown): boolean {
  return typeof body === "object" && body !== null && (body as { method?: unknown }).method === "initialize";
}

async function newSessionId(identity: Identity): Promise<string> {
  const random = hex(identity.mesh.random(16));
  return random + (await checkOf(random, identity));
}

async function isOurs(id: string, identity: Identity): Promise<boolean> {
  return SESSION_ID.test(id) && (await checkOf(id.slice(0, 32), identity)) === id.slice(32);
}

/** A session is its principal's alone: the check of an id says whose it is. The object checks again, in full. */
async function checkOf(random: string, { mesh, principal }: Identity): Promise<string> {
  return (await mesh.keyring()).check(`session ${random} ${principal}`);
}
