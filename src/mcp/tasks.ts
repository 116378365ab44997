/**
 * The tasks facility of each era over one desk. 2025-11-25: the client asks for a task with its call, and fetches the result
 * by itself. 2026-07-28, an extension: the mesh makes a task of a call that takes long, where the client takes tasks.
 */
import {
  type CallToolResult,
  CLIENT_CAPABILITIES_META_KEY,
  MissingRequiredClientCapabilityError,
  ProtocolError,
  ProtocolErrorCode,
  type Server,
  type ServerContext,
} from "@modelcontextprotocol/server";
import * as z from "zod";
import { decodeCursor, encodeCursor } from "../../mesh/cursor.ts";
import type { Relay } from "../../mesh/hop/call.ts";
import { TASKS_PAGE } from "../../mesh/limits.ts";
import type { TaskDesk } from "../../mesh/task/desk.ts";
import type { Ears } from "../../mesh/task/run.ts";
import { hasEnded, type InputRequest, type Started, type TaskView } from "../../mesh/task/task.ts";
import type { Identity } from "../auth.ts";
import type { ToolCall } from "./call.ts";
import { META } from "./meta.ts";
import { callerOf, deskOf, isTaskOf, newTaskId } from "./task-desk.ts";
import { detailedTask, newTask, oldTask, RELATED_TASK, TASKS_EXTENSION } from "./task-wire.ts";

/** What the server declares of it, in each era's place. */
export const TASK_CAPABILITIES = {
  tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } },
  extensions: { [TASKS_EXTENSION]: {} },
};

/** Whether a call is to be, or may become, a task. */
export interface TaskWish {
  readonly always: boolean;
  readonly ttlMs?: number | undefined;
}

/** @param task what a client of 2025-11-25 sends with its call; later ones say once that they take tasks */
export function taskWish(
  ctx: ServerContext,
  task: { readonly ttl?: number | undefined } | undefined,
): TaskWish | undefined {
  if (ctx.mcpReq.envelope !== undefined) return takesTasks(ctx) ? { always: false } : undefined;
  return task && { always: true, ttlMs: task.ttl };
}

function takesTasks({ mcpReq }: ServerContext): boolean {
  const declared = (mcpReq.envelope as Record<string, unknown> | undefined)?.[CLIENT_CAPABILITIES_META_KEY] as
    | { extensions?: Record<string, unknown> }
    | undefined;
  return declared?.extensions?.[TASKS_EXTENSION] !== undefined;
}

/** A call at the desk. @throws {ProtocolError} what it has ended with */
export async function callAsTask(
  {
    identity,
    desks,
    ctx,
    server,
  }: { identity: Identity; desks: DurableObjectNamespace<TaskDesk>; ctx: ServerContext; server: Server },
  { name, args, meta, signal }: ToolCall,
  { always, ttlMs }: TaskWish,
  { capabilities, logLevel, answers = {} }: Relay,
  ears: Ears,
): Promise<CallToolResult> {
  const url = ctx.http?.req?.url ?? "http://localhost/";
  const call = { caller: callerOf(identity), url, name, args, meta, capabilities, logLevel, answers };
  const taskId = await newTaskId(identity);
  const start = { taskId, owner: identity.principal, call, ttlMs, always };
  const desk = deskOf(identity, desks);
  const started = (await desk.start(start, ears, signal)) as Started;
  if (started.kind === "task" && always) {
    identity.mesh.defer(tellStatus(server, desk, identity.principal, started.task).catch(() => undefined));
  }
  switch (started.kind) {
    case "ended":
      return resultOf(started.end);
    case "task":
      // The protocol's own schema of this answer wants content; what a task has none of is taken out as it leaves.
      return always
        ? ({ content: [], task: oldTask(started.task) } as CallToolResult)
        : ({ content: [], resultType: "task", ...newTask(started.task) } as CallToolResult);
    case "full": {
      const words = `There are ${started.limit} tasks of yours that have not ended, or too many that are kept: wait until some have, or cancel some.`;
      throw new ProtocolError(ProtocolErrorCode.InternalError, words, { limit: started.limit });
    }
    default:
      return started satisfies never;
  }
}

/** Tells a client with a session each change of its task, until it has ended: whoever listens need not look. */
async function tellStatus(
  server: Server,
  desk: DurableObjectStub<TaskDesk>,
  owner: string,
  task: TaskView,
): Promise<void> {
  for (let known: TaskView = task; !hasEnded(known.status); ) {
    const { status, updatedAt } = known;
    const next = (await desk.wait(owner, task.taskId, { status, updatedAt })) as TaskView | undefined;
    if (next === undefined) return;
    if (next.status !== status || next.updatedAt !== updatedAt) {
      await server.notification({ method: "notifications/tasks/status", params: oldTask(next) } as never);
    }
    known = next;
  }
}

function resultOf(end: (Started & { kind: "ended" })["end"]): CallToolResult {
  switch (end.kind) {
    case "result":
      return end.result as CallToolResult;
    case "error":
      throw new ProtocolError(end.error.code, end.error.message, end.error.data);
    case "cancelled":
      throw new ProtocolError(ProtocolErrorCode.InternalError, "The call was cancelled.");
    default:
      return end satisfies never;
  }
}

/** Answers to a message that are asked for by these methods alone. */
const OfTask = z.looseObject({ taskId: z.string().max(256) });
const List = z.looseObject({ cursor: z.string().optional() });

export function serveTasks(
  server: Server,
  identityOf: (ctx: ServerContext) => Identity,
  desks: DurableObjectNamespace<TaskDesk>,
): void {
  /** The desk, where the task may be. @throws {ProtocolError} where it can't be, or to a client that takes none */
  const deskWith = async (taskId: string, ctx: ServerContext) => {
    if (ctx.mcpReq.envelope !== undefined && !takesTasks(ctx)) {
      const requiredCapabilities = { extensions: { [TASKS_EXTENSION]: {} } };
      throw new MissingRequiredClientCapabilityError(
        { requiredCapabilities },
        "The request does not declare that it takes tasks.",
      );
    }
    const identity = identityOf(ctx);
    if (!(await isTaskOf(taskId, identity))) throw noSuchTask(taskId);
    return { desk: deskOf(identity, desks), owner: identity.principal };
  };

  server.setRequestHandler("tasks/get", { params: OfTask }, async ({ taskId }, ctx) => {
    const { desk, owner } = await deskWith(taskId, ctx);
    const view = found((await desk.get(owner, taskId)) as TaskView | undefined, taskId);
    return ctx.mcpReq.envelope === undefined ? oldTask(view) : detailedTask(view);
  });
  server.setRequestHandler("tasks/cancel", { params: OfTask }, async ({ taskId }, ctx) => {
    const { desk, owner } = await deskWith(taskId, ctx);
    const old = ctx.mcpReq.envelope === undefined;
    const before = old ? ((await desk.get(owner, taskId)) as TaskView | undefined) : undefined;
    if (before !== undefined && hasEnded(before.status)) {
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, `The task has already ended: it is ${before.status}.`);
    }
    const view = found((await desk.cancel(owner, taskId)) as TaskView | undefined, taskId);
    return old ? oldTask(view) : {};
  });
  server.setRequestHandler("tasks/update", { params: OfTask }, async ({ taskId }, ctx) => {
    if (ctx.mcpReq.envelope === undefined)
      throw new ProtocolError(ProtocolErrorCode.MethodNotFound, "Method not found");
    const { desk, owner } = await deskWith(taskId, ctx);
    if (!(await desk.update(owner, taskId, ctx.mcpReq.inputResponses ?? {}))) throw noSuchTask(taskId);
    return {};
  });
  // The next two are of 2025-11-25 alone: later clients get -32601 before they get here.
  server.setRequestHandler("tasks/list", { params: List }, async ({ cursor }, ctx) => {
    const identity = identityOf(ctx);
    const after = cursor === undefined ? 0 : decodeCursor(cursor);
    if (typeof after !== "number") {
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, "This is not a cursor of this list: leave it out.");
    }
    const page = await deskOf(identity, desks).list(identity.principal, after, TASKS_PAGE);
    const { tasks, next } = page as { tasks: TaskView[]; next?: number };
    return { tasks: tasks.map(oldTask), ...(next === undefined ? {} : { nextCursor: encodeCursor(next) }) };
  });
  server.setRequestHandler("tasks/result", { params: OfTask }, async ({ taskId }, ctx) => {
    const { desk, owner } = await deskWith(taskId, ctx);
    const related = { [RELATED_TASK]: { taskId } };
    for (;;) {
      const view = found((await desk.wait(owner, taskId)) as TaskView | undefined, taskId);
      if (ctx.mcpReq.signal.aborted || hasEnded(view.status)) return payloadOf(view, related);
      const answers = await asked(view.inputRequests ?? {}, related, ctx);
      if (Object.keys(answers).length > 0) await desk.update(owner, taskId, answers);
    }
  });
}

/** Asks the client what its task asks, on the stream of the request that waits for the result. */
async function asked(
  requests: Readonly<Record<string, InputRequest>>,
  related: Record<string, unknown>,
  { mcpReq }: ServerContext,
): Promise<Record<string, unknown>> {
  const answers = await Promise.all(
    Object.entries(requests).map(async ([key, { method, params }]) => {
      const own = params as { _meta?: Record<string, unknown> } | undefined;
      const told = { ...own, _meta: { ...own?._meta, ...related } };
      const answer = await mcpReq.send({ method: method as "elicitation/create", params: told as never });
      return [key, answer] as const;
    }),
  );
  return Object.fromEntries(answers);
}

/** What the call would have answered. @throws {ProtocolError} */
function payloadOf(
  { status, result, error, message }: TaskView,
  related: Record<string, unknown>,
): Record<string, unknown> {
  if (result !== undefined) return { ...result, _meta: { ...(result._meta as object | undefined), ...related } };
  if (error !== undefined) throw new ProtocolError(error.code, error.message, error.data);
  throw new ProtocolError(ProtocolErrorCode.InternalError, message ?? `The task is ${status}.`, {
    [META.task]: status,
  });
}

function found(view: TaskView | undefined, taskId: string): TaskView {
  if (view === undefined) throw noSuchTask(taskId);
  return view;
}

/** Somebody else's is as if it were not there. */
function noSuchTask(taskId: string): ProtocolError {
  const words = `There is no task '${taskId.slice(0, 64).toWellFormed()}' of yours, or it is kept no longer.`;
  return new ProtocolError(ProtocolErrorCode.InvalidParams, words);
}
