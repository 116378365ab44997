/** Sessions of the 2025 era: whose they are, what survives, and that many at once keep to themselves. */
import { ToolListChangedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, test } from "vitest";
import { type AgentHost, gate } from "../support/server/agent.ts";
import { type Connected, connectOld, metaOf, textOf } from "../support/server/mcp.ts";
import { ADMIN_KEY, type MeshServer } from "../support/server/mesh.ts";
import { staged } from "../support/server/staged.ts";
import { until } from "../support/server/until.ts";

const SESSIONS = 200;

let mesh: MeshServer;
let host: AgentHost;
staged((stage) => ({ mesh, host } = stage));

const HEADERS = {
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
  "mcp-protocol-version": "2025-11-25",
};

function send(
  method: string,
  options: { session?: string | undefined; key?: string; body?: unknown; headers?: Record<string, string> } = {},
): Promise<Response> {
  const { session, key = ADMIN_KEY, body, headers } = options;
  return fetch(`${mesh.url}/mcp`, {
    method,
    headers: {
      ...HEADERS,
      authorization: `Bearer ${key}`,
      ...(session === undefined ? {} : { "mcp-session-id": session }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

function initialize(version = "2025-11-25") {
  const clientInfo = { name: "raw", version: "1" };
  const params = { protocolVersion: version, capabilities: {}, clientInfo };
  return { jsonrpc: "2.0", id: 1, method: "initialize", params };
}

async function opened(key?: string): Promise<string> {
  const response = await send("POST", { body: initialize(), ...(key === undefined ? {} : { key }) });
  await response.text();
  return response.headers.get("mcp-session-id") ?? "";
}

const LIST = { jsonrpc: "2.0", id: 2, method: "tools/list" };

describe("a session", () => {
  test.each(["2025-11-25", "2025-06-18", "2025-03-26"])("speaks %s when it is asked to", async (version) => {
    const response = await send("POST", { body: initialize(version) });
    expect(await response.text()).toContain(`"protocolVersion":"${version}"`);
  });

  test("is offered a version that is spoken here, when it asks for one from before Streamable HTTP", async () => {
    const response = await send("POST", { body: initialize("2024-11-05") });
    expect(await response.text()).toContain('"protocolVersion":"2025-11-25"');
  });

  test("is its principal's: with another key there is none, and the right one still has it", async () => {
    const session = await opened();
    const other = await mesh.client.createKey(["invoke", "read"]);
    for (const [method, body] of [["POST", LIST], ["GET"], ["DELETE"]] as const) {
      expect((await send(method, { session, key: other.key, body })).status, method).toBe(404);
    }
    expect((await send("POST", { session, body: LIST })).status).toBe(200);
  });

  test("that was made up, deleted, or left out is said so in the way that clients understand", async () => {
    expect((await send("POST", { session: "0".repeat(36), body: LIST })).status).toBe(404);
    expect((await send("POST", { session: "…".normalize("NFKD"), body: LIST })).status).toBe(404);
    expect((await send("POST", { body: LIST })).status).toBe(400);
    const session = await opened();
    expect((await send("DELETE", { session })).status).toBe(200);
    expect((await send("POST", { session, body: LIST })).status).toBe(404);
    expect((await send("DELETE", { session })).status).toBe(404);
  });

  test("goes on after the server was killed, with all that was subscribed and initialized", async () => {
    const { client } = await connectOld(mesh.url, ADMIN_KEY);
    let changed = 0;
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => {
      changed += 1;
    });
    const told = (what: string) => {
      const before = changed;
      return until(what, async () => {
        await mesh.client.send("/v1/agents/noticed", { method: "DELETE" });
        await host.agent("noticed", () => 1).catch(() => undefined);
        return changed > before;
      });
    };
    // The client takes up only a stream that it has had, and opens it behind the back of whoever calls.
    await told("its stream is open and tells of a registration");
    await mesh.crash();
    await mesh.restart();
    expect(textOf(await client.callTool({ name: "echo", arguments: { input: "again" } }))).toBe('"again"');
    await told("its stream is taken up again and tells of a registration");
    await client.close();
  });

  test("gives a result to whom comes back for it with Last-Event-ID, once and in its place", async () => {
    const held = gate();
    const agent = await host.agent("slow", held.handler);
    const session = await opened();
    const call = { jsonrpc: "2.0", id: 7, method: "tools/call", params: { name: "slow", arguments: { input: 1 } } };
    const reached = agent.next();
    const response = await send("POST", { session, body: call });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const first = new TextDecoder().decode((await reader.read()).value);
    const [, id = ""] = /^id: (\S+)$/m.exec(first) ?? [];
    expect(first).toMatch(/^retry: \d+$/m);
    await reached;
    await reader.cancel();
    held.open("worth waiting for");
    const again = await send("GET", { session, headers: { "last-event-id": id } });
    expect(again.status).toBe(200);
    const text = await again.text();
    expect(text.match(/"id":7/g)).toHaveLength(1);
    expect(text).toContain("worth waiting for");
    const bad = await send("GET", { session, headers: { "last-event-id": "nonsense" } });
    expect(bad.status).toBe(400);
  });
});

test(`${SESSIONS} sessions at once: each gets its own results and its own progress, and nobody else's`, async () => {
  const agents = await Promise.all(
    Array.from({ length: 4 }, (_, place) =>
      host.agent(`crowd-${place}`, async (input, call) => {
        await call.invoke("echo", input);
        return input;
      }),
    ),
  );
  const clients: Connected[] = await Promise.all(
    Array.from({ length: SESSIONS }, () => connectOld(mesh.url, ADMIN_KEY)),
  );
  expect(new Set(clients.map(({ transport }) => transport.sessionId)).size).toBe(SESSIONS);
  const results = await Promise.all(
    clients.map(async ({ client }, place) => {
      const name = agents[place % agents.length]?.name ?? "";
      const chains = new Set<string>();
      const result = await client.callTool({ name, arguments: { input: `mine is ${place}` } }, undefined, {
        timeout: 60_000,
        onprogress: (progress) => {
          const { _meta } = progress as { _meta?: { "io.hopline/event"?: { chainId: string } } };
          chains.add(_meta?.["io.hopline/event"]?.chainId ?? "none");
        },
      });
      return { said: textOf(result), chains: [...chains], chainId: String(metaOf(result, "chainId")) };
    }),
  );
  for (const [place, { said, chains, chainId }] of results.entries()) {
    expect(said).toBe(`"mine is ${place}"`);
    expect(chains).toEqual([chainId]);
  }
  expect(new Set(results.map(({ chainId }) => chainId)).size).toBe(SESSIONS);
  await Promise.all(clients.map(({ client }) => client.close()));
});
