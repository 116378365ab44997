// @promise mcp:tasks-are-kept
/** A desk's object: what is there of its tasks when it is evicted, what it takes up, what it forgets, and how much it takes. */
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { TASK_TTL_LEAST_MS, TASKS_OPEN } from "../../../mesh/limits.ts";
import type { Start, TaskDesk } from "../../../mesh/task/desk.ts";
import { insertTask, setAsked, writeText } from "../../../mesh/task/store.ts";
import type { Started, TaskCall, TaskView } from "../../../mesh/task/task.ts";
import { bindings } from "../../support/workers/ledger.ts";

const { TASKS } = bindings as unknown as { TASKS: DurableObjectNamespace<TaskDesk> };
const OWNER = "admin";
/** A mesh of its own each: objects can't share a courier here (see test/support/workers/mesh.ts). */
const callIn = (mesh: string): TaskCall => ({
  caller: { mesh, principal: OWNER, scopes: ["admin"], deployment: true },
  url: "http://localhost/mcp",
  name: "echo",
  args: { input: "halves of 😀 too" },
  meta: {},
  capabilities: {},
  answers: {},
});
let made = 0;
const starting = (more: Partial<Start> = {}): Start => {
  made += 1;
  return { taskId: `task-${made}`, owner: OWNER, call: callIn(`m${made}`), always: true, ...more };
};
const desk = () => TASKS.get(TASKS.newUniqueId());
const start = async (stub: DurableObjectStub<TaskDesk>, more?: Partial<Start>) =>
  (await stub.start(starting(more))) as Started;
const wait = async (stub: DurableObjectStub<TaskDesk>, taskId: string) =>
  (await stub.wait(OWNER, taskId)) as unknown as TaskView | undefined;

describe("a desk", () => {
  it("has a task's result when it was evicted since", async () => {
    const stub = desk();
    const started = await start(stub);
    if (started.kind !== "task") throw new Error(`It is no task: ${started.kind}`);
    const { taskId } = started.task;
    expect(await wait(stub, taskId)).toMatchObject({ status: "completed" });
    await evictDurableObject(stub);
    const view = (await stub.get(OWNER, taskId)) as unknown as TaskView;
    expect(view).toMatchObject({ status: "completed", result: { content: [{ text: '"halves of 😀 too"' }] } });
  });

  it("takes up a call that was cut off before it was made", async () => {
    const stub = desk();
    const { taskId } = starting();
    await runInDurableObject(stub, (_, { storage }) => {
      const now = Date.now();
      const n = insertTask(storage.sql, { taskId, owner: OWNER, createdAt: now, expiresAt: now + 60_000 });
      writeText(storage.sql, n, "call", callIn("cut-off"));
    });
    await evictDurableObject(stub);
    expect(await wait(stub, taskId)).toMatchObject({ status: "completed" });
  });

  it("answers a quick call as it is, and keeps nothing of it", async () => {
    const stub = desk();
    const started = await start(stub, { always: false });
    expect(started).toMatchObject({ kind: "ended", end: { kind: "result" } });
    expect(await stub.list(OWNER, 0, 10)).toEqual({ tasks: [] });
  });

  it("knows a task for its owner alone", async () => {
    const stub = desk();
    const started = await start(stub);
    const taskId = started.kind === "task" ? started.task.taskId : "";
    await wait(stub, taskId);
    expect(await stub.get("key:other", taskId)).toBeUndefined();
    expect(await stub.cancel("key:other", taskId)).toBeUndefined();
    expect(await stub.update("key:other", taskId, {})).toBe(false);
    expect(await stub.list("key:other", 0, 10)).toEqual({ tasks: [] });
  });

  it("forgets a task when its time is over, and its rows with the alarm", async () => {
    const stub = desk();
    const started = await start(stub, { ttlMs: 1 });
    if (started.kind !== "task") throw new Error(`It is no task: ${started.kind}`);
    const { taskId, ttlMs } = started.task;
    expect(ttlMs).toBe(TASK_TTL_LEAST_MS);
    await wait(stub, taskId);
    await runInDurableObject(stub, (_, { storage }) => {
      storage.sql.exec("UPDATE task SET expires_at = ?", Date.now() - 1);
    });
    expect(await stub.get(OWNER, taskId)).toBeUndefined();
    await runDurableObjectAlarm(stub);
    const left = await runInDurableObject(stub, (_, { storage }) => [
      ...storage.sql.exec("SELECT n FROM task"),
      ...storage.sql.exec("SELECT n FROM text"),
    ]);
    expect(left).toEqual([]);
  });

  it("has what it was asked, and what was answered so far, when it was evicted since", async () => {
    const stub = desk();
    const { taskId } = starting();
    const requests = { a: { method: "elicitation/create" }, b: { method: "roots/list" } };
    await runInDurableObject(stub, (_, { storage }) => {
      const now = Date.now();
      const n = insertTask(storage.sql, { taskId, owner: OWNER, createdAt: now, expiresAt: now + 60_000 });
      writeText(storage.sql, n, "call", callIn("parked"));
      setAsked(storage.sql, n, { parked: true, requests, requestState: "of the server" }, now);
    });
    expect(await stub.update(OWNER, taskId, { a: null, c: "was never asked" })).toBe(true);
    await evictDurableObject(stub);
    const asked = (await stub.get(OWNER, taskId)) as unknown as TaskView;
    expect(asked).toMatchObject({ status: "input_required" });
    expect(Object.keys(asked.inputRequests ?? {})).toEqual(["b"]);
    // The first answer counts: another to the same question changes nothing.
    await stub.update(OWNER, taskId, { a: "again" });
    await runInDurableObject(stub, (_, { storage }) => {
      const [row] = storage.sql.exec("SELECT responses FROM task");
      expect(JSON.parse(String(row?.responses))).toEqual({ a: null });
    });
    await stub.update(OWNER, taskId, { b: { roots: [] } });
    expect(await wait(stub, taskId)).toMatchObject({ status: "completed" });
  });

  it("takes no more open tasks than it may have, and goes on answering quick calls", async () => {
    const stub = desk();
    await runInDurableObject(stub, (_, { storage }) => {
      const now = Date.now();
      for (let n = 0; n < TASKS_OPEN; n++) {
        const task = { taskId: `open-${n}`, owner: OWNER, createdAt: now, expiresAt: now + 60_000 };
        insertTask(storage.sql, task);
      }
    });
    expect(await start(stub)).toEqual({ kind: "full", limit: TASKS_OPEN });
    expect(await start(stub, { always: false })).toMatchObject({ kind: "ended" });
    expect(await stub.cancel(OWNER, "open-0")).toMatchObject({ status: "cancelled" });
    expect(await start(stub)).toMatchObject({ kind: "task" });
  });

  it("tells its tasks page by page, in the order of their creation", async () => {
    const stub = desk();
    const ids: string[] = [];
    for (let n = 0; n < 3; n++) {
      const started = await start(stub);
      if (started.kind === "task") ids.push(started.task.taskId);
    }
    const first = (await stub.list(OWNER, 0, 2)) as { tasks: TaskView[]; next?: number };
    expect(first.tasks.map(({ taskId }) => taskId)).toEqual(ids.slice(0, 2));
    const rest = (await stub.list(OWNER, first.next ?? 0, 2)) as { tasks: TaskView[]; next?: number };
    expect([rest.tasks.map(({ taskId }) => taskId), rest.next]).toEqual([ids.slice(2), undefined]);
  });
});
