/** A task: a call that its client does not wait for. What it is, and what may become of it. Pure. */
import type { UpstreamError } from "../hop/call.ts";
import type { SessionCaller } from "../session/caller.ts";

/** Ended ones stay as they are. */
export type TaskStatus = "working" | "input_required" | "completed" | "failed" | "cancelled";

/** What a callee asks of the client, as its server has put it. */
export interface InputRequest {
  readonly method: string;
  readonly params?: unknown;
}

export type InputRequests = Readonly<Record<string, InputRequest>>;
export type InputResponses = Readonly<Record<string, unknown>>;

/** A call as it is made, and made again for a further round: everything that it needs is in it. */
export interface TaskCall {
  readonly caller: Omit<SessionCaller, "sessionId">;
  /** By which the mesh was reached: its own host is none that it calls. */
  readonly url: string;
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly meta: Readonly<Record<string, unknown>>;
  /** What the client has declared that it can be asked. */
  readonly capabilities: Readonly<Record<string, unknown>>;
  readonly logLevel?: string | undefined;
  /** What the client has answered to an earlier result, untouched. */
  readonly answers: Answers;
}

export interface Answers {
  readonly inputResponses?: Record<string, unknown> | undefined;
  readonly requestState?: string | undefined;
}

/** How a call has ended: with a result (which may be an error of the tool's), or with an error of the protocol. */
export type CallEnd =
  | { readonly kind: "result"; readonly result: Readonly<Record<string, unknown>> }
  | { readonly kind: "error"; readonly error: UpstreamError }
  | { readonly kind: "cancelled" };

/** A task as its owner sees it. */
export interface TaskView {
  readonly taskId: string;
  readonly status: TaskStatus;
  readonly message?: string | undefined;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly updatedAt: number;
  /** From its creation on. */
  readonly ttlMs: number;
  /** Where it is completed. */
  readonly result?: Readonly<Record<string, unknown>> | undefined;
  /** Where it has failed. */
  readonly error?: UpstreamError | undefined;
  /** Where it waits for its client: what is not answered yet. */
  readonly inputRequests?: InputRequests | undefined;
}

/** What starting a task has come to. */
export type Started =
  | { readonly kind: "ended"; readonly end: CallEnd }
  | { readonly kind: "task"; readonly task: TaskView }
  /** There are as many as one principal may have. */
  | { readonly kind: "full"; readonly limit: number };

export function hasEnded(status: TaskStatus): boolean {
  switch (status) {
    case "working":
    case "input_required":
      return false;
    case "completed":
    case "failed":
    case "cancelled":
      return true;
    default:
      return status satisfies never;
  }
}

/** What a result asks before it can be had; nothing for a result that is one. */
export function askedBy(
  result: Readonly<Record<string, unknown>>,
): { requests: InputRequests; state?: string } | undefined {
  if (result.resultType !== "input_required") return undefined;
  const { inputRequests, requestState } = result;
  const requests = typeof inputRequests === "object" && inputRequests !== null ? (inputRequests as InputRequests) : {};
  return { requests, ...(typeof requestState === "string" ? { state: requestState } : {}) };
}

/** What is still to be answered. */
export function unanswered(requests: InputRequests, responses: InputResponses): InputRequests {
  return Object.fromEntries(Object.entries(requests).filter(([key]) => !Object.hasOwn(responses, key)));
}

/** How long a task is kept, of what its client wants. */
export function ttlOf(
  asked: number | null | undefined,
  bounds: { usual: number; least: number; most: number },
): number {
  if (asked === null || asked === undefined || !Number.isFinite(asked)) return bounds.usual;
  return Math.min(bounds.most, Math.max(bounds.least, Math.floor(asked)));
}
