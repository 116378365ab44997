/** What federated servers have beside tools, and what they say while a tool runs, to MCP clients of both eras. */
import { setTimeout as sleep } from "node:timers/promises";
import { ToolListChangedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectNew, connectOld, textOf } from "../support/server/mcp.ts";
import { ADMIN_KEY, MeshServer } from "../support/server/mesh.ts";
import { until } from "../support/server/until.ts";
import { type Offers, type Tools, Upstream } from "../support/server/upstream.ts";

const TOOLS: Tools = {
  slow: {
    run: async (_, __, { notify, progressToken }) => {
      for (const progress of [1, 2, 3]) {
        if (progressToken !== undefined) {
          await notify("notifications/progress", { progressToken, progress, total: 3, message: `step ${progress}` });
        }
      }
      await notify("notifications/message", { level: "info", data: "nearly there" });
      return { content: [{ type: "text", text: "done" }] };
    },
  },
};
const OFFERS = (name: string): Offers => ({
  resources: { [`${name}://a`]: `text of ${name} ☃`, "shared://x": `the one of ${name}` },
  templates: [`${name}://things/{id}`],
  prompts: { greet: ["who"] },
});

let mesh: MeshServer;
const upstreams: Upstream[] = [];
beforeAll(async () => {
  mesh = await MeshServer.start();
  for (const [name, made, toolPrefix] of [
    ["first", Upstream.old(TOOLS), true],
    ["second", Upstream.modern(TOOLS), false],
  ] as const) {
    const upstream = await made;
    upstream.offers = OFFERS(name);
    upstreams.push(upstream);
    const endpoint = { kind: "mcp", url: upstream.url, toolPrefix };
    await mesh.client.send("/v1/agents", { body: { name, version: "1.0.0", endpoint } });
  }
});
afterAll(async () => {
  for (const upstream of upstreams) await upstream.close();
  await mesh?.wipe();
});

type AnyClient = Awaited<ReturnType<typeof connectNew>>;

/** The older client with the newer one's arguments: its calls have the result's schema between them. */
async function oldAsNew(key: string): Promise<AnyClient> {
  const { client } = await connectOld(mesh.url, key);
  const callTool = client.callTool.bind(client);
  return Object.assign(client, {
    callTool: (call: Parameters<typeof callTool>[0], options?: Parameters<typeof callTool>[2]) =>
      callTool(call, undefined, options),
  }) as unknown as AnyClient;
}

describe.each([
  ["2025", oldAsNew],
  ["2026", (key: string) => connectNew(mesh.url, key)],
])("a client of %s", (_, connect) => {
  let client: AnyClient;
  beforeAll(async () => {
    client = await connect(ADMIN_KEY);
  });
  afterAll(() => client?.close());

  test("lists the resources of all servers, and reads them by their own URIs", async () => {
    const { resources } = await client.listResources();
    expect(resources.map(({ uri }) => uri).toSorted()).toEqual(["first://a", "second://a", "shared://x"]);
    const read = async (uri: string) => (await client.readResource({ uri })).contents;
    expect(await read("first://a")).toMatchObject([{ uri: "first://a", text: "text of first ☃" }]);
    expect(await read("second://a")).toMatchObject([{ text: "text of second ☃" }]);
    // Of two servers with one URI the first by name has it.
    expect(await read("shared://x")).toMatchObject([{ text: "the one of first" }]);
  });

  test("reads by the templates of servers, beside those of the mesh", async () => {
    const { resourceTemplates } = await client.listResourceTemplates();
    const templates = resourceTemplates.map(({ uriTemplate }) => uriTemplate);
    expect(templates).toEqual(expect.arrayContaining(["first://things/{id}", "hopline://chains/{id}"]));
    const { contents } = await client.readResource({ uri: "second://things/7" });
    expect(contents).toMatchObject([{ text: "made for second://things/7" }]);
    await expect(client.readResource({ uri: "nobody://x" })).rejects.toThrow();
  });

  test("gets prompts by the names that tools would have, with arguments and their completion", async () => {
    const { prompts } = await client.listPrompts();
    expect(prompts.map(({ name }) => name)).toEqual(["first__greet", "greet"]);
    const { messages } = await client.getPrompt({ name: "first__greet", arguments: { who: "Ada" } });
    expect(messages).toMatchObject([{ content: { text: 'greet {"who":"Ada"}' } }]);
    const { completion } = await client.complete({
      ref: { type: "ref/prompt", name: "first__greet" },
      argument: { name: "who", value: "A" },
    });
    expect(completion.values).toEqual(["A-completed"]);
    await expect(client.getPrompt({ name: "nobody" })).rejects.toThrow(/no prompt 'nobody'/);
  });

  test.each(["first__slow", "slow"])("hears the progress of %s as the server tells it", async (name) => {
    const heard: unknown[] = [];
    const result = await client.callTool({ name, arguments: {} }, {
      onprogress: (progress: unknown) => void heard.push(progress),
    } as never);
    expect(textOf(result)).toBe("done");
    expect(heard).toMatchObject([1, 2, 3].map((progress) => ({ progress, total: 3, message: `step ${progress}` })));
  });

  test("sees nothing of servers with a key that may only read", async () => {
    const { key } = await mesh.client.createKey(["read"]);
    const reader = await connect(key);
    try {
      expect((await reader.listResources()).resources).toEqual([]);
      expect((await reader.listPrompts()).prompts).toEqual([]);
      await expect(reader.readResource({ uri: "first://a" })).rejects.toThrow();
    } finally {
      await reader.close();
    }
  });
});

test("what a server logs while its tool runs reaches a client with a session", async () => {
  const { client } = await connectOld(mesh.url, ADMIN_KEY);
  try {
    const logged: unknown[] = [];
    client.fallbackNotificationHandler = async (notification) => void logged.push(notification);
    await client.callTool({ name: "first__slow", arguments: {} });
    expect(logged).toMatchObject([
      { method: "notifications/message", params: { level: "info", data: "nearly there" } },
    ]);
  } finally {
    await client.close();
  }
});

test.each([
  ["first", 0, "first__more"],
  ["second", 1, "more"],
])("a client that listens is told within seconds that %s has other tools", async (_, place, name) => {
  const upstream = upstreams[place];
  if (upstream === undefined) throw new Error("There is an upstream.");
  const { client } = await connectOld(mesh.url, ADMIN_KEY);
  try {
    let told = 0;
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => {
      told += 1;
    });
    // The mesh listens to a server as soon as somebody listens to the mesh: it needs a moment to be heard.
    await until("the mesh listens", async () => {
      upstream.tools = { ...TOOLS, [`filler-${Date.now()}`]: { run: () => ({ content: [] }) } };
      await upstream.announce();
      await sleep(100);
      return told > 0;
    });
    const before = told;
    upstream.tools = { ...TOOLS, more: { run: () => ({ content: [] }) } };
    await upstream.announce();
    await until("it is told", () => told > before);
    await until("the list has it", async () => (await client.listTools()).tools.some((tool) => tool.name === name));
  } finally {
    await client.close();
  }
});
