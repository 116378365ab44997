/** What does not get in at /mcp, and what a key does not see there. */
import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AgentHost } from "../support/server/agent.ts";
import { connectNew, connectOld, metaOf, textOf } from "../support/server/mcp.ts";
import { ADMIN_KEY, MeshServer } from "../support/server/mesh.ts";

let mesh: MeshServer;
let host: AgentHost;
beforeAll(async () => {
  mesh = await MeshServer.start({ env: { HOPLINE_OWN_HOSTS: "mesh.example,other.example" } });
  host = await AgentHost.start(mesh);
});
afterAll(async () => {
  await host?.close();
  await mesh?.wipe();
});

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: { error?: { code: number; message: string; data?: { code: string } } };
}

const COMMON = { "content-type": "application/json", accept: "application/json, text/event-stream" };

/** With whatever Host: fetch would send its own. */
function send(headers: Record<string, string>, body = '{"jsonrpc":"2.0","id":1,"method":"ping"}'): Promise<Answer> {
  const given = { ...COMMON, authorization: `Bearer ${ADMIN_KEY}`, ...headers };
  return new Promise((done, fail) => {
    const sent = request(`${mesh.url}/mcp`, { method: "POST", headers: given }, async (answer) => {
      let text = "";
      for await (const part of answer) text += String(part);
      done({ status: answer.statusCode ?? 0, headers: answer.headers, body: JSON.parse(text) as Answer["body"] });
    });
    sent.on("error", fail).end(body);
  });
}

/** What is answered, as JSON or as a stream. */
async function textAt(bearer: string, headers: Record<string, string>, body: string): Promise<string> {
  const given = { ...COMMON, authorization: `Bearer ${bearer}`, ...headers };
  return (await fetch(`${mesh.url}/mcp`, { method: "POST", headers: given, body })).text();
}

/** A call of a tool as 2026-07-28 has it. */
function toolCall(name: string, args: object): { readonly headers: Record<string, string>; readonly body: string } {
  const meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": { name: "raw", version: "1" },
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  const params = { name, arguments: args, _meta: meta };
  return {
    headers: { "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": name },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params }),
  };
}

describe("a foreign name is refused, with a valid key too", () => {
  test.each([
    { host: "evil.example" },
    { host: "127.0.0.1.evil.example" },
    { host: "localhost.evil.example:80" },
    { origin: "http://evil.example" },
    { origin: "null" },
    { origin: "http://localhost.evil.example" },
    { host: "evil.example", origin: "http://evil.example" },
    { host: "mesh.example.evil.example" },
  ])("%o", async (headers) => {
    const { status, body } = await send(headers as Record<string, string>);
    expect([status, body.error?.data?.code]).toEqual([403, "edge_forbidden"]);
  });

  test.each([
    { host: "localhost:1" },
    { host: "mesh.example", origin: "https://other.example" },
    { host: "[::1]" },
    { origin: "http://localhost:5173" },
  ])("%o is our own", async (headers) => {
    // No session: what is refused is something else.
    expect((await send(headers as Record<string, string>)).status).toBe(400);
  });
});

test("without a key the answer names where to read what this server takes", async () => {
  for (const authorization of ["", "Bearer nothing", "Bearer eyJhbGciOiJub25lIn0.e30.x"]) {
    const { status, headers } = await send({ authorization });
    const challenge = String(headers["www-authenticate"]);
    expect([status, challenge.startsWith("Bearer ")]).toEqual([401, true]);
    const url = /resource_metadata="([^"]+)"/.exec(challenge)?.[1] ?? "";
    expect(await (await fetch(url)).json()).toMatchObject({
      resource: `${mesh.url}/mcp`,
      bearer_methods_supported: ["header"],
    });
  }
});

test("bodies that are too large, no JSON, or of another type are refused in the protocol's words", async () => {
  const [large, broken, deep] = await Promise.all([
    send({}, JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping", params: { x: "x".repeat(5_000_000) } })),
    send({}, "{"),
    send({}, `${"[".repeat(200)}${"]".repeat(200)}`),
  ]);
  expect([large.status, large.body.error?.data?.code]).toEqual([413, "payload_too_large"]);
  expect([broken.status, broken.body.error?.code]).toEqual([400, -32_700]);
  expect([deep.status, deep.body.error?.code]).toEqual([400, -32_700]);
  expect((await send({ "content-type": "text/plain" })).status).toBe(415);
});

test.each(["PUT", "PATCH"])("%s is not a method here", async (method) => {
  const answer = await fetch(`${mesh.url}/mcp`, { method, headers: { authorization: `Bearer ${ADMIN_KEY}` } });
  expect([answer.status, answer.headers.get("allow")]).toEqual([405, "POST, GET, DELETE"]);
});

describe("a key sees what it may use", () => {
  const named = async (scopes: string[]) => {
    const { key } = await mesh.client.createKey(scopes);
    const { client } = await connectOld(mesh.url, key);
    const modern = await connectNew(mesh.url, key);
    const names = (await client.listTools()).tools.map(({ name }) => name);
    expect((await modern.listTools()).tools.map(({ name }) => name)).toEqual(names);
    return { names, client, modern };
  };

  test("with `read` the mesh's own tools alone, and no agent by its name either", async () => {
    const { names, client, modern } = await named(["read"]);
    expect(names).toEqual(["mesh__list_agents", "mesh__call_graph", "mesh__chain"]);
    for (const one of [client, modern]) {
      await expect(one.callTool({ name: "echo", arguments: { input: 1 } })).rejects.toThrow(/no tool 'echo'/);
      await expect(
        one.callTool({ name: "mesh__cancel_chain", arguments: { chainId: "0".repeat(32) } }),
      ).rejects.toThrow();
    }
    expect((await mesh.client.all<unknown>("/v1/chains")).length).toBe(0);
  });

  test("with `invoke` the agents, and nothing of other chains", async () => {
    const { names, client } = await named(["invoke"]);
    expect(names).toEqual([
      "mesh__find_tools",
      "mesh__cancel_chain",
      "clerk",
      "critic",
      "desk__ask",
      "desk__revise",
      "echo",
      "ranker",
      "reader",
      "summarizer",
    ]);
    expect((await client.listResourceTemplates()).resourceTemplates).toEqual([]);
    await expect(client.readResource({ uri: "hopline://agents/echo" })).rejects.toThrow();
  });

  test("a key that is revoked has no session any more", async () => {
    const { key, keyId } = await mesh.client.createKey(["invoke"]);
    const { client } = await connectOld(mesh.url, key);
    expect(textOf(await client.callTool({ name: "echo", arguments: { input: 1 } }))).toBe("1");
    await mesh.client.send(`/v1/keys/${keyId}`, { method: "DELETE" });
    await new Promise((done) => setTimeout(done, 1_000));
    await expect(client.callTool({ name: "echo", arguments: { input: 1 } })).rejects.toThrow();
  });

  test("only who started a chain, or an admin, cancels it", async () => {
    const { client } = await named(["invoke"]);
    const { chainId } = await mesh.client.invoke("echo", 1);
    const refused = await client.callTool({ name: "mesh__cancel_chain", arguments: { chainId } });
    expect(metaOf(refused, "problem")).toMatchObject({ code: "insufficient_scope" });
  });
});

test("an agent that would take a name of the mesh's own tools is not registered", async () => {
  const skills = [{ id: "chain" }, { id: "other" }];
  const endpoint = { kind: "http", url: `http://127.0.0.1:${host.port}/mesh` };
  const body = { name: "mesh", version: "1.0.0", endpoint, skills };
  const refused = await mesh.client.send("/v1/agents", { body });
  expect([refused.status, refused.problem.code]).toEqual([409, "conflict"]);
});

test("an argument that its schema wants as a header too must agree with it, before the agent is reached", async () => {
  const inputSchema = { type: "object", properties: { region: { type: "string", "x-mcp-header": "Region" } } };
  const agent = await host.agent("regional", (input) => input, { skills: [{ id: "regional", inputSchema }] });
  const { headers: named, body } = toolCall("regional", { region: "north" });
  for (const wrong of [{}, { "mcp-param-region": "south" }, { "mcp-param-region": "=?base64?%%%?=" }]) {
    const refused = await send({ ...named, ...wrong }, body);
    expect([refused.status, refused.body.error?.code]).toEqual([400, -32_020]);
  }
  const other = await send({ ...named, "mcp-name": "echo", "mcp-param-region": "north" }, body);
  expect([other.status, other.body.error?.code]).toEqual([400, -32_020]);
  expect(agent.calls).toEqual([]);
  for (const right of ["north", `=?base64?${btoa("north")}?=`]) {
    expect(await textAt(ADMIN_KEY, { ...named, "mcp-param-region": right }, body)).toContain("north");
  }
  expect(agent.calls.length).toBe(2);
});

test("a hop has none of the mesh's own tools, and asking for one leaves nothing in its chain", async () => {
  const { headers, body } = toolCall("mesh__list_agents", {});
  const { value, chain } = await host.within(({ token }) => textAt(token, headers, body));
  expect(value).toContain("There is no tool 'mesh__list_agents' for this key");
  expect((await mesh.client.graph(chain.chainId)).hops).toHaveLength(1);
});
