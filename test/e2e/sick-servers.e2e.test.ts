// MCP servers that are ill: each call of their tools ends in time with a clear code, and their circuit breaker opens.
import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sleep } from "../support/server/agent.ts";
import type { Reply } from "../support/server/client.ts";
import { MeshServer } from "../support/server/mesh.ts";
import { Upstream } from "../support/server/upstream.ts";

const TIMEOUT_MS = 1_500;
const JSON_TYPE = { "content-type": "application/json" };
const OPENED: Record<string, unknown> = {
  initialize: {
    protocolVersion: "2025-11-25",
    capabilities: { tools: {} },
    serverInfo: { name: "ill", version: "1.0.0" },
  },
  "tools/list": { tools: [{ name: "say", inputSchema: { type: "object" } }] },
};

/** What each server does with a call of its tool; everything else it answers well. */
type Illness = (response: ServerResponse, id: unknown, call: number) => void | Promise<void>;
const well: Illness = (response, id) => {
  const result = { content: [{ type: "text", text: "well" }] };
  response.writeHead(200, JSON_TYPE).end(JSON.stringify({ jsonrpc: "2.0", id, result }));
};
const PIECE = Buffer.alloc(64 * 1_024, " ");
const pour: Illness = async (response) => {
  const closed = new Promise((done) => response.once("close", done));
  while (!response.destroyed) {
    if (!response.write(PIECE)) await Promise.race([new Promise((done) => response.once("drain", done)), closed]);
  }
};

const POURED = ["upstream_error", "deadline_exceeded", "agent_unavailable"] as const;

const ILL: Readonly<Record<string, readonly [Illness, ...string[]]>> = {
  hangs: [() => undefined, "deadline_exceeded", "agent_unavailable"],
  drips: [
    async (response) => {
      response.writeHead(200, JSON_TYPE);
      while (!response.destroyed) {
        response.write(" ");
        await sleep(50, undefined, { ref: false });
      }
    },
    "deadline_exceeded",
    "agent_unavailable",
  ],
  html: [(response) => void response.writeHead(200, { "content-type": "text/html" }).end("<p>Hello"), "upstream_error"],
  "html-as-json": [(response) => void response.writeHead(200, JSON_TYPE).end("<p>Hello"), "upstream_error"],
  // A busy machine may need longer for what is too much than the server has.
  endless: [(response, ...rest) => pour(response.writeHead(200, JSON_TYPE), ...rest), ...POURED],
  gigabyte: [
    (response, ...rest) => pour(response.writeHead(200, { ...JSON_TYPE, "content-length": 2 ** 30 }), ...rest),
    ...POURED,
  ],
  "endless-stream": [
    (response, ...rest) => pour(response.writeHead(200, { "content-type": "text/event-stream" }), ...rest),
    ...POURED,
  ],
  "wrong-id": [
    (response) => void response.writeHead(200, JSON_TYPE).end('{"jsonrpc":"2.0","id":"other","result":{"content":[]}}'),
    "upstream_error",
  ],
  "no-result": [
    (response, id) => void response.writeHead(200, JSON_TYPE).end(JSON.stringify({ jsonrpc: "2.0", id, result: 7 })),
    "upstream_error",
  ],
  breaks: [(response) => void response.destroy(), "upstream_error", "agent_unavailable"],
  unavailable: [(response) => void response.writeHead(503).end(), "upstream_error", "agent_unavailable"],
};

let mesh: MeshServer;
const servers = new Map<string, { upstream: Upstream; calls: number; illness: Illness }>();

async function serve(name: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.on("error", () => undefined);
  if (request.method !== "POST") return void response.writeHead(405).end();
  const { id, method } = JSON.parse(await text(request)) as { id?: unknown; method?: string };
  const server = servers.get(name);
  if (method === "tools/call" && server !== undefined) return server.illness(response, id, server.calls++);
  if (id === undefined || method === undefined) return void response.writeHead(202).end();
  const result = OPENED[method];
  const reply = result === undefined ? { error: { code: -32_601, message: "not here" } } : { result };
  const opened = method === "initialize" ? { "mcp-session-id": "s1" } : {};
  response.writeHead(200, { ...JSON_TYPE, ...opened }).end(JSON.stringify({ jsonrpc: "2.0", id, ...reply }));
}

async function server(name: string, illness: Illness, more: Record<string, unknown> = {}): Promise<void> {
  const upstream = await Upstream.raw(
    (request, response) => void serve(name, request, response).catch(() => response.destroy()),
  );
  servers.set(name, { upstream, calls: 0, illness });
  const body = { name, version: "1.0.0", endpoint: { kind: "mcp", url: upstream.url }, timeoutMs: TIMEOUT_MS, ...more };
  expect((await mesh.client.send("/v1/agents", { body })).body).toMatchObject({ skills: [{ id: "say" }] });
}

const say = (name: string): Promise<Reply> =>
  mesh.client.send(`/v1/tools/${name}__say/invoke`, { body: { input: {} } });
const endOf = (reply: Reply) => (reply.status === 200 ? "done" : reply.problem.code);
const known = (name: string) => {
  const found = servers.get(name);
  if (found === undefined) throw new Error(`There is no server '${name}'.`);
  return found;
};

beforeAll(async () => {
  mesh = await MeshServer.start();
});
afterAll(async () => {
  for (const { upstream } of servers.values()) await upstream.close();
  await mesh?.wipe();
});

test("calls of each ill server end with a clear code within its timeout, and those of a healthy one go on", async () => {
  await server("healthy", well);
  for (const [name, [illness]] of Object.entries(ILL)) await server(`ill-${name}`, illness);
  const until = Date.now() + 5_000;
  const ends = new Map(Object.keys(ILL).map((name) => [name, new Set<string>()]));
  const ill = Object.keys(ILL).map(async (name) => {
    while (Date.now() < until) {
      const from = Date.now();
      ends.get(name)?.add(endOf(await say(`ill-${name}`)));
      expect(Date.now() - from, name).toBeLessThan(TIMEOUT_MS + 2_000);
      await sleep(100);
    }
  });
  let answered = 0;
  const healthy = async () => {
    while (Date.now() < until) {
      expect(endOf(await say("healthy"))).toBe("done");
      answered += 1;
    }
  };
  await Promise.all([...ill, healthy()]);
  expect(answered).toBeGreaterThan(20);
  for (const [name, [, ...codes]] of Object.entries(ILL)) {
    expect(codes, `${name}: ${[...(ends.get(name) ?? [])]}`).toEqual(
      expect.arrayContaining([...(ends.get(name) ?? [])]),
    );
    expect(ends.get(name)?.size, name).toBeGreaterThan(0);
  }
});

describe("the circuit breaker of an MCP server", () => {
  test("opens after five failures, is shown, and closes when a trial goes well", async () => {
    await server("gone", (response) => void response.writeHead(503).end());
    for (let n = 0; n < 5; n++) expect(endOf(await say("gone"))).toBe("upstream_error");
    const refused = await say("gone");
    expect(refused.problem).toMatchObject({ code: "agent_unavailable", status: 503, retryable: true });
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await mesh.client.graph(refused.chainId)).hops).toMatchObject([{ status: "rejected", callee: "gone" }]);
    expect(known("gone").calls).toBe(5);
    const { breaker } = (await mesh.client.send("/v1/agents/gone")).body as {
      breaker: { state: string; retryAt: number };
    };
    expect(breaker.state).toBe("open");
    known("gone").illness = well;
    await sleep(Math.max(0, breaker.retryAt - Date.now()) + 100);
    expect(endOf(await say("gone"))).toBe("done");
    expect((await mesh.client.send("/v1/agents/gone")).body).not.toHaveProperty("breaker");
  });

  test("does not heed what a server that is there says: errors of the protocol, and of its tools", async () => {
    await server("grumpy", (response, id, call) => {
      const error = { code: -32_000, message: "not today" };
      const failed = { content: [{ type: "text", text: "no" }], isError: true };
      const reply = call % 2 === 0 ? { error } : { result: failed };
      response.writeHead(200, JSON_TYPE).end(JSON.stringify({ jsonrpc: "2.0", id, ...reply }));
    });
    for (let n = 0; n < 8; n++) expect(endOf(await say("grumpy"))).toBe(n % 2 === 0 ? "upstream_error" : "done");
    expect((await mesh.client.send("/v1/agents/grumpy")).body).not.toHaveProperty("breaker");
  });
});

test("a flapping server that is registered as idempotent answers by another attempt of the same hop", async () => {
  const flaps: Illness = (response, id, call) =>
    call % 2 === 0 ? void response.writeHead(502).end() : well(response, id, call);
  await server("flaps", flaps, { idempotent: true });
  const reply = await say("flaps");
  expect(endOf(reply)).toBe("done");
  expect((await mesh.client.graph(reply.chainId)).hops).toMatchObject([{ status: "done", attempt: 2 }]);
  expect(known("flaps").calls).toBe(2);
});
