/**
 * One `tools/call` to a server that the isolate has spoken to before: one POST in the framing of its era, without a client
 * being made for it. What the server says in between (progress, logs, questions to the client) comes in the answer's own
 * stream and finds its way back.
 */
import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  PROTOCOL_VERSION_META_KEY,
} from "@modelcontextprotocol/client";
import { createParser } from "eventsource-parser";
import type { EgressPolicy } from "../egress/address.ts";
import { type EgressAnswer, egressFetch } from "../egress/fetch.ts";
import type { Relay } from "../hop/call.ts";
import { UPSTREAM_BYTES } from "../limits.ts";
import type { Rejection } from "../rejection.ts";
import type { JsonSchema } from "../schema.ts";
import { INFO } from "./connect.ts";
import { asked, type Remembered } from "./memory.ts";
import { headerValue, paramHeaders } from "./param-headers.ts";
import { type Message, Questions } from "./questions.ts";

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
  readonly argsJson: string;
  readonly traceparent: string;
  readonly signal: AbortSignal;
  /** Keeps the request alive for work that its answer does not wait for. */
  readonly defer: (work: Promise<unknown>) => void;
}

export type Answered =
  | { readonly kind: "result"; readonly result: unknown; readonly chars: number }
  /** The server's own error. */
  | { readonly kind: "error"; readonly code: number; readonly message: string }
  /** Anything but 200, with what it said. */
  | { readonly kind: "status"; readonly status: number; readonly said: string }
  /** Nothing that is an answer. `connection`: nothing was heard at all, so the call may not have arrived. */
  | { readonly kind: "none"; readonly rejection: Rejection; readonly connection: boolean };

/** How long a note to the server may take that nobody waits for, in milliseconds. */
const NOTE_MS = 5_000;

/** @throws only what `signal` aborts with */
export async function callTool(call: ToolCall): Promise<Answered> {
  const { url, policy, signal } = call;
  const headers = headersOf(call);
  const answer = new ToolAnswer(call, headers);
  try {
    const fetched = await egressFetch(
      url,
      {
        method: "POST",
        headers: { ...headers, ...requestHeaders(call) },
        body: bodyOf(call),
        signal,
        maxBytes: UPSTREAM_BYTES,
        reader: (status, given) => answer.reader(status, given),
      },
      policy,
    );
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

function headersOf({ known, headers }: ToolCall): Record<string, string> {
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
function bodyOf({ id, tool, argsJson, known, relay, traceparent }: ToolCall): string {
  const { inputResponses, requestState } = relay?.answers ?? {};
  const told = relay?.tell === undefined ? "" : `,"progressToken":"${id}"`;
  const envelope =
    known.discover === undefined
      ? ""
      : `,"${PROTOCOL_VERSION_META_KEY}":"${known.protocolVersion}","${CLIENT_INFO_META_KEY}":${INFO_JSON},"${CLIENT_CAPABILITIES_META_KEY}":${JSON.stringify(asked(relay))}`;
  const responses = inputResponses === undefined ? "" : `,"inputResponses":${JSON.stringify(inputResponses)}`;
  const state = requestState === undefined ? "" : `,"requestState":${JSON.stringify(requestState)}`;
  const params = `"name":${JSON.stringify(tool)},"arguments":${argsJson}${responses}${state}`;
  const meta = `{"traceparent":"${traceparent}"${told}${envelope}}`;
  return `{"jsonrpc":"2.0","id":"${id}","method":"tools/call","params":{${params},"_meta":${meta}}}`;
}

/** Reads one answer, however it comes. */
class ToolAnswer {
  readonly #call: ToolCall;
  readonly #questions: Questions;
  #answer: Answered | undefined;

  constructor(call: ToolCall, headers: Readonly<Record<string, string>>) {
    this.#call = call;
    const { url, policy } = call;
    const say = (message: object) => note(url, headers, message, policy);
    this.#questions = new Questions(call.relay, (message) => call.defer(say(message)));
  }

  /** Of a stream: told its text until the answer was in it. */
  reader(status: number, headers: Headers): ((text: string) => boolean) | undefined {
    if (status !== 200 || mediaType(headers) !== "text/event-stream") return undefined;
    const parser = createParser({
      onEvent: ({ event = "message", data }) => {
        if (data === "" || event !== "message" || this.#answer !== undefined) return;
        this.#take(parsed(data), data.length);
      },
    });
    return (text) => {
      parser.feed(text);
      return this.#answer !== undefined;
    };
  }

  of({ status, headers, body }: EgressAnswer): Answered {
    if (this.#answer !== undefined) return this.#answer;
    const type = mediaType(headers);
    if (status === 200 && type === "text/event-stream")
      return none("The stream of the answer ended without one.", true);
    if (status === 200 && type !== "application/json") return none(`The answer is no JSON but '${type}'.`);
    const json = parsed(body);
    if (status === 200) {
      for (const message of Array.isArray(json) ? json : [json]) this.#take(message, body.length);
      return this.#answer ?? none("The answer is not one to the call.");
    }
    // 2026-07-28 gives the protocol's own errors statuses too.
    if (status === 400 && this.#call.known.discover !== undefined) this.#take(json, body.length);
    return this.#answer ?? { kind: "status", status, said: body };
  }

  end(): void {
    this.#questions.end();
  }

  #take(given: unknown, chars: number): void {
    if (typeof given !== "object" || given === null) return;
    const message = given as Message;
    if (message.method !== undefined) return this.#told(message);
    if (message.id !== this.#call.id) return;
    const { error, result } = message;
    if (typeof error === "object" && error !== null) {
      const { code, message: said } = error;
      this.#answer = { kind: "error", code: typeof code === "number" ? code : 0, message: String(said ?? "") };
    } else if (result !== undefined) this.#answer = { kind: "result", result, chars };
  }

  #told({ method, id, params }: Message): void {
    const { relay, id: token } = this.#call;
    if (method === undefined) return;
    if (id !== undefined) return this.#questions.take(id, method, params);
    if (method === "notifications/message") relay?.tell?.({ method, params: { ...params } });
    if (method === "notifications/progress" && params?.progressToken === token) {
      const { progress, total, message } = params;
      relay?.tell?.({ method, params: { progress, total, message } });
    }
    if (method === "notifications/cancelled") this.#questions.cancel(params?.requestId);
  }
}

function none(detail: string, connection = false): Answered {
  return { kind: "none", rejection: { code: "upstream_error", detail }, connection };
}

function mediaType(headers: Headers): string {
  return headers.get("content-type")?.split(";")[0]?.trim().toLowerCase() ?? "";
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return undefined;
  }
}

function cancelled({ url, policy, id }: ToolCall, headers: Readonly<Record<string, string>>): Promise<void> {
  const params = { requestId: id, reason: "The call was given up." };
  return note(url, headers, { method: "notifications/cancelled", params }, policy);
}

/** Whether it arrives is not waited for: the server may be gone. */
async function note(
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
