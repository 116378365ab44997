/** The 2026-07-28 era: every request stands for itself. */
import {
  type CallToolResult,
  CLIENT_CAPABILITIES_META_KEY,
  createMcpHandler,
  SERVER_INFO_META_KEY,
  type ServerEvent,
  type ServerEventBus,
} from "@modelcontextprotocol/server";
import { MCP_SUBSCRIPTIONS } from "../../mesh/limits.ts";
import type { Skill } from "../../mesh/schema.ts";
import type { TaskDesk } from "../../mesh/task/desk.ts";
import type { Identity } from "../auth.ts";
import { mayCall } from "./access.ts";
import { incapable } from "./capable.ts";
import { followLists, type ListName } from "./lists.ts";
import { followResource, mayFollow } from "./news.ts";
import { mayWantHeaders, type PlainCall } from "./plain-call.ts";
import { RunningCall } from "./running-call.ts";
import { argumentsSchema } from "./schemas.ts";
import { createServer, INFO } from "./server.ts";

/** How often a silent stream is written to, in milliseconds: only a write tells that its client has left, which cancels. */
const KEEP_ALIVE_MS = 1_000;

/** How long a call may take to be answered by plain JSON, in milliseconds: whether its client has left is not noticed before. */
const SOON_MS = 500;

/** What was read and checked already: its JSON, and the ordinary call that it is. */
interface Read {
  readonly body: unknown;
  readonly plain: PlainCall | undefined;
}

/** Answers one request. */
export async function serveStateless(
  request: Request,
  { body, plain }: Read,
  identity: Identity,
  toolsCap: number,
  desks: DurableObjectNamespace<TaskDesk>,
): Promise<Response> {
  const called = await calledTool(body, identity);
  const refusal = incapable(body, called?.tool);
  if (refusal !== undefined) return refusal;
  const running = plain && called && !mayWantHeaders(called.inputSchema) ? runs(identity, plain) : undefined;
  const result = await running?.soon(SOON_MS);
  if (plain !== undefined && result !== undefined) return answerTo(plain, result);
  const schema = called && { ...argumentsSchema(called.inputSchema) };
  const news = new NewsBus(identity, subscriptionsOf(body));
  const options = { identityOf: () => identity, toolsCap, desks, runningOf: () => running };
  const handler = createMcpHandler(() => createServer(options, schema), {
    legacy: "reject",
    // A call as a stream can be left, and what runs is then cancelled; the rest is quick.
    responseMode: methodOf(body) === "tools/call" ? "sse" : "auto",
    keepAliveMs: KEEP_ALIVE_MS,
    bus: news,
  });
  return handler.fetch(request, { parsedBody: body });
}

function runs(identity: Identity, call: PlainCall): RunningCall {
  const capabilities = call.meta[CLIENT_CAPABILITIES_META_KEY] as Record<string, unknown>;
  return new RunningCall(identity, call, { capabilities, asked: false });
}

function answerTo({ id }: PlainCall, result: CallToolResult): Response {
  const _meta = { ...result._meta, [SERVER_INFO_META_KEY]: INFO };
  return Response.json({ jsonrpc: "2.0", id, result: { ...result, resultType: "complete", _meta } });
}

function methodOf(body: unknown): unknown {
  return typeof body === "object" && body !== null ? (body as { method?: unknown }).method : undefined;
}

/** The tool that a request calls. Its arguments' schema says which of them come as headers too. */
async function calledTool(body: unknown, identity: Identity): Promise<Skill | undefined> {
  if (methodOf(body) !== "tools/call" || !mayCall(identity)) return undefined;
  const { params } = body as { params?: { name?: unknown } };
  const named = typeof params?.name === "string" ? await identity.mesh.toolNamed(params.name) : undefined;
  return named?.skill;
}

/** The resources that a listening request asks for. */
function subscriptionsOf(body: unknown): readonly string[] {
  if (methodOf(body) !== "subscriptions/listen") return [];
  const { params } = body as { params?: { notifications?: { resourceSubscriptions?: unknown } } };
  const uris = params?.notifications?.resourceSubscriptions;
  return Array.isArray(uris) ? uris.filter((uri) => typeof uri === "string").slice(0, MCP_SUBSCRIPTIONS) : [];
}

/** The news of one listening stream: follows while somebody listens. */
class NewsBus implements ServerEventBus {
  readonly #identity: Identity;
  readonly #resources: readonly string[];

  constructor(identity: Identity, resources: readonly string[]) {
    this.#identity = identity;
    this.#resources = resources;
  }

  /** Everything that is told comes from the mesh's objects, which other isolates hear as well. */
  publish(): void {}

  subscribe(listener: (event: ServerEvent) => void): () => void {
    const stop = new AbortController();
    const identity = this.#identity;
    const failed = (error: unknown) => console.error("mcp: a listener's news could not be followed", error);
    const changed = (list: ListName) => listener({ kind: `${list}_list_changed` });
    identity.mesh.registry
      .revision()
      .then((revision) => followLists(identity, revision, stop.signal, changed))
      .catch(failed);
    for (const uri of this.#resources) {
      const updated = () => listener({ kind: "resource_updated", uri });
      const follow = async () => {
        if (await mayFollow(identity, uri)) await followResource(identity, uri, stop.signal, updated);
      };
      follow().catch(failed);
    }
    return () => stop.abort();
  }
}
