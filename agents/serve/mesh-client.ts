/** Calling on: the mesh's HTTP API as a hop uses it, with its token. */
import { EventSourceParserStream } from "eventsource-parser/stream";
import { type CallOptions, type CallResult, HopRejected, type Remaining } from "../define.ts";
import { hopIdOf, rejectionOf } from "./problem.ts";

export interface MeshAddress {
  /** Its origin. */
  readonly url: string;
  /** The agent's own key, where it is registered with `requireKey`. */
  readonly key?: string | undefined;
}

/**
 * @param path of an agent or a tool, such as `/v1/agents/echo/invoke`
 * @param ended aborts when the hop has: the mesh has cancelled what is below it by then
 * @throws {HopRejected} what the mesh refused or the callee failed with @throws the reason of `options.signal`
 */
export async function invoke(
  mesh: MeshAddress,
  token: string,
  path: string,
  input: unknown,
  options: CallOptions,
  ended: AbortSignal,
): Promise<CallResult> {
  const { idempotencyKey, onChunk, signal, ...rest } = options;
  // A call whose client leaves goes on as JSON, and is cancelled as a stream.
  const streams = onChunk !== undefined || signal !== undefined;
  const headers: Record<string, string> = {
    "content-type": "application/json",
    accept: streams ? "text/event-stream" : "application/json",
    ...credentials(mesh, token),
    ...(idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey }),
  };
  const body = JSON.stringify({ input: input ?? null, ...rest });
  const until = signal === undefined ? ended : AbortSignal.any([signal, ended]);
  try {
    const response = await fetch(mesh.url + path, { method: "POST", headers, body, signal: until, redirect: "error" });
    if (response.ok && isStream(response)) return await readEvents(response, onChunk);
    const answer = parse(await response.text());
    if (!response.ok) throw rejected(answer, `with status ${response.status}`);
    return answer as CallResult;
  } catch (error) {
    throw unreached(mesh, error, until);
  }
}

/** What is left to the hop of a token, now. @throws {HopRejected} token_invalid, once the hop has ended */
export async function remaining(mesh: MeshAddress, token: string, ended: AbortSignal): Promise<Remaining> {
  try {
    const headers = { accept: "application/json", ...credentials(mesh, token) };
    const response = await fetch(`${mesh.url}/v1/hop`, { headers, signal: ended, redirect: "error" });
    const answer = parse(await response.text());
    if (!response.ok) throw rejected(answer, `with status ${response.status}`);
    return (answer as { remaining: Remaining }).remaining;
  } catch (error) {
    throw unreached(mesh, error, ended);
  }
}

function credentials({ key }: MeshAddress, token: string): Record<string, string> {
  return { authorization: `Bearer ${key ?? token}`, ...(key === undefined ? {} : { "hopline-token": token }) };
}

/** @returns what a call of the mesh failed with @throws the reason of `until` */
function unreached({ url }: MeshAddress, error: unknown, until: AbortSignal): HopRejected {
  if (error instanceof HopRejected) return error;
  until.throwIfAborted();
  const why = error instanceof Error ? error.message : String(error);
  return new HopRejected({ code: "internal", detail: `The mesh at ${url} can't be reached: ${why}` });
}

function isStream(response: Response): boolean {
  return /^text\/event-stream\b/i.test(response.headers.get("content-type") ?? "");
}

async function readEvents(response: Response, onChunk: CallOptions["onChunk"]): Promise<CallResult> {
  const text = response.body?.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>);
  const events = text?.pipeThrough(new EventSourceParserStream()) as unknown as AsyncIterable<{
    event?: string;
    data: string;
  }>;
  for await (const { event, data } of events) {
    const value = parse(data);
    if (event === "result") return value as CallResult;
    if (event === "problem") throw rejected(value, "with an event 'problem'");
    if (event === "chunk") tell(onChunk, value);
  }
  throw new HopRejected({ code: "internal", detail: "The mesh ended its stream without a result." });
}

/** A listener's failure is its caller's, not the call's. */
function tell(onChunk: CallOptions["onChunk"], chunk: unknown): void {
  try {
    onChunk?.(chunk);
  } catch (error) {
    console.error("A listener for pieces of an answer has failed", error);
  }
}

function rejected(body: unknown, what: string): HopRejected {
  return new HopRejected(rejectionOf(body, what), hopIdOf(body));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
