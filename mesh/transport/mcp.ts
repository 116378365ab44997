/** Tools of a remote MCP server: a call of one is a hop, and its result passes through as the server gave it. */
import {
  type CallToolResult,
  type Client,
  LOG_LEVEL_META_KEY,
  type Progress,
  ProtocolError,
} from "@modelcontextprotocol/client";
import { withUpstream } from "../federation/connect.ts";
import { answerable, forget, isLostSession, type Remembered, recall, takesTasks } from "../federation/memory.ts";
import { lackingOf } from "../federation/needs.ts";
import type { Answered } from "../federation/tool-answer.ts";
import { callTool } from "../federation/tool-call.ts";
import { outcomeOf, taskIn } from "../federation/upstream-task.ts";
import { checked, deliveredOf, failure } from "./mcp-answer.ts";
import { type Delivered, type Delivery, failed, type Transport } from "./transport.ts";

export const mcp: Transport = async (delivery) => {
  const { agent, skill, input, relay } = delivery;
  const { endpoint } = agent;
  if (endpoint.kind !== "mcp") throw new TypeError("An mcp transport was given another endpoint.");
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    return failed({ code: "invalid_input", detail: "A tool's arguments are an object." });
  }
  const lacking = lackingOf(skill, relay);
  if (lacking !== undefined) return failed(lacking);
  const headers = endpoint.continues ? await lineage(delivery) : {};
  const spoken = { url: endpoint.url, relay };
  let known = recall(spoken);
  if (known === undefined && (takesTasks(relay) || onlyAsTask(skill))) {
    const met = await meet(delivery, endpoint.url, headers);
    if (met !== undefined) return met;
    known = recall(spoken);
  }
  if (known !== undefined && !asksInRounds(known, delivery)) {
    const first = await callKnown(delivery, endpoint.url, known, headers);
    const taskId = taskIn(first, known, relay);
    const { mesh, signal } = delivery;
    const defer = (work: Promise<unknown>) => mesh.defer(work);
    const place = { url: endpoint.url, policy: mesh.egress, known, headers, relay, signal, defer };
    const answered = taskId === undefined ? first : await outcomeOf(place, taskId, first);
    if (!isStale(answered, known)) return deliveredOf(delivery, answered, known);
    // It has done nothing: it is got to know anew, and called as if for the first time.
    forget(spoken);
  }
  return callAnew(delivery, endpoint.url, headers);
};

/** Several rounds of questions and answers are the client library's to keep. */
function asksInRounds({ discover }: Remembered, { relay }: Delivery): boolean {
  const inCall = relay?.ask !== undefined && relay.answers === undefined;
  return discover !== undefined && inCall && Object.keys(answerable(relay)).length > 0;
}

/** Tells the calls of one isolate apart: an attempt of a hop is not its only one. */
let calls = 0;

function callKnown(
  delivery: Delivery,
  url: string,
  known: Remembered,
  headers: Readonly<Record<string, string>>,
): Promise<Answered> {
  const { mesh, skill, hopId, input, inputJson, relay, signal } = delivery;
  calls += 1;
  return callTool({
    url,
    policy: mesh.egress,
    known,
    headers,
    relay,
    id: `${hopId}-${calls}`,
    tool: skill.id,
    schema: skill.inputSchema,
    asTask: known.discover === undefined && onlyAsTask(skill),
    args: input as object,
    argsJson: inputJson,
    traceparent: traceparentOf(delivery),
    signal,
    defer: (work) => mesh.defer(work),
  });
}

function onlyAsTask({ tool }: Delivery["skill"]): boolean {
  return tool?.taskSupport === "required";
}

/** Gets to know a server, which may answer a call with a task: only what is remembered of it is spoken to in its own words. */
async function meet(delivery: Delivery, url: string, headers: Record<string, string>): Promise<Delivered | undefined> {
  const { agent, mesh, signal, deadlineMs, relay } = delivery;
  const timeout = Math.max(1, deadlineMs - mesh.now());
  try {
    await withUpstream({ url, policy: mesh.egress, headers, relay }, { signal, timeout }, async () => undefined);
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    return failure(agent.name, error);
  }
}

async function callAnew(delivery: Delivery, url: string, headers: Record<string, string>): Promise<Delivered> {
  const { agent, mesh, skill, input, signal, deadlineMs, relay } = delivery;
  const timeout = Math.max(1, deadlineMs - mesh.now());
  const { inputResponses, requestState } = relay?.answers ?? {};
  const answers = {
    ...(inputResponses === undefined ? {} : { inputResponses }),
    ...(requestState === undefined ? {} : { requestState }),
  };
  const tell = relay?.tell;
  const told =
    tell === undefined
      ? {}
      : {
          onprogress: ({ progress, total, message }: Progress) =>
            tell({ method: "notifications/progress", params: { progress, total, message } }),
        };
  try {
    const upstream = { url, policy: mesh.egress, headers, relay };
    const result = await withUpstream(upstream, { signal, timeout }, ({ client }) =>
      client.callTool(
        {
          name: skill.id,
          arguments: input as Record<string, unknown>,
          ...answers,
          _meta: {
            traceparent: traceparentOf(delivery),
            ...(relay?.logLevel === undefined ? {} : { [LOG_LEVEL_META_KEY]: relay.logLevel }),
          },
        } as Parameters<Client["callTool"]>[0],
        {
          ...told,
          signal,
          timeout,
          maxTotalTimeout: timeout,
          allowInputRequired: relay !== undefined && (relay.ask === undefined || relay.answers !== undefined),
        },
      ),
    );
    return checked(delivery, result as CallToolResult, JSON.stringify(result).length);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ProtocolError) {
      const { code, message, data } = error;
      relay?.erred?.({ code, message, data });
    }
    return failure(agent.name, error);
  }
}

function traceparentOf({ chainId, hopId }: Delivery): string {
  return `00-${chainId}-${hopId}-01`;
}

/** Only for a server that was registered as one that calls on: nobody else gets a token. */
async function lineage(delivery: Delivery): Promise<Record<string, string>> {
  const { chainId, hopId } = delivery;
  return { "hopline-token": await delivery.token(), "hopline-chain": chainId, "hopline-hop": hopId };
}

/** Headers that do not fit the body, and a version that is not spoken any more: the server is not what it was. */
const STALE_ERRORS: ReadonlySet<number> = new Set([-32_020, -32_022]);
const STALE_STATUSES: ReadonlySet<number> = new Set([400, 404, 405]);

/** Whether what is remembered of a server is no longer so: it has refused the request itself, and done nothing. */
function isStale(answered: Answered, { discover }: Remembered): boolean {
  if (answered.kind === "error") return discover !== undefined && STALE_ERRORS.has(answered.error.code);
  if (answered.kind !== "status") return false;
  const { status, said } = answered;
  return discover === undefined ? isLostSession(status, said) : STALE_STATUSES.has(status);
}
