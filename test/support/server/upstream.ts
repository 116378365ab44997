/** Upstream MCP servers on loopback, of both eras, whose tools a test may change while they run. */
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { Server as OldServer } from "@modelcontextprotocol/sdk/server/index.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import {
  CallToolRequestSchema,
  CompleteRequestSchema,
  GetPromptRequestSchema,
  ListPromptsRequestSchema,
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema,
  ListToolsRequestSchema,
  ReadResourceRequestSchema,
  SubscribeRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { createMcpHandler, Server as NewServer } from "@modelcontextprotocol/server";
import * as z from "zod";

export interface UpstreamTool {
  readonly description?: string;
  readonly inputSchema?: Record<string, unknown>;
  readonly outputSchema?: Record<string, unknown>;
  readonly annotations?: Record<string, unknown>;
  readonly run: (args: Record<string, unknown>, headers: IncomingHttpHeaders, ctx: UpstreamContext) => unknown;
}

/** How a tool asks the client: at once in a session, else by its result, whose answers come with the next call. */
export interface UpstreamContext {
  readonly ask?: (method: string, params: Record<string, unknown>) => Promise<unknown>;
  /** Tells the client something while its call is open. */
  readonly notify: (method: string, params: Record<string, unknown>) => Promise<void>;
  readonly progressToken: string | number | undefined;
  readonly inputResponses?: Record<string, unknown> | undefined;
  readonly requestState?: string | undefined;
  readonly capabilities: Record<string, unknown> | undefined;
}

/** What it has beside tools: texts by URI, templates whose read is told its URI, prompts that answer with their arguments. */
export interface Offers {
  readonly resources?: Readonly<Record<string, string>>;
  readonly templates?: readonly string[];
  readonly prompts?: Readonly<Record<string, readonly string[]>>;
}

const resourcesOf = ({ resources = {} }: Offers) => ({
  resources: Object.keys(resources).map((uri) => ({ uri, name: uri, mimeType: "text/plain" })),
});
const templatesOf = ({ templates = [] }: Offers) => ({
  resourceTemplates: templates.map((uriTemplate) => ({ uriTemplate, name: uriTemplate })),
});
const promptsOf = ({ prompts = {} }: Offers) => ({
  prompts: Object.entries(prompts).map(([name, args]) => ({ name, arguments: args.map((arg) => ({ name: arg })) })),
});
const readOf = ({ resources = {} }: Offers, uri: string) => ({
  contents: [{ uri, mimeType: "text/plain", text: resources[uri] ?? `made for ${uri}` }],
});
const promptOf = (name: string, args: Record<string, string> | undefined) => ({
  messages: [{ role: "user" as const, content: { type: "text" as const, text: `${name} ${JSON.stringify(args)}` } }],
});
const completed = (value: string) => ({ completion: { values: [`${value}-completed`] } });

export type Tools = Record<string, UpstreamTool>;

interface Listed {
  readonly name: string;
  readonly description?: string;
  readonly inputSchema: { type: "object" };
}

const CAPABILITIES = {
  tools: { listChanged: true },
  resources: { subscribe: true },
  prompts: {},
  completions: {},
  logging: {},
};
const ANY = { type: "object" } as const;

export class Upstream {
  /** What it offers now. */
  tools: Tools;
  offers: Offers = {};
  /** Answers `tasks/get`, `tasks/update` and `tasks/cancel` of 2026-07-28, for tools that answer with a task. */
  onTask: ((method: string, params: Record<string, unknown>, inputResponses: unknown) => unknown) | undefined;
  /** Calls of tools that have arrived: their names, and the headers that came with them. */
  readonly calls: { readonly name: string; readonly headers: IncomingHttpHeaders }[] = [];
  /** How often a session was opened. */
  sessions = 0;
  readonly #server: Server;
  readonly #open = new Map<string, StreamableHTTPServerTransport>();
  readonly #servers: OldServer[] = [];
  readonly #followers = new Map<OldServer, Set<string>>();
  #handler: ReturnType<typeof createMcpHandler> | undefined;

  private constructor(
    tools: Tools,
    handle: (upstream: Upstream, request: IncomingMessage, response: ServerResponse) => void,
  ) {
    this.tools = tools;
    this.#server = createServer((request, response) => handle(this, request, response));
    this.#server.keepAliveTimeout = 120_000;
  }

  /** A server of 2025-11-25 with sessions. */
  static old(tools: Tools): Promise<Upstream> {
    return new Upstream(tools, (upstream, request, response) => void upstream.#old(request, response)).#listen();
  }

  /** A server of 2026-07-28, without sessions. */
  static modern(tools: Tools): Promise<Upstream> {
    return new Upstream(tools, (upstream, request, response) => void upstream.#modern(request, response)).#listen();
  }

  /** Whatever answers HTTP. */
  static raw(handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<Upstream> {
    return new Upstream({}, (_, request, response) => handle(request, response)).#listen();
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/mcp`;
  }

  /** Tells those who listen that its tools have changed. */
  async announce(): Promise<void> {
    for (const server of this.#servers) await server.sendToolListChanged().catch(() => undefined);
    this.#handler?.notify.toolsChanged();
  }

  /** Tells those who follow a resource that it has changed. */
  async announceResource(uri: string): Promise<void> {
    const followed = this.#servers.filter((server) => this.#followers.get(server)?.has(uri));
    for (const server of followed) await server.sendResourceUpdated({ uri }).catch(() => undefined);
    this.#handler?.notify.resourceUpdated(uri);
  }

  /** As a restart would. */
  forgetSessions(): void {
    this.#open.clear();
  }

  async close(): Promise<void> {
    const closed = new Promise((done) => this.#server.close(done));
    this.#server.closeAllConnections();
    await closed;
  }

  async #listen(): Promise<this> {
    await new Promise<void>((done) => this.#server.listen(0, "127.0.0.1", done));
    return this;
  }

  get listed(): Listed[] {
    return Object.entries(this.tools).map(([name, { run: _, inputSchema, ...tool }]) => ({
      name,
      ...tool,
      inputSchema: { ...ANY, ...inputSchema },
    }));
  }

  async call(
    name: string,
    args: Record<string, unknown>,
    headers: IncomingHttpHeaders,
    ctx: UpstreamContext,
  ): Promise<never> {
    this.calls.push({ name, headers });
    const result = (await this.tools[name]?.run(args, headers, ctx)) ?? { content: [], isError: true };
    return result as never;
  }

  async #old(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = request.method === "POST" ? (JSON.parse(await text(request)) as unknown) : undefined;
    const id = request.headers["mcp-session-id"];
    const known = typeof id === "string" ? this.#open.get(id) : undefined;
    if (id !== undefined && known === undefined) return void response.writeHead(404).end("Session not found");
    const transport = known ?? (await this.#openSession());
    await transport.handleRequest(request, response, body);
  }

  async #openSession(): Promise<StreamableHTTPServerTransport> {
    const transport: StreamableHTTPServerTransport = new StreamableHTTPServerTransport({
      sessionIdGenerator: () => `session-${++this.sessions}`,
      onsessioninitialized: (id) => void this.#open.set(id, transport),
    });
    const server = new OldServer({ name: "old upstream", version: "1.0.0" }, { capabilities: CAPABILITIES });
    server.setRequestHandler(ListResourcesRequestSchema, () => resourcesOf(this.offers));
    server.setRequestHandler(ListResourceTemplatesRequestSchema, () => templatesOf(this.offers));
    const followed = new Set<string>();
    this.#followers.set(server, followed);
    server.setRequestHandler(SubscribeRequestSchema, ({ params }) => {
      followed.add(params.uri);
      return {};
    });
    server.setRequestHandler(ReadResourceRequestSchema, ({ params }) => readOf(this.offers, params.uri));
    server.setRequestHandler(ListPromptsRequestSchema, () => promptsOf(this.offers));
    server.setRequestHandler(GetPromptRequestSchema, ({ params }) => promptOf(params.name, params.arguments));
    server.setRequestHandler(CompleteRequestSchema, ({ params }) => completed(params.argument.value));
    server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: this.listed }));
    server.setRequestHandler(CallToolRequestSchema, ({ params }, { requestInfo, sendRequest, sendNotification }) =>
      this.call(params.name, params.arguments ?? {}, (requestInfo?.headers ?? {}) as IncomingHttpHeaders, {
        ask: (method, asked) => sendRequest({ method, params: asked } as never, z.looseObject({})),
        notify: (method, told) => sendNotification({ method, params: told } as never),
        progressToken: params._meta?.progressToken,
        capabilities: server.getClientCapabilities() as Record<string, unknown> | undefined,
      }),
    );
    // Its own types are not exact about optional properties.
    await server.connect(transport as Transport);
    this.#servers.push(server);
    return transport;
  }

  /** One for all requests: those who listen hear through it. */
  #modernHandler(): ReturnType<typeof createMcpHandler> {
    this.#handler ??= createMcpHandler(() => {
      const server = new NewServer({ name: "modern upstream", version: "2.0.0" }, { capabilities: CAPABILITIES });
      server.setRequestHandler("resources/list", () => resourcesOf(this.offers));
      server.setRequestHandler("resources/templates/list", () => templatesOf(this.offers));
      server.setRequestHandler("resources/read", ({ params }) => readOf(this.offers, params.uri));
      server.setRequestHandler("prompts/list", () => promptsOf(this.offers));
      server.setRequestHandler("prompts/get", ({ params }) => promptOf(params.name, params.arguments));
      server.setRequestHandler("completion/complete", ({ params }) => completed(params.argument.value));
      server.setRequestHandler("tools/list", () => ({ tools: this.listed }));
      server.setRequestHandler("tools/call", ({ params }, { mcpReq, http }) =>
        this.call(params.name, params.arguments ?? {}, Object.fromEntries(http?.req?.headers ?? []), {
          inputResponses: mcpReq.inputResponses,
          requestState: mcpReq.requestState() as string | undefined,
          notify: (told, sent) => mcpReq.notify({ method: told, params: sent } as never),
          progressToken: mcpReq._meta?.progressToken,
          capabilities: server.getClientCapabilities() as Record<string, unknown> | undefined,
        }),
      );
      for (const method of ["tasks/get", "tasks/update", "tasks/cancel"]) {
        const params = z.looseObject({ taskId: z.string() });
        server.setRequestHandler(method, { params }, (given, { mcpReq }) =>
          Promise.resolve(this.onTask?.(method, given, mcpReq.inputResponses) as never),
        );
      }
      return server;
    });
    return this.#handler;
  }

  async #modern(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { headers, method = "GET", url = "/" } = request;
    const handler = this.#modernHandler();
    const sent = new Request(new URL(url, "http://127.0.0.1"), {
      method,
      headers: headers as Record<string, string>,
      ...(method === "POST" ? { body: await text(request) } : {}),
    });
    const answer = await handler.fetch(sent);
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    const reader = answer.body?.getReader();
    response.once("close", () => void reader?.cancel().catch(() => undefined));
    for (let part = await reader?.read(); part !== undefined && !part.done; part = await reader?.read())
      response.write(part.value);
    response.end();
  }
}
