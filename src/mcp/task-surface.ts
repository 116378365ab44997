/** What makes the calls of tasks: the same call as without one. */
import { type CallToolResult, ProtocolError, ProtocolErrorCode } from "@modelcontextprotocol/server";
import type { TaskSurface } from "../../mesh/task/surface.ts";
import type { CallEnd } from "../../mesh/task/task.ts";
import type { Env } from "../env.ts";
import { callAgent } from "./call.ts";
import { META } from "./meta.ts";
import { identityOf } from "./session-surface.ts";

export const TASK_SURFACE: TaskSurface = {
  call: async ({ caller, url, name, args, meta }, run, env, defer) => {
    try {
      const result = await callAgent(identityOf(caller, url, env as Env, defer), { name, args, meta, ...run });
      return { kind: "result", result };
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      const { code, message, data } = error;
      return { kind: "error", error: { code, message, ...(data === undefined ? {} : { data }) } };
    }
  },
  recovered,
};

/** A call that the ledger has settled for want of anybody who would is no answer of the tool's. */
function recovered(end: CallEnd): CallEnd {
  const problem = end.kind === "result" ? refusalIn(end.result) : undefined;
  if (problem === undefined) return end;
  const detail = typeof problem.detail === "string" ? ` ${problem.detail}` : "";
  const message = `The mesh was restarted while this call was under way, and the call has not survived it.${detail}`;
  return { kind: "error", error: { code: ProtocolErrorCode.InternalError, message, data: problem } };
}

function refusalIn({ isError, _meta }: CallToolResult | Readonly<Record<string, unknown>>) {
  const problem = isError === true ? (_meta as Record<string, unknown> | undefined)?.[META.problem] : undefined;
  return problem as Record<string, unknown> | undefined;
}
