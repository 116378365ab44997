/** Requests of 2026-07-28 as they stand on the wire: what no client library knows of yet. */
import { randomUUID } from "node:crypto";

export const TASKS_EXTENSION = "io.modelcontextprotocol/tasks";
/** A client that takes tasks, and can be asked. */
export const TAKES_TASKS = { elicitation: {}, sampling: {}, extensions: { [TASKS_EXTENSION]: {} } } as const;

export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: Record<string, unknown>;
}

export interface RpcAnswer {
  readonly result: Record<string, unknown>;
  readonly error: RpcError;
}

export type Rpc = (method: string, params?: Record<string, unknown>) => Promise<RpcAnswer>;

/** @param capabilities what each request declares of its client */
export function rpcTo(url: string, key: string, capabilities: object = TAKES_TASKS): Rpc {
  return async (method, params = {}) => {
    const name = (params.name ?? params.taskId) as string | undefined;
    const _meta = {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientCapabilities": capabilities,
      ...(params._meta as object | undefined),
    };
    const answer = await fetch(new URL("/mcp", url), {
      method: "POST",
      headers: {
        authorization: `Bearer ${key}`,
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": method,
        ...(name === undefined ? {} : { "mcp-name": name }),
      },
      body: JSON.stringify({ jsonrpc: "2.0", id: randomUUID(), method, params: { ...params, _meta } }),
    });
    const text = await answer.text();
    const isStream = answer.headers.get("content-type")?.startsWith("text/event-stream");
    const data = isStream
      ? text
          .split("\n")
          .findLast((line) => line.startsWith("data: {"))
          ?.slice(6)
      : text;
    return JSON.parse(data ?? "{}") as RpcAnswer;
  };
}
