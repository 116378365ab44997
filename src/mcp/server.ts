/** The MCP server of the mesh: one set of handlers for both eras. Which era is spoken is the transport's matter. */
import {
  type CallToolResult,
  type JSONRPCMessage,
  LOG_LEVEL_META_KEY,
  McpServer,
  ProtocolError,
  ProtocolErrorCode,
  type ServerContext,
  SUPPORTED_PROTOCOL_VERSIONS,
  type Transport,
} from "@modelcontextprotocol/server";
import type { Note, Relay } from "../../mesh/hop/call.ts";
import type { TaskDesk } from "../../mesh/task/desk.ts";
import type { Identity } from "../auth.ts";
import { callAgent, type ToolCall } from "./call.ts";
import { listTools } from "./catalogue.ts";
import {
  type Asking,
  completeFederated,
  getPrompt,
  listPrompts,
  listResources,
  listTemplates,
  readFederated,
} from "./federated.ts";
import { meshTool } from "./mesh-tools.ts";
import { META } from "./meta.ts";
import { ProgressTeller } from "./progress.ts";
import { complete, namedBy, readResource, templatesFor } from "./resources.ts";
import type { RunningCall } from "./running-call.ts";
import { callAsTask, serveTasks, TASK_CAPABILITIES, taskWish } from "./tasks.ts";

/** From the least important on; a client with a session hears all until it says otherwise. */
const LEVELS = ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"] as const;
type LoggingLevel = (typeof LEVELS)[number];
const EVERY_LEVEL: LoggingLevel = "debug";

/** Whether a message of a level is for a client that wants those from another one on; without one it wants none. */
function isWanted(level: unknown, from: LoggingLevel | undefined): boolean {
  return from !== undefined && LEVELS.indexOf(level as LoggingLevel) >= LEVELS.indexOf(from);
}

function levelOf(envelope: object): LoggingLevel | undefined {
  const level = (envelope as Record<string, unknown>)[LOG_LEVEL_META_KEY];
  return LEVELS.find((one) => one === level);
}

/** How the mesh names itself to clients. */
export const INFO = { name: "hopline", title: "Hopline mesh", version: "0.1.0" };

const INSTRUCTIONS = `Every tool is an agent of the mesh, or one skill of it. A call is a governed hop: it starts a chain (or continues yours) with a budget, and may be refused with a reason, a limit and what would be allowed; a refusal is a result to act on, not a failure. Set '${META.budget}' (hops, tokens, costMicros, wallMs, concurrency, bytes) and '${META.policy}' in _meta. Results name their chain in _meta '${META.chainId}': mesh__chain and mesh__call_graph tell what happened in it. If no tool fits, search with mesh__find_tools.`;

export interface ServerOptions {
  /** Whose request it is. */
  readonly identityOf: (ctx: ServerContext) => Identity;
  /** Tools that a list tells at most. */
  readonly toolsCap: number;
  /** The call that a request has begun already: its client is to be told what it says from now on. */
  readonly runningOf?: (ctx: ServerContext) => RunningCall | undefined;
  /** Where tasks are. */
  readonly desks: DurableObjectNamespace<TaskDesk>;
  /** Where resource subscriptions of a session are kept; the stateless era has them in its listening streams. */
  readonly subscriptions?: {
    readonly add: (uri: string, identity: Identity) => Promise<void>;
    readonly remove: (uri: string) => Promise<void>;
    readonly level: string | undefined;
    readonly setLevel: (level: string) => void;
  };
}

const CAPABILITIES = {
  tools: { listChanged: true },
  resources: { subscribe: true, listChanged: true },
  prompts: { listChanged: true },
  completions: {},
  logging: {},
  ...TASK_CAPABILITIES,
};

/** What is spoken here: the versions before know no Streamable HTTP. */
const VERSIONS = SUPPORTED_PROTOCOL_VERSIONS.filter((version) => version >= "2025-03-26");

/** Its tools are looked up as they are asked for; of the one that a request calls it is told the schema beforehand. */
export class MeshServer extends McpServer {
  /** From which level on a session wants log messages; without one each request says that. */
  level: LoggingLevel = EVERY_LEVEL;
  readonly #called: Readonly<Record<string, unknown>> | undefined;

  constructor(called: Readonly<Record<string, unknown>> | undefined) {
    super(INFO, { capabilities: CAPABILITIES, instructions: INSTRUCTIONS, supportedProtocolVersions: VERSIONS });
    this.#called = called;
  }

  override connect(transport: Transport): Promise<void> {
    const send = transport.send.bind(transport);
    transport.send = (message, options) => send(bare(message), options);
    return super.connect(transport);
  }

  /** What `Mcp-Param-*` headers are held to before a call of the 2026-07-28 era gets anywhere. */
  override toolInputSchemaJson(): Record<string, unknown> | undefined {
    return this.#called;
  }
}

/** A call that has become a task has no content yet. */
function bare(message: JSONRPCMessage): JSONRPCMessage {
  if (!("result" in message) || message.result.resultType !== "task") return message;
  const { content: _, ...result } = message.result as Record<string, unknown>;
  return { ...message, result } as JSONRPCMessage;
}

/** @param called the input schema of the tool that the one request of this server calls */
export function createServer(
  { identityOf, toolsCap, runningOf, subscriptions, desks }: ServerOptions,
  called?: Readonly<Record<string, unknown>>,
): MeshServer {
  const mesh = new MeshServer(called);
  const { server } = mesh;
  mesh.level = LEVELS.find((level) => level === subscriptions?.level) ?? EVERY_LEVEL;
  server.setRequestHandler("logging/setLevel", ({ params }) => {
    mesh.level = params.level;
    subscriptions?.setLevel(params.level);
    return {};
  });
  server.setRequestHandler("tools/list", async ({ params }, ctx) => {
    const page = await listTools(identityOf(ctx), params?.cursor, toolsCap);
    if (page === undefined) throw notACursor();
    return { ...page };
  });
  server.setRequestHandler("tools/call", async ({ params }, ctx) => {
    const running = runningOf?.(ctx);
    if (running !== undefined) return running.adopt(relayOf(mesh, ctx), ctx.mcpReq.signal);
    const { name, arguments: args = {} } = params;
    const identity = identityOf(ctx);
    const own = meshTool(identity, name);
    const wish = taskWish(ctx, params.task);
    if (own !== undefined && wish?.always) {
      throw new ProtocolError(ProtocolErrorCode.MethodNotFound, `The tool '${name}' answers at once, and is no task.`);
    }
    if (own !== undefined) return own.run(identity, args);
    const relay = relayOf(mesh, ctx);
    const call = { name, args, meta: ctx.mcpReq._meta ?? {}, signal: ctx.mcpReq.signal, relay };
    if (wish === undefined) return callTold(identity, call, ctx, (told) => callAgent(identity, told));
    return callTold(identity, call, ctx, ({ onAdmitted, onChunk }) => {
      const ears = { tell: relay.tell, admitted: onAdmitted, chunk: onChunk };
      return callAsTask({ identity, desks, ctx, server }, call, wish, relay, ears);
    });
  });
  const asking = (ctx: ServerContext): Asking => ({
    identity: identityOf(ctx),
    relay: relayOf(mesh, ctx),
    signal: ctx.mcpReq.signal,
  });
  server.setRequestHandler("resources/list", async (_, ctx) => ({ resources: await listResources(identityOf(ctx)) }));
  server.setRequestHandler("resources/templates/list", async (_, ctx) => {
    const identity = identityOf(ctx);
    return { resourceTemplates: [...templatesFor(identity), ...(await listTemplates(identity))] };
  });
  server.setRequestHandler("resources/read", async ({ params: { uri } }, ctx) => {
    const federated = namedBy(uri) === undefined ? await readFederated(asking(ctx), uri) : undefined;
    return federated ?? readResource(identityOf(ctx), uri);
  });
  server.setRequestHandler("completion/complete", async ({ params: { ref, argument, context } }, ctx) => {
    const federated = await completeFederated(asking(ctx), ref, argument, context);
    if (federated !== undefined) return federated;
    if (ref.type === "ref/resource") return complete(identityOf(ctx), ref.uri, argument);
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, `There is no prompt '${ref.name}'.`);
  });
  server.setRequestHandler("prompts/list", async (_, ctx) => ({ prompts: await listPrompts(identityOf(ctx)) }));
  server.setRequestHandler("prompts/get", async ({ params }, ctx) =>
    getPrompt(asking(ctx), params.name, params.arguments),
  );
  if (subscriptions !== undefined) {
    server.setRequestHandler("resources/subscribe", async ({ params }, ctx) => {
      await subscriptions.add(params.uri, identityOf(ctx));
      return {};
    });
    server.setRequestHandler("resources/unsubscribe", async ({ params }) => {
      await subscriptions.remove(params.uri);
      return {};
    });
  }
  serveTasks(server, identityOf, desks);
  return mesh;
}

/** A call of an agent, with its progress told where the client has asked for it. */
async function callTold(
  identity: Identity,
  call: ToolCall,
  ctx: ServerContext,
  made: (call: ToolCall) => Promise<CallToolResult>,
): Promise<CallToolResult> {
  const { progressToken } = ctx.mcpReq._meta ?? {};
  // A federated tool tells its own progress, whose numbers are not to be mixed with ours.
  if (progressToken === undefined || (await isFederated(identity, call.name))) return made(call);
  const teller = new ProgressTeller(progressToken, (params) =>
    ctx.mcpReq.notify({ method: "notifications/progress", params: { ...params } }),
  );
  const root = { agent: call.name, principal: identity.principal };
  let ok = false;
  try {
    const result = await made({
      ...call,
      onAdmitted: (hop) => teller.follow(identity.mesh, root, hop),
      onChunk: (chunk) => teller.piece(chunk),
    });
    // What goes on as a task is followed there.
    ok = !call.signal?.aborted && result.task === undefined && result.resultType !== "task";
    return result;
  } finally {
    await teller.end(ok);
  }
}

async function isFederated({ mesh }: Identity, tool: string): Promise<boolean> {
  return (await mesh.toolNamed(tool))?.skill.tool !== undefined;
}

/** How long a client may take to answer what it is asked: the hop's own deadline is what ends it. */
const ASK_MS = 15 * 60_000;

/** In sessions a client is asked while its call is open; without them by the call's result, and its answers come with the next. */
function relayOf({ server, level }: MeshServer, { mcpReq, http }: ServerContext): Relay {
  const capabilities = { ...server.getClientCapabilities() };
  const { progressToken } = mcpReq._meta ?? {};
  const logLevel = mcpReq.envelope === undefined ? level : levelOf(mcpReq.envelope);
  const tell = ({ method, params }: Note) => {
    if (method === "notifications/message" && !isWanted(params.level, logLevel)) return;
    if (method === "notifications/progress" && progressToken === undefined) return;
    const told = method === "notifications/progress" ? { ...params, progressToken } : params;
    // A client that has left hears nothing: its call is cancelled then.
    mcpReq.notify({ method, params: told } as Parameters<typeof mcpReq.notify>[0]).catch(() => undefined);
  };
  if (mcpReq.envelope !== undefined) {
    const requestState = mcpReq.requestState() as string | undefined;
    return { capabilities, tell, logLevel, answers: { inputResponses: mcpReq.inputResponses, requestState } };
  }
  let parked = false;
  return {
    capabilities,
    tell,
    logLevel,
    // What a server has parked is parked here too: the client comes back for it, where its version knows how to.
    lasts: () => {
      if (!parked) http?.closeSSE?.();
      parked = true;
    },
    ask: (method, params, signal) =>
      mcpReq.send(
        { method: method as "sampling/createMessage", params: params as Record<string, unknown> },
        { signal, timeout: ASK_MS },
      ),
  };
}

function notACursor(): ProtocolError {
  return new ProtocolError(ProtocolErrorCode.InvalidParams, "This is not a cursor of this list: leave it out.");
}
