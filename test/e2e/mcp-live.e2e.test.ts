/** What clients of both eras are told while something goes on: progress, news of tools and chains; and what stops a call. */
import type { Client as NewClient } from "@modelcontextprotocol/client";
import type { Client as OldClient } from "@modelcontextprotocol/sdk/client/index.js";
import {
  ResourceUpdatedNotificationSchema,
  ToolListChangedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AgentHost, gate, Raw, silent } from "../support/server/agent.ts";
import { connectNew, connectOld, metaOf, textOf } from "../support/server/mcp.ts";
import { ADMIN_KEY, type MeshServer } from "../support/server/mesh.ts";
import { staged } from "../support/server/staged.ts";
import { until } from "../support/server/until.ts";

let mesh: MeshServer;
let host: AgentHost;
staged((stage) => ({ mesh, host } = stage));

let made = 0;
const fresh = (what: string) => `${what}-${made++}`;

/** One client of either era, and what it was told. */
interface Listening {
  readonly call: (
    name: string,
    options: {
      signal?: AbortSignal;
      onprogress?: (progress: { progress: number; message?: string | undefined }) => void;
    },
  ) => Promise<unknown>;
  readonly toolsChanged: () => number;
  readonly updated: () => readonly string[];
  readonly follow: (uri: string) => Promise<unknown>;
  readonly close: () => Promise<void>;
}

async function listenOld(): Promise<Listening> {
  const { client } = await connectOld(mesh.url, ADMIN_KEY);
  const { changed, uris } = heard(client);
  return {
    call: (name, options) => client.callTool({ name, arguments: { input: null } }, undefined, options),
    toolsChanged: () => changed.length,
    updated: () => uris,
    follow: (uri) => client.subscribeResource({ uri }),
    close: () => client.close(),
  };
}

function heard(client: OldClient) {
  const changed: unknown[] = [];
  const uris: string[] = [];
  client.setNotificationHandler(ToolListChangedNotificationSchema, (news) => void changed.push(news));
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => void uris.push(params.uri));
  return { changed, uris };
}

async function listenNew(): Promise<Listening> {
  const client: NewClient = await connectNew(mesh.url, ADMIN_KEY);
  const changed: unknown[] = [];
  const uris: string[] = [];
  client.setNotificationHandler("notifications/tools/list_changed", (news) => void changed.push(news));
  client.setNotificationHandler("notifications/resources/updated", ({ params }) => void uris.push(params.uri));
  const streams = [await client.listen({ toolsListChanged: true })];
  return {
    call: (name, options) => client.callTool({ name, arguments: { input: null } }, options),
    toolsChanged: () => changed.length,
    updated: () => uris,
    follow: async (uri) => void streams.push(await client.listen({ resourceSubscriptions: [uri] })),
    close: async () => {
      for (const stream of streams) await stream.close();
      await client.close();
    },
  };
}

describe.each([
  ["a client of 2025", listenOld],
  ["a client of 2026-07-28", listenNew],
])("%s", (_, listen) => {
  let client: Listening;
  beforeAll(async () => {
    client = await listen();
  });
  afterAll(async () => {
    await client?.close();
  });

  test("is told of what its call causes, hop by hop, before the result", async () => {
    const parent = fresh("parent");
    await host.agent(parent, async (_, call) => (await call.invoke("echo", "below")).status);
    const told: { progress: number; message?: string | undefined }[] = [];
    const result = await client.call(parent, { onprogress: (progress) => void told.push(progress) });
    expect(textOf(result)).toBe("200");
    expect(told.map(({ message }) => message)).toEqual([
      `${parent}: admitted`,
      `${parent} → echo: admitted`,
      `${parent} → echo: done`,
      `${parent}: done`,
    ]);
    expect(told.map(({ progress }) => progress)).toEqual([1, 2, 3, 4]);
  });

  test("stops a call by cancelling it: the agent's connection is closed, and the hop is cancelled", async () => {
    const agent = await host.agent(fresh("silent"), silent, { timeoutMs: 60_000 });
    const stop = new AbortController();
    const reached = agent.next();
    const call = client.call(agent.name, { signal: stop.signal });
    const { chainId, closedAt } = await reached;
    stop.abort("enough");
    await expect(call).rejects.toThrow();
    await until("the agent's connection is closed", closedAt, 5_000);
    const graph = await until("the chain has ended", async () => {
      const found = await mesh.client.graph(chainId);
      return found.status === "running" ? undefined : found;
    });
    expect(graph.hops.map(({ status }) => status)).toEqual(["cancelled"]);
  });

  test("learns of a registration and of a removal within a second", async () => {
    for (const change of [
      (name: string) => host.agent(name, () => 1),
      (name: string) => mesh.client.send(`/v1/agents/${name}`, { method: "DELETE" }),
    ]) {
      const before = client.toolsChanged();
      await change("news");
      await until("it is told", () => client.toolsChanged() > before, 1_000);
    }
  });

  test("follows a chain as a resource, and is told when it has ended", async () => {
    const held = gate();
    const agent = await host.agent(fresh("held"), held.handler);
    const reached = agent.next();
    const call = client.call(agent.name, {});
    const { chainId } = await reached;
    const uri = `hopline://chains/${chainId}`;
    await client.follow(uri);
    held.open();
    expect(metaOf(await call, "chainId")).toBe(chainId);
    await until("it is told", () => client.updated().includes(uri), 3_000);
  });
});

test("a caller within a chain is told of what its own call causes, and not of its siblings", async () => {
  const held = gate();
  const child = await host.agent("child", held.handler);
  await host.agent("family", async (_, call) => {
    const { client } = await connectOld(mesh.url, call.token);
    const told: (string | undefined)[] = [];
    const reached = child.next();
    const onprogress = ({ message }: { message?: string | undefined }) => void told.push(message);
    const called = client.callTool({ name: "child", arguments: { input: null } }, undefined, { onprogress });
    await reached;
    await call.invoke("echo", "a sibling");
    held.open();
    await called;
    await client.close();
    return told;
  });
  const { result } = await mesh.client.invoke("family", null);
  expect(result.output).toEqual(["family → child: admitted", "family → child: done"]);
});

test("what an agent emits before its answer is told piece by piece, in its order", async () => {
  const pieces = ["one", { two: 2 }].map((piece) => `event: chunk\ndata: ${JSON.stringify(piece)}\n\n`).join("");
  const answer = `${pieces}event: result\ndata: {"output":"whole"}\n\n`;
  await host.agent("talker", () => new Raw(200, answer, { "content-type": "text/event-stream" }));
  const { client } = await connectOld(mesh.url, ADMIN_KEY);
  const told: (string | undefined)[] = [];
  const onprogress = ({ message }: { message?: string | undefined }) => void told.push(message);
  const result = await client.callTool({ name: "talker", arguments: { input: null } }, undefined, { onprogress });
  expect(textOf(result)).toBe('"whole"');
  expect(told.filter((message) => !message?.startsWith("talker:"))).toEqual(["one", '{"two":2}']);
  await client.close();
});

test("a caller's traceparent in _meta is kept with the chain; one of a running chain needs its hop token", async () => {
  const { client } = await connectOld(mesh.url, ADMIN_KEY);
  const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const traced = await client.callTool({ name: "echo", arguments: { input: 1 }, _meta: { traceparent } });
  const chain = await mesh.client.send(`/v1/chains/${String(metaOf(traced, "chainId"))}`);
  expect(chain.json).toMatchObject({ traceparent });
  const held = gate();
  const agent = await host.agent("running", held.handler);
  const reached = agent.next();
  const call = client.callTool({ name: "running", arguments: { input: null } });
  const { chainId } = await reached;
  const within = { traceparent: `00-${chainId}-00f067aa0ba902b7-01` };
  const refused = await client.callTool({ name: "echo", arguments: { input: 1 }, _meta: within });
  expect(metaOf(refused, "problem")).toMatchObject({ code: "lineage_required" });
  held.open();
  await call;
  await client.close();
});
