/** Real HTTP agents: one server on loopback, an agent a path. Every call is recorded before its handler runs. */
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { CallOptions, Chain, Client, Registration, Reply, Result, SendOptions } from "./client.ts";
import type { MeshServer } from "./mesh.ts";
import { until } from "./until.ts";

/** One call as it reached an agent. */
export interface AgentCall {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
  readonly input: unknown;
  readonly token: string;
  readonly chainId: string;
  readonly hopId: string;
  readonly at: number;
  /** When the caller closed the connection before it had the answer; undefined until then. */
  readonly closedAt: () => number | undefined;
  readonly response: ServerResponse;
  /** Calls on under this hop. */
  readonly invoke: (agent: string, input: unknown, options?: CallOptions, more?: SendOptions) => Promise<Reply>;
  /** Speaks to the mesh with the hop token. */
  readonly client: Client;
}

/** An answer other than 200 with an output. */
export class Raw {
  readonly status: number;
  readonly body: string;
  readonly headers: Record<string, string>;

  constructor(status: number, body: string, headers: Record<string, string> = { "content-type": "application/json" }) {
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

/** An output together with the usage that the agent reports. */
export class Used {
  readonly output: unknown;
  readonly usage: { tokens?: number; costMicros?: number };

  constructor(output: unknown, usage: { tokens?: number; costMicros?: number }) {
    this.output = output;
    this.usage = usage;
  }
}

/** What it returns is the output; a Raw is the whole answer; what throws closes the connection. */
export type Handler = (input: unknown, call: AgentCall) => unknown;

export interface TestAgent {
  readonly name: string;
  readonly url: string;
  readonly calls: readonly AgentCall[];
  readonly callsOf: (chainId: string) => readonly AgentCall[];
  /** The first call that came after those there were when this was asked. */
  readonly next: () => Promise<AgentCall>;
}

/** Answers when the caller closes the connection: an agent that never answers by itself. */
export const silent: Handler = (_, call) => until("the caller gave up", () => call.closedAt(), 300_000);

export class AgentHost {
  readonly #server: Server;
  readonly #mesh: MeshServer;
  readonly #handlers = new Map<string, (call: AgentCall) => unknown>();

  #scripts = 0;

  private constructor(server: Server, mesh: MeshServer) {
    this.#server = server;
    this.#mesh = mesh;
  }

  static async start(mesh: MeshServer): Promise<AgentHost> {
    const server = createServer((request, response) => void host.#serve(request, response));
    // The mesh keeps connections: one that this side closes meanwhile would look like a failed agent.
    server.keepAliveTimeout = 120_000;
    const host = new AgentHost(server, mesh);
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    return host;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    const closed = new Promise((done) => this.#server.close(done));
    this.#server.closeAllConnections();
    await closed;
  }

  /** An agent at `/name`, registered unless `more.endpoint` says where else. */
  async agent(name: string, handler: Handler, more: Partial<Registration> = {}): Promise<TestAgent> {
    const calls: AgentCall[] = [];
    const url = `http://127.0.0.1:${this.port}/${name}`;
    this.#handlers.set(`/${name}`, (call) => {
      calls.push(call);
      return handler(call.input, call);
    });
    await this.#mesh.client.register({ name, version: "1.0.0", endpoint: { kind: "http", url }, ...more });
    const next = (known = calls.length) => until(`${name} is called`, () => calls[known]);
    const callsOf = (chainId: string) => calls.filter((call) => call.chainId === chainId);
    return { name, url, calls, callsOf, next: () => next() };
  }

  /**
   * Runs `script` as the handler of a new root agent, and waits for its chain's end.
   * @throws what `script` throws
   */
  async within<T>(
    script: (call: AgentCall) => Promise<T>,
    options: CallOptions = {},
  ): Promise<{ readonly value: T; readonly result: Result; readonly chain: Chain }> {
    const ran = Promise.withResolvers<T>();
    // What it throws is thrown below, once the chain has ended; until then nobody handles it.
    ran.promise.catch(() => undefined);
    const agent = await this.agent(`script-${this.#scripts++}`, (_, call) =>
      script(call).then(ran.resolve, ran.reject),
    );
    const reply = await this.#mesh.client.invoke(agent.name, null, options);
    const value = await ran.promise;
    return { value, result: reply.result, chain: await this.#mesh.client.chain(reply.chainId) };
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let closedAt: number | undefined;
    response.once("close", () => {
      if (!response.writableFinished) closedAt = Date.now();
    });
    try {
      const body = await readJson(request);
      const call = this.#callOf(request, response, body, () => closedAt);
      const handler = this.#handlers.get(new URL(call.url, "http://agent").pathname);
      const answer = handler === undefined ? new Raw(404, "{}") : await handler(call);
      write(response, answer);
    } catch {
      response.destroy();
    }
  }

  #callOf(request: IncomingMessage, response: ServerResponse, body: unknown, closedAt: () => number | undefined) {
    const { headers } = request;
    const token = String(headers["hopline-token"] ?? "");
    const client = this.#mesh.client.as(token);
    const call: AgentCall = {
      method: request.method ?? "",
      url: request.url ?? "",
      headers,
      body,
      input: (body as { input?: unknown } | null)?.input,
      token,
      chainId: String(headers["hopline-chain"] ?? ""),
      hopId: String(headers["hopline-hop"] ?? ""),
      at: Date.now(),
      closedAt,
      response,
      invoke: (agent, input, options, more) => client.invoke(agent, input, options, more),
      client,
    };
    return call;
  }
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString("utf8");
  return text === "" ? undefined : (JSON.parse(text) as unknown);
}

function write(response: ServerResponse, answer: unknown): void {
  if (response.destroyed || response.writableEnded) return;
  if (answer instanceof Raw) response.writeHead(answer.status, answer.headers).end(answer.body);
  else {
    const body = answer instanceof Used ? { output: answer.output, usage: answer.usage } : { output: answer ?? null };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
  }
}

/** A handler that holds every call until it is let go. */
export function gate(): { readonly handler: Handler; readonly open: (output?: unknown) => void } {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  return { handler: () => promise, open: (output = "held") => resolve(output) };
}

/** Passes its input on to `next`, and answers with what it was answered. */
export function relay(next: string, options?: CallOptions): Handler {
  return async (input, call) => {
    const reply = await call.invoke(next, input, options);
    return { status: reply.status, body: reply.json };
  };
}

export { sleep };
