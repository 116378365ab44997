/**
 * A call that a server has made a task of: one of 2026-07-28 by itself (the extension `io.modelcontextprotocol/tasks`), one
 * of 2025-11-25 because the tool can be called in no other way. It is looked after until it has ended, and what it asks is
 * asked of whoever can be. To the hop it is one call that takes its time.
 */
import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  PROTOCOL_VERSION_META_KEY,
} from "@modelcontextprotocol/client";
import { nanoid } from "nanoid";
import type { EgressPolicy } from "../egress/address.ts";
import { egressFetch } from "../egress/fetch.ts";
import type { Relay, UpstreamError } from "../hop/call.ts";
import { TASK_POLL_MS, UPSTREAM_BYTES } from "../limits.ts";
import { INFO } from "./connect.ts";
import { asked, type Remembered, takesTasks } from "./memory.ts";
import { headerValue } from "./param-headers.ts";
import { type Answered, ToolAnswer } from "./tool-answer.ts";
import { headersOf, note } from "./tool-call.ts";

export interface UpstreamTask {
  readonly url: string;
  readonly policy: EgressPolicy;
  readonly known: Remembered;
  /** Sent along with each request. */
  readonly headers: Readonly<Record<string, string>>;
  readonly relay: Relay | undefined;
  readonly signal: AbortSignal;
  /** Keeps the request alive for work that its answer does not wait for. */
  readonly defer: (work: Promise<unknown>) => void;
}

/** How often a task is looked after, whatever its server says, in milliseconds: at most, and at least. */
const LEAST_MS = 50;
const MOST_MS = 30_000;
/** How long a server may take to hear that a task is given up, in milliseconds. */
const NOTE_MS = 5_000;

interface Told {
  readonly status?: unknown;
  readonly statusMessage?: unknown;
  readonly pollIntervalMs?: unknown;
  readonly result?: unknown;
  readonly error?: unknown;
  readonly inputRequests?: unknown;
}

/** The task that a call's answer is the handle of; nothing for an answer that is one. */
export function taskIn(answered: Answered, { discover }: Remembered, relay: Relay | undefined): string | undefined {
  if (answered.kind !== "result") return undefined;
  const given = (answered.result ?? {}) as { resultType?: unknown; taskId?: unknown; task?: { taskId?: unknown } };
  const isNew = discover !== undefined && takesTasks(relay) && given.resultType === "task";
  const taskId = isNew ? given.taskId : discover === undefined ? given.task?.taskId : undefined;
  return typeof taskId === "string" ? taskId : undefined;
}

/** @throws only what `signal` aborts with; the server is told then */
export async function outcomeOf(task: UpstreamTask, taskId: string, handle: Answered): Promise<Answered> {
  if (task.known.discover !== undefined) return lookedAfter(task, taskId, handle);
  try {
    // Answered when the task has ended; what it asks comes in the same stream.
    return await request(task, "tasks/result", { taskId }, task.signal);
  } catch (error) {
    if (task.signal.aborted) task.defer(giveUp(task, taskId));
    throw error;
  }
}

async function lookedAfter(task: UpstreamTask, taskId: string, handle: Answered): Promise<Answered> {
  const questions = new Set<string>();
  let said: unknown;
  try {
    for (let answered = handle; ; ) {
      if (answered.kind !== "result") return answered;
      const told = (answered.result ?? {}) as Told;
      if (typeof told.statusMessage === "string" && told.statusMessage !== said) {
        said = told.statusMessage;
        task.relay?.tell?.({ method: "notifications/progress", params: { progress: questions.size, message: said } });
      }
      const end = endOf(told, answered.chars);
      if (end !== undefined) return end;
      const refused = await answer(task, taskId, told.inputRequests, questions);
      if (refused !== undefined) return refused;
      await scheduler.wait(pauseOf(told.pollIntervalMs), { signal: task.signal });
      answered = await request(task, "tasks/get", { taskId }, task.signal);
    }
  } catch (error) {
    if (task.signal.aborted) task.defer(giveUp(task, taskId));
    throw error;
  }
}

function pauseOf(asked: unknown): number {
  return Math.min(MOST_MS, Math.max(LEAST_MS, typeof asked === "number" ? asked : TASK_POLL_MS));
}

/** @returns nothing while it has not ended */
function endOf({ status, statusMessage, result, error }: Told, chars: number): Answered | undefined {
  switch (status) {
    case "working":
    case "input_required":
      return undefined;
    case "completed":
      return { kind: "result", result: { resultType: "complete", ...(result as object | undefined) }, chars };
    case "failed":
      return { kind: "error", error: errorOf(error, statusMessage) };
    case "cancelled":
      return none("The server has cancelled its task.");
    default:
      return none("The server's task is in no state that is known.");
  }
}

function errorOf(error: unknown, statusMessage: unknown): UpstreamError {
  const { code, message, data } = (error ?? {}) as { code?: unknown; message?: unknown; data?: unknown };
  const words = typeof message === "string" ? message : String(statusMessage ?? "The server's task has failed.");
  return { code: typeof code === "number" ? code : -32_603, message: words, data };
}

/** Asks what has not been asked yet, and gives the server what is answered. @returns why that can't be done */
async function answer(
  task: UpstreamTask,
  taskId: string,
  requests: unknown,
  questions: Set<string>,
): Promise<Answered | undefined> {
  if (typeof requests !== "object" || requests === null) return undefined;
  const fresh = Object.entries(requests).filter(([key]) => !questions.has(key));
  if (fresh.length === 0) return undefined;
  const ask = task.relay?.ask;
  if (ask === undefined) {
    task.defer(giveUp(task, taskId));
    return none("The server's task asks its client for something, and there is nobody here who can be asked.");
  }
  const responses = await Promise.all(
    fresh.map(async ([key, given]) => {
      questions.add(key);
      const { method, params } = given as { method: string; params?: unknown };
      return [key, await ask(method, params, task.signal)] as const;
    }),
  );
  const inputResponses = Object.fromEntries(responses);
  const taken = await request(task, "tasks/update", { taskId, inputResponses }, task.signal);
  return taken.kind === "result" ? undefined : taken;
}

async function giveUp(task: UpstreamTask, taskId: string): Promise<void> {
  await request(task, "tasks/cancel", { taskId }, AbortSignal.timeout(NOTE_MS)).catch(() => undefined);
}

async function request(
  task: UpstreamTask,
  method: string,
  params: { readonly taskId: string; readonly inputResponses?: Record<string, unknown> },
  signal: AbortSignal,
): Promise<Answered> {
  const { url, policy, known, relay } = task;
  const id = nanoid();
  const stateless = known.discover !== undefined;
  const headers = taskHeaders(task, method, params.taskId);
  const body = JSON.stringify({ jsonrpc: "2.0", id, method, params: { ...params, ...envelopeOf(task) } });
  const say = (message: object) => task.defer(note(url, headersOf(task), message, policy));
  const answer = new ToolAnswer({ id, stateless, relay: stateless ? undefined : relay }, say);
  try {
    const reader = (status: number, given: Headers) => answer.reader(status, given);
    const options = { method: "POST", headers, body, signal, maxBytes: UPSTREAM_BYTES, reader } as const;
    const fetched = await egressFetch(url, options, policy);
    if (!fetched.ok) return { kind: "none", rejection: fetched.rejection, connection: false };
    return answer.of(fetched.answer);
  } finally {
    answer.end();
  }
}

/** As of any request, and what a server of 2026-07-28 reads without opening the body. */
function taskHeaders(task: UpstreamTask, method: string, taskId: string): Record<string, string> {
  const named = { "mcp-method": method, "mcp-name": headerValue(taskId) };
  return { ...headersOf(task), ...(task.known.discover === undefined ? {} : named) };
}

/** What a request without a session says of its client. */
function envelopeOf({ known, relay }: UpstreamTask): { _meta?: Record<string, unknown> } {
  if (known.discover === undefined) return {};
  return {
    _meta: {
      [PROTOCOL_VERSION_META_KEY]: known.protocolVersion,
      [CLIENT_INFO_META_KEY]: INFO,
      [CLIENT_CAPABILITIES_META_KEY]: asked(relay),
    },
  };
}

/** The call itself has arrived, whatever became of it. */
function none(detail: string): Answered {
  return { kind: "none", rejection: { code: "upstream_error", detail }, connection: false };
}
