/** Tasks as each era tells them. Pure. */
import { TASK_POLL_MS } from "../../mesh/limits.ts";
import type { TaskView } from "../../mesh/task/task.ts";

/** The extension of 2026-07-28 by which clients say that they take tasks. */
export const TASKS_EXTENSION = "io.modelcontextprotocol/tasks";
/** Where 2025-11-25 names the task that a message belongs to. */
export const RELATED_TASK = "io.modelcontextprotocol/related-task";

type Wire = Record<string, unknown>;

/** What both eras say alike. */
function common({ taskId, status, message, createdAt, updatedAt }: TaskView): Wire {
  return {
    taskId,
    status,
    ...(message === undefined ? {} : { statusMessage: message }),
    createdAt: new Date(createdAt).toISOString(),
    lastUpdatedAt: new Date(updatedAt).toISOString(),
  };
}

/** 2025-11-25: the state alone; the result is asked for by itself. */
export function oldTask(view: TaskView): Wire {
  return { ...common(view), ttl: view.ttlMs, pollInterval: TASK_POLL_MS };
}

/** 2026-07-28, as a call is answered that has become a task. */
export function newTask(view: TaskView): Wire {
  return { ...common(view), ttlMs: view.ttlMs, pollIntervalMs: TASK_POLL_MS };
}

/** 2026-07-28, as `tasks/get` tells it: what has come of it, and what it asks, are in it. */
export function detailedTask(view: TaskView): Wire {
  const { result, error, inputRequests } = view;
  return {
    ...newTask(view),
    ...(result === undefined ? {} : { result: { resultType: "complete", ...result } }),
    ...(error === undefined ? {} : { error }),
    ...(inputRequests === undefined ? {} : { inputRequests }),
  };
}
