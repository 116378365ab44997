/** The least that an MCP client can do: it costs little beside what it measures, and speaks each subject's transport. */
import { Agent, type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";

/** Streamable HTTP with a session, 2026-07-28 without one, or the HTTP+SSE of 2024-11-05. */
export type Speaks = "sessions" | "stateless" | "sse";

export interface Target {
  readonly speaks: Speaks;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** As this subject names it. */
  readonly tool: string;
}

export interface EchoClient {
  /** @throws {Error} when something else comes than what was sent */
  readonly call: () => Promise<void>;
  readonly close: () => void;
}

const SAID = "What does a call cost?";
const INFO = { name: "bench", version: "1.0.0" };
const VERSIONS = { sessions: "2025-11-25", stateless: "2026-07-28", sse: "2024-11-05" } as const;
const ENVELOPE = {
  "io.modelcontextprotocol/protocolVersion": VERSIONS.stateless,
  "io.modelcontextprotocol/clientInfo": INFO,
  "io.modelcontextprotocol/clientCapabilities": {},
};

function initialize(speaks: Speaks) {
  const params = { protocolVersion: VERSIONS[speaks], capabilities: {}, clientInfo: INFO };
  return { jsonrpc: "2.0", id: 0, method: "initialize", params };
}

const INITIALIZED = { jsonrpc: "2.0", method: "notifications/initialized" };

export function connect(target: Target): Promise<EchoClient> {
  return target.speaks === "sse" ? overSse(target) : overStreamable(target);
}

function send(agent: Agent, url: string, headers: Record<string, string>, body: unknown): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const bytes = JSON.stringify(body);
    const given = {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "content-length": String(Buffer.byteLength(bytes)),
      ...headers,
    };
    request(url, { method: "POST", agent, headers: given }, resolve).on("error", reject).end(bytes);
  });
}

async function overStreamable({ speaks, url, headers, tool }: Target): Promise<EchoClient> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const named: Record<string, string> = { ...headers, "mcp-protocol-version": VERSIONS[speaks] };
  if (speaks === "sessions") {
    const opened = await send(agent, url, { ...headers }, initialize(speaks));
    const said = await text(opened);
    if (opened.statusCode !== 200) throw new Error(`${url} gave no session: ${opened.statusCode} ${said}`);
    const session = opened.headers["mcp-session-id"];
    if (typeof session === "string") named["mcp-session-id"] = session;
    await text(await send(agent, url, named, INITIALIZED));
  } else Object.assign(named, { "mcp-method": "tools/call", "mcp-name": tool });
  const _meta = speaks === "stateless" ? { _meta: ENVELOPE } : {};
  let id = 0;
  return {
    call: async () => {
      id += 1;
      const params = { name: tool, arguments: { text: SAID }, ..._meta };
      const response = await send(agent, url, named, { jsonrpc: "2.0", id, method: "tools/call", params });
      mustEcho(await text(response), id);
    },
    close: () => agent.destroy(),
  };
}

/** Its answers come in the stream that was opened first. */
async function overSse({ url, headers, tool }: Target): Promise<EchoClient> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const streams = new Agent({ keepAlive: true });
  const waiting = new Map<number, (said: string) => void>();
  let endpoint: (path: string) => void = () => undefined;
  const found = new Promise<string>((resolve) => {
    endpoint = resolve;
  });
  const stream = await new Promise<IncomingMessage>((resolve, reject) => {
    const given = { ...headers, accept: "text/event-stream" };
    request(url, { agent: streams, headers: given }, resolve).on("error", reject).end();
  });
  let received = "";
  stream.setEncoding("utf8").on("data", (chunk: string) => {
    received += chunk;
    const events = received.split("\n\n");
    received = events.pop() ?? "";
    for (const event of events) {
      const data = /^data: (.*)$/m.exec(event)?.[1] ?? "";
      if (/^event: endpoint$/m.test(event)) endpoint(data);
      else if (data !== "") waiting.get((JSON.parse(data) as { id?: number }).id ?? -1)?.(data);
    }
  });
  const to = new URL(await found, url).href;
  const ask = async (message: { id: number }): Promise<string> => {
    const { promise, resolve } = Promise.withResolvers<string>();
    waiting.set(message.id, resolve);
    const accepted = await send(agent, to, headers, message);
    await text(accepted);
    if (accepted.statusCode !== 202) throw new Error(`${to} answered with ${accepted.statusCode}`);
    const said = await promise;
    waiting.delete(message.id);
    return said;
  };
  await ask(initialize("sse"));
  await text(await send(agent, to, headers, INITIALIZED));
  let id = 0;
  return {
    call: async () => {
      id += 1;
      const params = { name: tool, arguments: { text: SAID } };
      mustEcho(await ask({ jsonrpc: "2.0", id, method: "tools/call", params } as { id: number }), id);
    },
    close: () => {
      stream.destroy();
      agent.destroy();
      streams.destroy();
    },
  };
}

function mustEcho(said: string, id: number): void {
  if (said.includes(`"id":${id}`) && said.includes(`"text":"${SAID}"`) && !said.includes('"isError":true')) return;
  throw new Error(`Call ${id} was answered with: ${said.slice(0, 1_000)}`);
}
