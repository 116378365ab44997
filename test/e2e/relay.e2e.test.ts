/** What a federated server asks of the client that called it finds its way back through the mesh, in both eras. */
import { Client as NewClient, StreamableHTTPClientTransport as NewTransport } from "@modelcontextprotocol/client";
import { Client as OldClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as OldTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { metaOf, textOf } from "../support/server/mcp.ts";
import { ADMIN_KEY, MeshServer } from "../support/server/mesh.ts";
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

test("an HTTP call has nobody to ask, and a server is told so", async () => {
  const { result } = await mesh.client.send("/v1/tools/old__can/invoke", { body: { input: {} } });
  expect(said(result.output)).toEqual({});
});
