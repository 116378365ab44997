/** What a federated server asks of the client that called it finds its way back through the mesh, in both eras. */
import { Client as NewClient, StreamableHTTPClientTransport as NewTransport } from "@modelcontextprotocol/client";
import { Client as OldClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as OldTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  LoggingMessageNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { metaOf, textOf } from "../support/server/mcp.ts";
import { ADMIN_KEY, MeshServer } from "../support/server/mesh.ts";
import { rpcTo } from "../support/server/rpc.ts";
import { type Tools, Upstream } from "../support/server/upstream.ts";

const text = (said: string) => ({ content: [{ type: "text", text: said }] });
const FORM = {
  mode: "form",
  message: "Who are you?",
  requestedSchema: {
    type: "object",
    properties: { name: { type: "string", default: "Nobody" }, color: { type: "string", enum: ["red", "blue"] } },
    required: ["name"],
  },
} as const;
const SAMPLE = { messages: [{ role: "user", content: { type: "text", text: "2 + 2?" } }], maxTokens: 10 } as const;

/** Asks at once, in a session. */
const OLD: Tools = {
  ask: { run: async (_, __, { ask }) => text(JSON.stringify(await ask?.("elicitation/create", FORM))) },
  sample: { run: async (_, __, { ask }) => text(JSON.stringify(await ask?.("sampling/createMessage", SAMPLE))) },
  roots: { run: async (_, __, { ask }) => text(JSON.stringify(await ask?.("roots/list", {}))) },
  can: { run: (_, __, { capabilities }) => text(JSON.stringify(capabilities ?? {})) },
  log: {
    run: async (_, __, { notify }) => {
      for (const level of ["debug", "info", "error"]) await notify("notifications/message", { level, data: level });
      return text("logged");
    },
  },
};
/** Asks by its result. */
const MODERN: Tools = {
  ask: {
    run: (_, __, { inputResponses, requestState }) =>
      inputResponses === undefined
        ? {
            resultType: "input_required",
            inputRequests: { who: { method: "elicitation/create", params: FORM } },
            requestState: "state of the server: ☃",
          }
        : text(JSON.stringify({ inputResponses, requestState })),
  },
  can: { run: (_, __, { capabilities }) => text(JSON.stringify(capabilities ?? {})) },
};

let mesh: MeshServer;
const upstreams: Upstream[] = [];
beforeAll(async () => {
  mesh = await MeshServer.start();
  for (const [name, made] of [
    ["old", Upstream.old(OLD)],
    ["modern", Upstream.modern(MODERN)],
  ] as const) {
    const upstream = await made;
    upstreams.push(upstream);
    await mesh.client.send("/v1/agents", {
      body: { name, version: "1.0.0", endpoint: { kind: "mcp", url: upstream.url } },
    });
  }
});
afterAll(async () => {
  for (const upstream of upstreams) await upstream.close();
  await mesh?.wipe();
});

const ALL = { elicitation: {}, sampling: {}, roots: {} } as const;
const requestInit = { headers: { authorization: `Bearer ${ADMIN_KEY}` } };
const asked: unknown[] = [];

async function oldClient(capabilities: Record<string, object>): Promise<OldClient> {
  const client = new OldClient({ name: "asked", version: "1.0.0" }, { capabilities });
  if (capabilities.elicitation !== undefined) {
    client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
      asked.push(params);
      return { action: "accept", content: { name: "Ada", color: "blue" } };
    });
  }
  if (capabilities.sampling !== undefined) {
    client.setRequestHandler(CreateMessageRequestSchema, ({ params }) => {
      asked.push(params);
      return { model: "m", role: "assistant", content: { type: "text", text: "4" } };
    });
  }
  if (capabilities.roots !== undefined) {
    client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [{ uri: "file:///home", name: "home" }] }));
  }
  // Its own types are not exact about optional properties.
  await client.connect(new OldTransport(new URL("/mcp", mesh.url), { requestInit }) as Transport);
  return client;
}

async function newClient(capabilities: Record<string, object>): Promise<NewClient> {
  const client = new NewClient(
    { name: "asked", version: "1.0.0" },
    { capabilities, versionNegotiation: { mode: "auto" } },
  );
  if (capabilities.elicitation !== undefined) {
    client.setRequestHandler("elicitation/create", ({ params }) => {
      asked.push(params);
      return { action: "accept", content: { name: "Ada", color: "blue" } };
    });
  }
  await client.connect(new NewTransport(new URL("/mcp", mesh.url), { requestInit }));
  return client;
}

const said = (result: unknown) => JSON.parse(textOf(result)) as Record<string, unknown>;

describe("a client with a session", () => {
  test("is asked by a server with sessions while its call is open: elicitation, sampling, roots", async () => {
    const client = await oldClient(ALL);
    try {
      asked.length = 0;
      const result = await client.callTool({ name: "old__ask", arguments: {} });
      expect(said(result)).toMatchObject({ action: "accept", content: { name: "Ada", color: "blue" } });
      // Defaults and choices come through as the server has made them.
      expect(asked[0]).toMatchObject(FORM);
      expect(said(await client.callTool({ name: "old__sample", arguments: {} }))).toMatchObject({
        content: { text: "4" },
      });
      expect(asked[1]).toMatchObject(SAMPLE);
      expect(said(await client.callTool({ name: "old__roots", arguments: {} }))).toMatchObject({
        roots: [{ name: "home" }],
      });
      const chainId = metaOf(result, "chainId") as string;
      expect((await mesh.client.graph(chainId)).hops).toMatchObject([{ kind: "tool", callee: "old", status: "done" }]);
    } finally {
      await client.close();
    }
  });

  test("is asked by a server without sessions as well", async () => {
    const client = await oldClient(ALL);
    try {
      const result = said(await client.callTool({ name: "modern__ask", arguments: {} }));
      expect(result).toMatchObject({ requestState: "state of the server: ☃" });
      expect(JSON.stringify(result.inputResponses)).toContain("Ada");
    } finally {
      await client.close();
    }
  });

  test("is asked nothing that it can't, and the server is told what it can", async () => {
    const client = await oldClient({ roots: {} });
    try {
      expect(said(await client.callTool({ name: "old__can", arguments: {} }))).toEqual({ roots: {} });
      const refused = client.callTool({ name: "old__ask", arguments: {} });
      await expect(refused).rejects.toMatchObject({
        code: -32_603,
        message: expect.stringContaining("can't be asked for elicitation/create"),
        data: { "io.hopline/problem": { code: "upstream_error" } },
      });
    } finally {
      await client.close();
    }
  });
});

test("a client with a session hears what a server logs from the level on that it has set, after a restart too", async () => {
  const client = await oldClient({});
  const heard: unknown[] = [];
  client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => {
    heard.push(params.data);
  });
  const logged = async () => {
    heard.length = 0;
    await client.callTool({ name: "old__log", arguments: {} });
    return [...heard];
  };
  expect(await logged()).toEqual(["debug", "info", "error"]);
  await client.setLoggingLevel("info");
  expect(await logged()).toEqual(["info", "error"]);
  await mesh.crash();
  await mesh.restart();
  expect(await logged()).toEqual(["info", "error"]);
  await client.close();
});

describe("a client without a session", () => {
  test("is asked by the call's result, and its answers reach the server with its state, untouched", async () => {
    const client = await newClient({ elicitation: {} });
    try {
      asked.length = 0;
      const result = said(await client.callTool({ name: "modern__ask", arguments: {} }));
      expect(asked).toEqual([
        expect.objectContaining({ message: FORM.message, requestedSchema: FORM.requestedSchema }),
      ]);
      expect(result).toMatchObject({ requestState: "state of the server: ☃" });
      expect(JSON.stringify(result.inputResponses)).toContain("Ada");
    } finally {
      await client.close();
    }
  });

  test("has its own capabilities told to the server with each call", async () => {
    for (const capabilities of [{ elicitation: {} }, {}]) {
      const client = await newClient(capabilities);
      try {
        const told = said(await client.callTool({ name: "modern__can", arguments: {} }));
        expect(Object.keys(told)).toEqual(Object.keys(capabilities));
      } finally {
        await client.close();
      }
    }
  });

  test("can't be asked by a server that only asks while a call is open: it is told that there is nobody to ask", async () => {
    const client = await newClient({ elicitation: {} });
    try {
      const refused = client.callTool({ name: "old__ask", arguments: {} });
      await expect(refused).rejects.toMatchObject({
        message: expect.stringContaining("can't be asked for elicitation/create"),
      });
    } finally {
      await client.close();
    }
  });
});

describe("the rounds of a call without a session", () => {
  const rpc = () => rpcTo(mesh.url, ADMIN_KEY, { elicitation: {} });
  const inputResponses = { who: { action: "accept", content: { name: "Ada" } } };
  const name = "modern__ask";
  const ask = async (_meta: object = {}) => (await rpc()("tools/call", { name, arguments: {}, _meta })).result;
  const answer = (requestState: unknown, more: object = {}) =>
    rpc()("tools/call", { name, arguments: {}, inputResponses, requestState, ...more });

  test("bring back a state that the mesh has sealed around the server's, and the server gets its own", async () => {
    const { requestState } = await ask();
    expect(requestState).not.toContain("state of the server");
    const { result } = await answer(requestState);
    expect(said(result)).toMatchObject({ requestState: "state of the server: ☃" });
  });

  test("are refused with a state that was changed, or is of another tool or somebody else's", async () => {
    const state = String((await ask()).requestState);
    const changed = `${state.slice(0, 20)}${state[20] === "A" ? "B" : "A"}${state.slice(21)}`;
    for (const wrong of [changed, "state of the server: ☃", ""]) {
      expect((await answer(wrong)).error, wrong).toMatchObject({
        code: -32_602,
        data: { reason: "invalid_request_state" },
      });
    }
    expect((await answer(state, { name: "modern__can" })).error).toMatchObject({ code: -32_602 });
    const { key } = (await mesh.client.send("/v1/keys", { body: { name: "other", scopes: ["invoke"] } })).body as {
      key: string;
    };
    const other = rpcTo(mesh.url, key, { elicitation: {} });
    const stolen = await other("tools/call", { name, arguments: {}, inputResponses, requestState: state });
    expect(stolen.error).toMatchObject({ code: -32_602 });
  });

  test("stand under one budget, each linked to the one before", async () => {
    const _meta = { "io.hopline/budget": { hops: 2 } };
    const first = await ask(_meta);
    const second = (await answer(first.requestState)).result;
    const chains = [first, second].map((result) => String(metaOf(result, "chainId")));
    expect(chains[0]).not.toBe(chains[1]);
    const chain = await mesh.client.chain(chains[1] ?? "");
    expect(chain).toMatchObject({ limits: { hops: 1 }, traceparent: expect.stringContaining(chains[0] ?? "") });
    const spent = await ask({ "io.hopline/budget": { hops: 1 } });
    const { result } = await answer(spent.requestState);
    expect(metaOf(result, "problem")).toMatchObject({ code: "budget_exceeded", dimension: "hops", limit: 0 });
  });
});

test("an HTTP call has nobody to ask, and a server is told so", async () => {
  const { result } = await mesh.client.send("/v1/tools/old__can/invoke", { body: { input: {} } });
  expect(said(result.output)).toEqual({});
});
