/** What the suites want of sessions alone: a server of 2025-11-25 that closes the stream of a call before it has answered. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { type EventStore, StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { CallToolRequestSchema, type JSONRPCMessage, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { nanoid } from "nanoid";
import { type FixtureServer, serving } from "./fixture-server.ts";

/** What clients are asked to wait before they come back, in milliseconds, and how long the call takes after that. */
const RETRY_MS = 50;
const WORK_MS = 150;

/** Keeps everything; a run is short. */
class Events implements EventStore {
  readonly #kept: { readonly stream: string; readonly message: JSONRPCMessage }[] = [];

  async storeEvent(stream: string, message: JSONRPCMessage): Promise<string> {
    this.#kept.push({ stream, message });
    return String(this.#kept.length);
  }

  async replayEventsAfter(
    last: string,
    { send }: { send: (id: string, message: JSONRPCMessage) => Promise<void> },
  ): Promise<string> {
    const stream = this.#kept[Number(last) - 1]?.stream ?? "";
    for (const [place, event] of this.#kept.entries()) {
      const isMessage = "jsonrpc" in event.message;
      if (place >= Number(last) && event.stream === stream && isMessage) await send(String(place + 1), event.message);
    }
    return stream;
  }
}

export async function startOldFixture(): Promise<FixtureServer> {
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  const server = createServer(async (request, response) => {
    const id = request.headers["mcp-session-id"];
    const transport = typeof id === "string" ? sessions.get(id) : await opened(sessions);
    if (transport === undefined) return void response.writeHead(404).end("Session not found");
    await passOn(transport, request, response);
  });
  return serving(server);
}

async function passOn(
  transport: StreamableHTTPServerTransport,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = request.method === "POST" ? (JSON.parse(await text(request)) as unknown) : undefined;
  await transport.handleRequest(request, response, body);
}

async function opened(sessions: Map<string, StreamableHTTPServerTransport>): Promise<StreamableHTTPServerTransport> {
  const transport: StreamableHTTPServerTransport = new StreamableHTTPServerTransport({
    sessionIdGenerator: () => nanoid(),
    onsessioninitialized: (id) => void sessions.set(id, transport),
    eventStore: new Events(),
    retryInterval: RETRY_MS,
  });
  const server = new Server({ name: "old fixture", version: "1.0.0" }, { capabilities: { tools: {} } });
  const tool = { name: "test_reconnection", description: "Closes its stream before it answers." };
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: [{ ...tool, inputSchema: { type: "object" } }] }));
  server.setRequestHandler(CallToolRequestSchema, async (_, { closeSSEStream }) => {
    closeSSEStream?.();
    await sleep(WORK_MS);
    return { content: [{ type: "text", text: "The stream was closed and taken up again." }] };
  });
  // Its own types are not exact about optional properties.
  await server.connect(transport as Transport);
  return transport;
}
