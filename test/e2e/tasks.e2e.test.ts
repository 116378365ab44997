// @promise mcp:tasks-are-kept
/** Calls that become tasks, in both eras: told, asked through, cancelled, kept from others, and there after a crash. */
import { Client as OldClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import {
  CallToolResultSchema,
  ElicitRequestSchema,
  TaskStatusNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AgentHost } from "../support/server/agent.ts";
import { metaOf, textOf } from "../support/server/mcp.ts";
import { ADMIN_KEY, MeshServer } from "../support/server/mesh.ts";
import { type Rpc, rpcTo } from "../support/server/rpc.ts";
import { until } from "../support/server/until.ts";
import { type Tools, Upstream } from "../support/server/upstream.ts";

/** Longer than the mesh waits before a call becomes a task, in milliseconds. */
const LONG_MS = 900;
const PATIENCE_MS = 20_000;
const sleep = (ms: number) => new Promise((done) => setTimeout(done, ms));
const said = (text: string) => ({ content: [{ type: "text", text }] });
const requestedSchema = { type: "object", properties: { name: { type: "string" } }, required: ["name"] };
const form = (message: string) => ({ mode: "form", message, requestedSchema });

/** Asks while its call is open. */
const OLD: Tools = {
  ask: {
    run: async (_, __, { ask }) => said(JSON.stringify(await ask?.("elicitation/create", form("Who are you?")))),
  },
};
/** Asks by its result, twice. */
const MODERN: Tools = {
  rounds: {
    run: async (_, __, { inputResponses, requestState }) => {
      await sleep(LONG_MS);
      const asked = (key: string, requestState: string) => ({
        resultType: "input_required",
        inputRequests: { [key]: { method: "elicitation/create", params: form(key) } },
        requestState,
      });
      if (requestState === undefined) return asked("first", "one");
      if (requestState === "one") return asked("second", "two");
      return said(JSON.stringify({ inputResponses, requestState }));
    },
  },
};

let mesh: MeshServer;
let host: AgentHost;
const upstreams: Upstream[] = [];
let rpc: Rpc;

beforeAll(async () => {
  mesh = await MeshServer.start();
  host = await AgentHost.start(mesh);
  for (const [name, made] of [
    ["old", Upstream.old(OLD)],
    ["modern", Upstream.modern(MODERN)],
  ] as const) {
    const upstream = await made;
    upstreams.push(upstream);
    const endpoint = { kind: "mcp", url: upstream.url };
    await mesh.client.send("/v1/agents", { body: { name, version: "1.0.0", endpoint } });
  }
  const slow = async (input: unknown) => {
    await sleep(Number((input as { ms?: number }).ms ?? 0));
    return { slept: input };
  };
  await host.agent("sleeper", slow, { timeoutMs: 60_000 });
  // Its lease is its timeout and five seconds.
  await host.agent("doomed", slow, { timeoutMs: 3_000 });
  rpc = rpcTo(mesh.url, ADMIN_KEY);
});
afterAll(async () => {
  await host?.close();
  for (const upstream of upstreams) await upstream.close();
  await mesh?.wipe();
});

const start = async (name: string, args: object = {}) => {
  const { result, error } = await rpc("tools/call", { name, arguments: args });
  expect(result, JSON.stringify(error)).toMatchObject({
    resultType: "task",
    status: expect.stringMatching(/^(working|input_required)$/),
  });
  return String(result.taskId);
};
const get = async (taskId: string) => (await rpc("tasks/get", { taskId })).result;
const reached = (taskId: string, ...statuses: string[]) =>
  until(
    `task is ${statuses.join(" or ")}`,
    async () => {
      const view = await get(taskId);
      return statuses.includes(String(view?.status)) && view;
    },
    PATIENCE_MS,
  );
const sleeper = (ms: number) => ({ input: { ms } });

describe("a client of 2026-07-28 that takes tasks", () => {
  test("gets the answer of a quick call as it is, and a task of one that takes long", async () => {
    const { result } = await rpc("tools/call", { name: "sleeper", arguments: sleeper(0) });
    expect([result.resultType, result.taskId, textOf(result)]).toEqual(["complete", undefined, '{"slept":{"ms":0}}']);
    const taskId = await start("sleeper", sleeper(LONG_MS));
    expect(await get(taskId)).toMatchObject({ taskId, status: "working", ttlMs: 3_600_000 });
    const { result: done } = (await reached(taskId, "completed")) as { result: Record<string, unknown> };
    expect(textOf(done)).toBe(`{"slept":{"ms":${LONG_MS}}}`);
    const { hops } = await mesh.client.graph(String(metaOf(done, "chainId")));
    expect(hops).toMatchObject([{ callee: "sleeper", status: "done" }]);
  });

  test("has a task of nobody else's, and nobody else has one of its", async () => {
    const taskId = await start("sleeper", sleeper(LONG_MS));
    const { key } = (await mesh.client.send("/v1/keys", { body: { name: "other", scopes: ["invoke", "read"] } }))
      .body as { key: string };
    const other = rpcTo(mesh.url, key);
    for (const method of ["tasks/get", "tasks/cancel", "tasks/update"]) {
      const params = { taskId, ...(method === "tasks/update" ? { inputResponses: {} } : {}) };
      expect((await other(method, params)).error, method).toMatchObject({ code: -32_602 });
    }
    expect(await get(taskId)).toMatchObject({ status: "working" });
    await reached(taskId, "completed");
  });

  test("cancels a task, and with it the hop that it is", async () => {
    const taskId = await start("sleeper", sleeper(30_000));
    expect((await rpc("tasks/cancel", { taskId })).result).toEqual(expect.objectContaining({ resultType: "complete" }));
    expect(await get(taskId)).toMatchObject({ status: "cancelled" });
    const { items } = (await mesh.client.send("/v1/chains?agent=sleeper&limit=1")).body as {
      items: { chainId: string }[];
    };
    const chainId = items[0]?.chainId ?? "";
    const ended = () => mesh.client.chain(chainId).then(({ hops }) => hops.open === 0 && hops);
    expect(await until("the hop has ended", ended)).toMatchObject({ cancelled: 1 });
    // An ended task stays as it is.
    expect((await rpc("tasks/cancel", { taskId })).result).toMatchObject({ resultType: "complete" });
  });

  test("answers what a server asks while its call is open", async () => {
    const taskId = await start("old__ask");
    const { inputRequests } = (await reached(taskId, "input_required")) as {
      inputRequests: Record<string, { method: string }>;
    };
    const [key = "", request] = Object.entries(inputRequests)[0] ?? [];
    expect(request).toMatchObject({ method: "elicitation/create", params: { message: "Who are you?" } });
    const inputResponses = { [key]: { action: "accept", content: { name: "Ada" } } };
    await rpc("tasks/update", { taskId, inputResponses });
    const { result } = (await reached(taskId, "completed")) as { result: unknown };
    expect(JSON.parse(textOf(result))).toMatchObject({ action: "accept", content: { name: "Ada" } });
  });

  test("answers round after round, and the server's own state comes back untouched", async () => {
    const taskId = await start("modern__rounds");
    for (const key of ["first", "second"]) {
      const asked = (await reached(taskId, "input_required")) as { inputRequests: object };
      expect(Object.keys(asked.inputRequests)).toEqual([key]);
      expect(asked).not.toHaveProperty("requestState");
      const answer = { action: "accept", content: { name: key } };
      // What was not asked is passed over.
      await rpc("tasks/update", { taskId, inputResponses: { other: answer } });
      expect(await get(taskId)).toMatchObject({ status: "input_required" });
      await rpc("tasks/update", { taskId, inputResponses: { [key]: answer } });
    }
    const { result } = (await reached(taskId, "completed")) as { result: unknown };
    expect(JSON.parse(textOf(result))).toMatchObject({ requestState: "two", inputResponses: { second: {} } });
  });

  test("is told of a task only where its request says that it takes them", async () => {
    const plain = rpcTo(mesh.url, ADMIN_KEY, {});
    const { result } = await plain("tools/call", { name: "sleeper", arguments: sleeper(LONG_MS) });
    expect(result).toMatchObject({ resultType: "complete" });
    const taskId = await start("sleeper", sleeper(LONG_MS));
    expect((await plain("tasks/get", { taskId })).error).toMatchObject({ code: -32_021 });
    await reached(taskId, "completed");
  });
});

describe("a client of 2025-11-25", () => {
  let client: OldClient;
  beforeAll(async () => {
    client = new OldClient({ name: "old", version: "1.0.0" }, { capabilities: { elicitation: {} } });
    client.setRequestHandler(ElicitRequestSchema, () => ({ action: "accept", content: { name: "Grace" } }));
    const requestInit = { headers: { authorization: `Bearer ${ADMIN_KEY}` } };
    await client.connect(new StreamableHTTPClientTransport(new URL("/mcp", mesh.url), { requestInit }) as Transport);
    // It wants to know which tools can be tasks.
    await client.listTools();
  });
  afterAll(() => client?.close());

  async function streamed(name: string, args: Record<string, unknown>, ttl = 100_000) {
    const seen: string[] = [];
    const { tasks } = client.experimental;
    for await (const message of tasks.callToolStream({ name, arguments: args }, CallToolResultSchema, {
      task: { ttl },
    })) {
      seen.push(message.type);
      if (message.type === "result") return { seen, result: message.result };
      if (message.type === "error") throw message.error;
      if (message.type === "taskCreated") expect(message.task).toMatchObject({ ttl, status: "working" });
    }
    throw new Error("The stream has ended without a result.");
  }

  test("asks for a task with its call, and fetches the result by itself", async () => {
    const { seen, result } = await streamed("sleeper", sleeper(LONG_MS));
    expect(seen[0]).toBe("taskCreated");
    expect(textOf(result)).toBe(`{"slept":{"ms":${LONG_MS}}}`);
    const { tasks } = await client.experimental.tasks.listTasks();
    expect(tasks.map(({ status }) => status)).toContain("completed");
  });

  test("hears of each change of its task without looking", async () => {
    const heard: unknown[] = [];
    client.setNotificationHandler(TaskStatusNotificationSchema, ({ params }) => {
      heard.push([params.taskId, params.status]);
    });
    const params = { name: "sleeper", arguments: sleeper(LONG_MS), task: {} };
    const made = (await client.request({ method: "tools/call", params }, CallToolResultSchema)) as unknown as {
      task: { taskId: string };
    };
    await until("it has heard", async () => heard.length > 0);
    expect(heard).toEqual([[made.task.taskId, "completed"]]);
  });

  test.each(["old__ask", "modern__rounds"])("is asked while it waits for the result: %s", async (name) => {
    const { result } = await streamed(name, {});
    expect(textOf(result)).toContain("Grace");
  });

  test("cancels a task once, and gets no more than a day of one", async () => {
    const { tasks } = client.experimental;
    const params = { name: "sleeper", arguments: sleeper(30_000), task: { ttl: 10 ** 9 } };
    const made = (await client.request({ method: "tools/call", params }, CallToolResultSchema)) as unknown as {
      task: { taskId: string; ttl: number };
    };
    expect(made.task.ttl).toBe(86_400_000);
    expect(await tasks.cancelTask(made.task.taskId)).toMatchObject({ status: "cancelled" });
    await expect(tasks.cancelTask(made.task.taskId)).rejects.toMatchObject({ code: -32_602 });
    await expect(tasks.getTaskResult(made.task.taskId, CallToolResultSchema)).rejects.toThrow("cancelled");
  });
});

describe("a server of 2026-07-28 that makes tasks itself", () => {
  /** What its one task has been asked and told. */
  const asked: string[] = [];
  const handle = { taskId: "own", createdAt: new Date(0).toISOString(), lastUpdatedAt: new Date(0).toISOString() };
  const times = { ttlMs: null, pollIntervalMs: 100 };
  let state: Record<string, unknown> = {};
  const working = { ...handle, ...times, status: "working" };
  const TASKING: Tools = {
    /** Only for those that take tasks. */
    job: {
      run: (_, __, { capabilities }) => {
        if (JSON.stringify(capabilities).includes("io.modelcontextprotocol/tasks")) {
          asked.length = 0;
          return { ...working, resultType: "task" };
        }
        throw Object.assign(new Error("For those that take tasks."), {
          code: -32_021,
          data: { requiredCapabilities: {} },
        });
      },
    },
  };
  beforeAll(async () => {
    const upstream = await Upstream.modern(TASKING);
    upstreams.push(upstream);
    upstream.onTask = (method, { taskId }, responses) => {
      asked.push(`${method} ${taskId}${responses === undefined ? "" : ` ${JSON.stringify(responses)}`}`);
      if (method === "tasks/get") return { ...working, ...state };
      if (method === "tasks/update") state = { status: "completed", result: { ...said("done by the server") } };
      return {};
    };
    const endpoint = { kind: "mcp", url: upstream.url };
    await mesh.client.send("/v1/agents", { body: { name: "tasking", version: "1.0.0", endpoint } });
  });

  test("is looked after until it has ended, for a caller over HTTP", async () => {
    state = { status: "working" };
    const reply = mesh.client.send("/v1/tools/tasking__job/invoke", { body: { input: {} } });
    await until("it was asked twice", async () => asked.length >= 2);
    state = { status: "completed", result: said("done by the server") };
    const { output, chainId } = (await reply).result;
    expect(textOf(output)).toBe("done by the server");
    const { hops } = await mesh.client.graph(chainId);
    expect(hops).toMatchObject([{ callee: "tasking", skill: "job", status: "done" }]);
  });

  test("asks the client through the mesh's task", async () => {
    state = {
      status: "input_required",
      inputRequests: { who: { method: "elicitation/create", params: form("Who?") } },
    };
    const taskId = await start("tasking__job");
    const { inputRequests } = (await reached(taskId, "input_required")) as { inputRequests: Record<string, unknown> };
    const [key = ""] = Object.keys(inputRequests);
    await rpc("tasks/update", { taskId, inputResponses: { [key]: { action: "accept", content: { name: "Ada" } } } });
    const { result } = (await reached(taskId, "completed")) as { result: unknown };
    expect(textOf(result)).toBe("done by the server");
    expect(asked).toContain('tasks/update own {"who":{"action":"accept","content":{"name":"Ada"}}}');
  });

  test("is told when the mesh's task is cancelled, and its errors are the task's", async () => {
    state = { status: "working" };
    const cancelled = await start("tasking__job");
    await rpc("tasks/cancel", { taskId: cancelled });
    await until("its own task was cancelled", async () => asked.includes("tasks/cancel own"));
    state = { status: "failed", error: { code: -31_000, message: "The job broke.", data: { why: "so" } } };
    const { error } = await rpc("tools/call", { name: "tasking__job", arguments: {} });
    expect(error).toMatchObject({ code: -31_000, message: "The job broke.", data: { why: "so" } });
  });

  test("gets no call as a task from a client that takes none", async () => {
    const { error } = await rpcTo(mesh.url, ADMIN_KEY, {})("tools/call", { name: "tasking__job", arguments: {} });
    expect(error).toMatchObject({ code: -32_021 });
  });
});

test("after a crash a task that had ended has its result, one that waits goes on, one whose call is lost has failed and says why", async () => {
  const done = await start("sleeper", sleeper(LONG_MS));
  const waits = await start("modern__rounds");
  await Promise.all([reached(done, "completed"), reached(waits, "input_required")]);
  const lost = await start("doomed", sleeper(2_900));
  await mesh.crash();
  await mesh.restart();
  expect((await get(done)).result).toMatchObject({ content: [{ text: `{"slept":{"ms":${LONG_MS}}}` }] });
  for (const key of ["first", "second"]) {
    await reached(waits, "input_required");
    await rpc("tasks/update", { taskId: waits, inputResponses: { [key]: { action: "decline" } } });
  }
  await reached(waits, "completed");
  expect(await reached(lost, "failed", "completed", "cancelled")).toMatchObject({
    status: "failed",
    error: { message: expect.stringContaining("The mesh was restarted while this call was under way") },
  });
}, 60_000);
