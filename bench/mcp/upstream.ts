/**
 * The MCP server behind everything that is measured: one tool, `echo`, as cheap as it can be, in 2025-11-25, which all proxies
 * speak. `node bench/mcp/upstream.ts PORT` serves Streamable HTTP with a session and answers in JSON; `--stdio` serves standard
 * input and output, for those proxies that only bridge that. `GET /calls` and `GET /requests` tell what has arrived over HTTP.
 */
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";

interface Message {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: { readonly protocolVersion?: string; readonly arguments?: { readonly text?: string } };
}

/** Older proxies ask for older ones, and nothing in them differs for this server. */
const VERSIONS = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];

const ECHO = {
  name: "echo",
  description: "Says what it was told.",
  inputSchema: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
};

function resultOf({ method, params }: Message): unknown {
  switch (method) {
    case "initialize":
      return {
        protocolVersion: VERSIONS.find((version) => version === params?.protocolVersion) ?? VERSIONS[0],
        capabilities: { tools: {} },
        serverInfo: { name: "echo", version: "1.0.0" },
      };
    case "tools/list":
      return { tools: [ECHO] };
    case "tools/call":
      return { content: [{ type: "text", text: params?.arguments?.text ?? "" }] };
    case "ping":
      return {};
    default:
      return undefined;
  }
}

/** @returns nothing for what takes no answer */
function answerTo(message: Message): string | undefined {
  const { id, method } = message;
  if (id === undefined || method === undefined) return undefined;
  const result = resultOf(message);
  const error = { code: -32601, message: `There is no ${method} here.` };
  return JSON.stringify({ jsonrpc: "2.0", id, ...(result === undefined ? { error } : { result }) });
}

function serveStdio(): void {
  createInterface({ input: process.stdin }).on("line", (line) => {
    const answer = answerTo(JSON.parse(line) as Message);
    if (answer !== undefined) process.stdout.write(`${answer}\n`);
  });
}

function serveHttp(port: number): void {
  let calls = 0;
  let requests = 0;
  const server = createServer((request: IncomingMessage, response) => {
    if (request.method === "GET" && request.url === "/calls") return void response.end(String(calls));
    if (request.method === "GET" && request.url === "/requests") return void response.end(String(requests));
    requests += 1;
    // A stream of the server's own is optional, and this one has nothing to say.
    if (request.method !== "POST" || request.url !== "/mcp") return void response.writeHead(405).end();
    text(request).then(
      (body) => {
        const message = JSON.parse(body) as Message;
        if (message.method === "tools/call") calls += 1;
        const answer = answerTo(message);
        if (answer === undefined) return void response.writeHead(202).end();
        const opened = message.method === "initialize" ? { "mcp-session-id": randomUUID() } : {};
        response.writeHead(200, { "content-type": "application/json", ...opened }).end(answer);
      },
      () => response.destroy(),
    );
  });
  // Longer than any pause of the benchmark: a connection that is closed while it is taken up again would be an error.
  server.keepAliveTimeout = 600_000;
  server.listen(port, "127.0.0.1", () => process.send?.("ready"));
  process.on("disconnect", () => process.exit());
}

if (process.argv[2] === "--stdio") serveStdio();
else serveHttp(Number(process.argv[2]));
