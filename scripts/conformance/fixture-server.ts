/** The fixture as a server of 2026-07-28 on loopback. */
import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { type CallToolResult, createMcpHandler, Server, type ServerContext } from "@modelcontextprotocol/server";
import { FIXTURE } from "../../test/conformance/mcp/fixture.ts";
import { getPrompt, PROMPTS } from "../../test/conformance/mcp/prompts.ts";
import { RESOURCES, readResource, TEMPLATES } from "../../test/conformance/mcp/resources.ts";

export interface FixtureServer {
  readonly url: string;
  readonly close: () => Promise<void>;
}

const CAPABILITIES = {
  tools: { listChanged: true },
  resources: {},
  prompts: { listChanged: true },
  completions: {},
  logging: {},
};
/** Between two words of a tool that speaks while it runs, in milliseconds. */
const PAUSE_MS = 50;

/** What comes and goes while a suite looks, by the tools that it calls for that. */
interface Changing {
  tool: boolean;
  prompt: boolean;
  /** Tells those who listen. */
  readonly notify: () => ReturnType<typeof createMcpHandler>["notify"];
}

export async function startFixture(): Promise<FixtureServer> {
  const changing: Changing = { tool: false, prompt: false, notify: () => handler.notify };
  const handler = createMcpHandler(() => makeServer(changing));
  const server = createServer(async (request, response) => {
    const { headers, method = "GET", url = "/" } = request;
    const body = method === "POST" ? { body: await text(request) } : {};
    const sent = new Request(new URL(url, "http://127.0.0.1"), {
      method,
      headers: headers as Record<string, string>,
      ...body,
    });
    const answer = await handler.fetch(sent);
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    if (answer.body !== null) for await (const chunk of answer.body) response.write(chunk);
    response.end();
  });
  return serving(server);
}

/** On a free port of loopback. */
export async function serving(server: HttpServer): Promise<FixtureServer> {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const close = async () => {
    const closed = new Promise((done) => server.close(done));
    server.closeAllConnections();
    await closed;
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`, close };
}

/** Tools that do more than answer: they speak while they run, or change what there is. */
const LIVE: Readonly<Record<string, (ctx: ServerContext, changing: Changing) => Promise<CallToolResult>>> = {
  test_tool_with_progress: withProgress,
  test_tool_with_logging: withLogging,
  test_logging_tool: withLogging,
  test_trigger_tool_change: async (_, changing) => {
    changing.tool = !changing.tool;
    changing.notify().toolsChanged();
    return DONE;
  },
  test_trigger_prompt_change: async (_, changing) => {
    changing.prompt = !changing.prompt;
    changing.notify().promptsChanged();
    return DONE;
  },
};
const DONE: CallToolResult = { content: [{ type: "text", text: "done" }] };

/** Tools that are shown to clients that can be asked for something. */
const NEEDING: Readonly<Record<string, string>> = { test_missing_capability: "sampling" };

function makeServer(changing: Changing): Server {
  const server = new Server({ name: "fixture", version: "1.0.0" }, { capabilities: CAPABILITIES });
  const tools = Object.entries(FIXTURE).map(([name, { description, inputSchema }]) =>
    listed(name, description, inputSchema),
  );
  const live = Object.keys(LIVE).map((name) => listed(name, "Does more than answer."));
  const capabilities = () => (server.getClientCapabilities() ?? {}) as Record<string, unknown>;
  server.setRequestHandler("tools/list", () => ({
    tools: [...tools, ...live, ...(changing.tool ? [listed("test_dynamic_tool", "Comes and goes.")] : [])].filter(
      ({ name }) => NEEDING[name] === undefined || NEEDING[name] in capabilities(),
    ),
  }));
  server.setRequestHandler("tools/call", async ({ params }, ctx) => {
    const run = LIVE[params.name];
    if (run !== undefined) return run(ctx, changing);
    const answers = { ...answersOf(ctx), capabilities: capabilities() };
    return FIXTURE[params.name]?.run(params.arguments ?? {}, undefined, answers) as CallToolResult;
  });
  server.setRequestHandler("resources/list", () => ({ resources: RESOURCES }));
  server.setRequestHandler("resources/templates/list", () => ({ resourceTemplates: TEMPLATES }));
  server.setRequestHandler("resources/read", ({ params }) => readResource(params.uri));
  server.setRequestHandler("prompts/list", () => ({
    prompts: [
      ...PROMPTS,
      ...(changing.prompt ? [{ name: "test_dynamic_prompt", description: "Comes and goes." }] : []),
    ],
  }));
  server.setRequestHandler(
    "prompts/get",
    ({ params }, ctx) => getPrompt(params.name, params.arguments ?? {}, answersOf(ctx)) as never,
  );
  server.setRequestHandler("completion/complete", ({ params: { argument } }) => ({
    completion: { values: ["paris", "park", "party"].filter((value) => value.startsWith(argument.value)) },
  }));
  return server;
}

function listed(name: string, description: string, inputSchema: Record<string, unknown> = {}) {
  return { name, description, inputSchema: { type: "object" as const, ...inputSchema } };
}

function answersOf({ mcpReq }: ServerContext) {
  return { inputResponses: mcpReq.inputResponses, requestState: mcpReq.requestState() as string | undefined };
}

async function withProgress({ mcpReq }: ServerContext): Promise<CallToolResult> {
  const { progressToken } = mcpReq._meta ?? {};
  for (const progress of [0, 50, 100]) {
    if (progressToken !== undefined) {
      await mcpReq.notify({ method: "notifications/progress", params: { progressToken, progress, total: 100 } });
    }
    await sleep(PAUSE_MS);
  }
  return DONE;
}

async function withLogging({ mcpReq }: ServerContext): Promise<CallToolResult> {
  for (const words of ["Tool execution started", "Tool processing data", "Tool execution completed"]) {
    await mcpReq.log("info", words);
    await sleep(PAUSE_MS);
  }
  return DONE;
}
