/** The mesh as an MCP server, to the clients that people have: one of the 2025 era, one of 2026-07-28. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AgentHost } from "../support/server/agent.ts";
import { connectNew, connectOld, metaOf, textOf } from "../support/server/mcp.ts";
import { ADMIN_KEY, type MeshServer } from "../support/server/mesh.ts";
import { staged } from "../support/server/staged.ts";

let mesh: MeshServer;
let host: AgentHost;
staged((stage) => ({ mesh, host } = stage));
beforeAll(async () => {
  const inputSchema = {
    type: "object",
    properties: { a: { type: "number" }, b: { type: "number" } },
    required: ["a", "b"],
  };
  const outputSchema = { type: "object", properties: { sum: { type: "number" } }, required: ["sum"] };
  await host.agent(
    "adder",
    (input) => {
      const { a, b } = input as { a: number; b: number };
      return { sum: a + b };
    },
    { skills: [{ id: "add", name: "Add", inputSchema, outputSchema }] },
  );
  await host.agent("twin", (_, call) => (call.body as { skill: string }).skill, {
    skills: [{ id: "left" }, { id: "right" }],
  });
  await host.agent("relay", async (_, call) => {
    const { client } = await connectOld(mesh.url, call.token);
    try {
      const result = await client.callTool({ name: "echo", arguments: { input: "through MCP" } });
      return { said: textOf(result), chainId: metaOf(result, "chainId") };
    } finally {
      await client.close();
    }
  });
  await host.agent("relay-new", async (_, call) => {
    const client = await connectNew(mesh.url, call.token);
    try {
      const result = await client.callTool({ name: "echo", arguments: { input: "through MCP" } });
      return { said: textOf(result), chainId: metaOf(result, "chainId") };
    } finally {
      await client.close();
    }
  });
  await host.agent("loop", async (_, call) => {
    const { client } = await connectOld(mesh.url, call.token);
    try {
      return textOf(await client.callTool({ name: "loop", arguments: { input: null } }));
    } finally {
      await client.close();
    }
  });
});

/** What both clients can, by the same names. */
interface AnyClient {
  listTools(): Promise<{ tools: { name: string }[] }>;
  callTool(call: {
    name: string;
    arguments?: Record<string, unknown>;
    _meta?: Record<string, unknown>;
  }): Promise<unknown>;
  close(): Promise<void>;
}

const ERAS: readonly [string, (key: string) => Promise<AnyClient>][] = [
  ["a client of 2025", async (key) => (await connectOld(mesh.url, key)).client as AnyClient],
  ["a client of 2026-07-28", async (key) => (await connectNew(mesh.url, key)) as AnyClient],
];

describe.each(ERAS)("%s", (_, connect) => {
  let client: AnyClient;
  beforeAll(async () => {
    client = await connect(ADMIN_KEY);
  });
  afterAll(async () => {
    await client?.close();
  });

  test("has the mesh's tools and every agent, always in one order", async () => {
    const names = (await client.listTools()).tools.map(({ name }) => name);
    expect(names).toEqual((await client.listTools()).tools.map(({ name }) => name));
    const own = names.filter((name) => name.startsWith("mesh__"));
    expect(own).toEqual(names.slice(0, own.length));
    expect(names.slice(own.length)).toEqual([
      "adder",
      "clerk",
      "critic",
      "desk__ask",
      "desk__revise",
      "echo",
      "loop",
      "ranker",
      "reader",
      "relay",
      "relay-new",
      "summarizer",
      "twin__left",
      "twin__right",
    ]);
  });

  test("calls an agent, and gets its structure and its place in a chain", async () => {
    const result = await client.callTool({ name: "adder", arguments: { a: 2, b: 3 } });
    expect(result).toMatchObject({ structuredContent: { sum: 5 } });
    expect(JSON.parse(textOf(result))).toEqual({ sum: 5 });
    const chain = await mesh.client.chain(String(metaOf(result, "chainId")));
    expect([chain.status, chain.root.agent, chain.root.principal]).toEqual(["done", "adder", "admin"]);
    expect(metaOf(result, "usage")).toMatchObject({ hops: 1 });
  });

  test("calls one skill of an agent that has more", async () => {
    expect(textOf(await client.callTool({ name: "twin__right", arguments: { input: 1 } }))).toBe('"right"');
  });

  test.each(["relay", "relay-new"])(
    "an agent that calls on over MCP with its hop token stays in its chain: %s",
    async (name) => {
      const result = await client.callTool({ name, arguments: { input: null } });
      const chainId = metaOf(result, "chainId");
      expect(JSON.parse(textOf(result))).toEqual({ said: '"through MCP"', chainId });
      const { hops } = await mesh.client.graph(String(chainId));
      expect(hops.map(({ path, status }) => [path.join("/"), status])).toEqual([
        [name, "done"],
        [`${name}/echo`, "done"],
      ]);
    },
  );

  test("a loop over MCP is refused in words that name its path", async () => {
    const said = JSON.parse(textOf(await client.callTool({ name: "loop", arguments: { input: null } }))) as string;
    expect(said).toContain("cycle_detected");
    expect(said).toContain("loop → loop");
    expect(said).toContain("What to do:");
  });

  test("a budget in _meta holds, and its refusal says what would fit", async () => {
    const none = { "io.hopline/budget": { hops: 0 } };
    const result = await client.callTool({ name: "echo", arguments: { input: 1 }, _meta: none });
    expect(result).toMatchObject({ isError: true });
    expect(textOf(result)).toContain("hops: 1 with this call, limit: 0, available: 0");
    expect(metaOf(result, "problem")).toMatchObject({ code: "budget_exceeded", dimension: "hops", limit: 0 });
  });

  test("a key of ours in _meta that nobody knows is refused: a misspelt budget would be none", async () => {
    const misspelt = { "io.hopline/budgets": { hops: 1 } };
    const result = await client.callTool({ name: "echo", arguments: { input: 1 }, _meta: misspelt });
    expect(result).toMatchObject({ isError: true });
    expect(metaOf(result, "problem")).toMatchObject({ code: "invalid_request" });
  });

  test("arguments that do not fit are an answer with their place", async () => {
    const result = await client.callTool({ name: "adder", arguments: { a: "two", b: 3 } });
    expect(metaOf(result, "problem")).toMatchObject({ code: "invalid_input", errors: [{ pointer: "/a" }] });
  });

  test("a tool that is not there is an error of the protocol", async () => {
    await expect(client.callTool({ name: "nobody", arguments: {} })).rejects.toMatchObject({ code: -32_602 });
  });
});
