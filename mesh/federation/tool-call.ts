/**
 * One `tools/call` to a server that the isolate has spoken to before: one POST in the framing of its era, without a client
 * being made for it. What the server says in between (progress, logs, questions to the client) comes in the answer's own
 * stream and finds its way back.
 */
import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  LOG_LEVEL_META_KEY,
  PROTOCOL_VERSION_META_KEY,
} from "@modelcontextprotocol/client";
import type { EgressPolicy } from "../egress/address.ts";
import { type EgressResult, egressFetch } from "../egress/fetch.ts";
import type { Relay } from "../hop/call.ts";
import { UPSTREAM_BYTES } from "../limits.ts";
import type { JsonSchema } from "../schema.ts";
import { INFO } from "./connect.ts";
import { asked, type Remembered } from "./memory.ts";
import { headerValue, paramHeaders } from "./param-headers.ts";
import { type Answered, ToolAnswer } from "./tool-answer.ts";

export interface ToolCall {
  readonly url: string;
  readonly policy: EgressPolicy;
  readonly known: Remembered;
  /** Sent along: the lineage, for a server that calls on. */
  readonly headers: Readonly<Record<string, string>>;
  readonly relay: Relay | undefined;
  /** Once in the server's session, which calls share. */
  readonly id: string;
  readonly tool: string;
  /** Of the arguments. */
  readonly schema: JsonSchema;
  readonly args: object;
  /** Whether it is asked for as a task, of a server with sessions that answers it in no other way. */
  readonly asTask: boolean;
  readonly argsJson: string;
  readonly traceparent: string;
  readonly signal: AbortSignal;
  /** Keeps the request alive for work that its answer does not wait for. */
  readonly defer: (work: Promise<unknown>) => void;
}

/** How long a note to the server may take that nobody waits for, in milliseconds. */
const NOTE_MS = 5_000;

/**
 * A server may close the stream of a call that it is still working on, and give the rest to whoever comes back: so often
 * it is asked in vain, and after so many milliseconds at least, twice as many each time.
 */
const RESUMES = 3;
const RESUME_LEAST_MS = 200;

/** Whether a stream has ended, or was lost, rather than refused. */
function isCut(fetched: EgressResult): boolean {
  return fetched.ok ? fetched.answer.status === 200 : fetched.connection;
}

/** @throws only what `signal` aborts with */
export async function callTool(call: ToolCall): Promise<Answered> {
  const { url, policy, signal } = call;
  const headers = headersOf(call);
  const say = (message: object) => call.defer(note(url, headers, message, policy));
  const answer = new ToolAnswer({ id: call.id, stateless: call.known.discover !== undefined, relay: call.relay }, say);
  try {
    const reader = (status: number, given: Headers) => answer.reader(status, given);
    const sent = { method: "POST", headers: { ...headers, ...requestHeaders(call) }, body: bodyOf(call) } as const;
    const bounds = { signal, maxBytes: UPSTREAM_BYTES, reader };
    let fetched = await egressFetch(url, { ...sent, ...bounds }, policy);
    for (let failed = 0; answer.goesOn !== undefined && isCut(fetched) && failed < RESUMES; failed++) {
      call.relay?.lasts?.();
      await scheduler.wait(Math.max(answer.retryMs, RESUME_LEAST_MS * 2 ** failed), { signal });
      const resumed = { ...headers, accept: "text/event-stream", "last-event-id": answer.goesOn };
      const before = answer.goesOn;
      fetched = await egressFetch(url, { method: "GET", headers: resumed, ...bounds }, policy);
      // As long as something comes it goes on, until the deadline.
      if (answer.goesOn !== before) failed = -1;
    }
    if (!fetched.ok) return { kind: "none", rejection: fetched.rejection, connection: fetched.connection };
    return answer.of(fetched.answer);
  } catch (error) {
    // Without a session the closed connection has said it.
    if (signal.aborted && call.known.discover === undefined) call.defer(cancelled(call, headers));
    throw error;
  } finally {
    answer.end();
  }
}

/** What every request to a known server says. */
export function headersOf({ known, headers }: Pick<ToolCall, "known" | "headers">): Record<string, string> {
  const { sessionId, protocolVersion } = known;
  return {
    ...headers,
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    ...(sessionId === undefined ? {} : { "mcp-session-id": sessionId }),
    ...(protocolVersion === undefined ? {} : { "mcp-protocol-version": protocolVersion }),
  };
}

/** What a server of 2026-07-28, or a proxy before it, reads without opening the body. */
function requestHeaders({ known, tool, schema, args }: ToolCall): Record<string, string> {
  if (known.discover === undefined) return {};
  return { ...paramHeaders(schema, args), "mcp-method": "tools/call", "mcp-name": headerValue(tool) };
}

const INFO_JSON = JSON.stringify(INFO);

/** The arguments go as the JSON that they were measured by. */
function bodyOf({ id, tool, argsJson, asTask, known, relay, traceparent }: ToolCall): string {
  const { inputResponses, requestState } = relay?.answers ?? {};
  const told = relay?.tell === undefined ? "" : `,"progressToken":"${id}"`;
  const logged = relay?.logLevel === undefined ? "" : `,"${LOG_LEVEL_META_KEY}":${JSON.stringify(relay.logLevel)}`;
  const envelope =
    known.discover === undefined
      ? ""
      : `,"${PROTOCOL_VERSION_META_KEY}":"${known.protocolVersion}","${CLIENT_INFO_META_KEY}":${INFO_JSON},"${CLIENT_CAPABILITIES_META_KEY}":${JSON.stringify(asked(relay))}`;
  const responses = inputResponses === undefined ? "" : `,"inputResponses":${JSON.stringify(inputResponses)}`;
  const state = requestState === undefined ? "" : `,"requestState":${JSON.stringify(requestState)}`;
  const task = asTask ? `,"task":{}` : "";
  const params = `"name":${JSON.stringify(tool)},"arguments":${argsJson}${task}${responses}${state}`;
  const meta = `{"traceparent":"${traceparent}"${told}${logged}${envelope}}`;
  return `{"jsonrpc":"2.0","id":"${id}","method":"tools/call","params":{${params},"_meta":${meta}}}`;
}

function cancelled({ url, policy, id }: ToolCall, headers: Readonly<Record<string, string>>): Promise<void> {
  const params = { requestId: id, reason: "The call was given up." };
  return note(url, headers, { method: "notifications/cancelled", params }, policy);
}

/** Whether it arrives is not waited for: the server may be gone. */
export async function note(
  url: string,
  headers: Readonly<Record<string, string>>,
  message: object,
  policy: EgressPolicy,
): Promise<void> {
  const body = JSON.stringify({ jsonrpc: "2.0", ...message });
  const signal = AbortSignal.timeout(NOTE_MS);
  await egressFetch(url, { method: "POST", headers, body, signal, maxBytes: UPSTREAM_BYTES }, policy).catch(
    () => undefined,
  );
}
