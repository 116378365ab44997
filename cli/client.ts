/** The mesh's HTTP API, as far as the command line needs it. */
import { type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createParser, type EventSourceMessage } from "eventsource-parser";
import type { TreeHop } from "../mesh/chain/render/tree.ts";
import { EXIT, Failure, ProblemFailure, problemIn } from "./failure.ts";
import type { Target } from "./target.ts";

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor?: string;
}

export interface AgentItem {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly endpoint: { readonly kind: string; readonly url?: string; readonly binding?: string };
  readonly skills: readonly { readonly id: string; readonly description?: string }[];
  readonly status: string;
  readonly owner: string;
}

export interface ChainItem {
  readonly chainId: string;
  readonly status: string;
  readonly root: { readonly agent: string; readonly principal: string };
  readonly startedAt: number;
  readonly endedAt: number | null;
}

type Amounts = Readonly<Record<string, number>>;

export interface Chain extends ChainItem {
  readonly limits: Amounts;
  readonly spent: Amounts;
  readonly reserved: Amounts;
  readonly overrun: Amounts;
  readonly hops: Amounts;
}

export interface KeyItem {
  readonly keyId: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly agent: string | null;
  readonly createdAt: number;
  readonly expiresAt: number | null;
}

export interface Invoked {
  readonly chainId: string;
  readonly hopId: string;
  readonly output: unknown;
  readonly usage: {
    readonly hops: number;
    readonly tokens: number;
    readonly costMicros: number;
    readonly wallMs: number;
  };
}

export interface Graph {
  readonly chainId: string;
  readonly status: string;
  readonly hops: readonly TreeHop[];
  readonly nextCursor?: string;
}

/** A hop as it was at one event of its chain. */
export interface HopEvent extends TreeHop {
  readonly chainId: string;
  readonly seq: number;
  readonly type: "admitted" | "rejected" | "ended" | "retried" | "late";
  /** Epoch milliseconds. */
  readonly at: number;
  readonly caller: string;
}

export interface Call {
  readonly method?: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent in place of `body`, as newline-delimited JSON, as they come; each with its line break. */
  readonly lines?: AsyncIterable<string>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  /** Ends a stream in which nothing, not even a comment, has come for so long. */
  readonly idleMs?: number;
}

const CONNECT_MS = 10_000;
/** One event; a graph's worth of text, so that a broken server can't fill the memory. */
const EVENT_CHARS = 64 * 2 ** 20;

/** A connection that broke, or never came about: a stream may be taken up again. */
export class ConnectionFailure extends Failure {
  override readonly name = "ConnectionFailure";
}

export class Client {
  readonly #target: Target;
  readonly #signal: AbortSignal;

  /** @param signal ends every call */
  constructor(target: Target, signal: AbortSignal) {
    this.#target = target;
    this.#signal = signal;
  }

  /** The body of a success, unchanged. @throws {Failure} for everything else */
  async text(path: string, call: Call = {}): Promise<string> {
    return this.#read(await this.#send(path, call, "application/json"));
  }

  async json<T>(path: string, call: Call = {}): Promise<T> {
    return this.parsed<T>(await this.text(path, call));
  }

  parsed<T>(body: string): T {
    try {
      return JSON.parse(body) as T;
    } catch {
      throw this.#noMesh(`its answer is not JSON: ${JSON.stringify(body.slice(0, 200))}`);
    }
  }

  /** The lines of an answer, as they come. @throws {ConnectionFailure} when it breaks */
  async *lines(path: string, call: Call): AsyncGenerator<string> {
    const answer = await this.#send(path, call, "application/x-ndjson");
    const decoder = new TextDecoder();
    let rest = "";
    try {
      for await (const chunk of answer) {
        const lines = (rest + decoder.decode(chunk as Buffer, { stream: true })).split("\n");
        rest = lines.pop() ?? "";
        yield* lines;
      }
    } catch (error) {
      throw this.#broken(error);
    } finally {
      answer.destroy();
    }
    if (rest !== "") yield rest;
  }

  /** The events of a stream, to its end. @throws {ConnectionFailure} when it breaks */
  async *events(path: string, call: Call = {}): AsyncGenerator<EventSourceMessage> {
    const answer = await this.#send(path, call, "text/event-stream");
    if (!answer.headers["content-type"]?.startsWith("text/event-stream")) {
      answer.destroy();
      throw this.#noMesh("it answers without a stream");
    }
    const { idleMs } = call;
    if (idleMs !== undefined) answer.setTimeout(idleMs, () => answer.destroy(new Error("it has fallen silent")));
    const ready: EventSourceMessage[] = [];
    const parser = createParser({ maxBufferSize: EVENT_CHARS, onEvent: (event) => ready.push(event) });
    const decoder = new TextDecoder();
    try {
      for await (const chunk of answer) {
        parser.feed(decoder.decode(chunk as Buffer, { stream: true }));
        yield* ready.splice(0);
      }
    } catch (error) {
      throw this.#broken(error);
    } finally {
      answer.destroy();
    }
  }

  /** An answer that is a success; its body is still to come. No time limit but the chain's own: calls may take long. */
  async #send(path: string, call: Call, accept: string): Promise<IncomingMessage> {
    const url = new URL(this.#target.url + path);
    for (const [name, value] of Object.entries(call.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const { lines } = call;
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    const sent = (url.protocol === "https:" ? httpsRequest : httpRequest)(url, {
      method: call.method ?? (body === undefined && lines === undefined ? "GET" : "POST"),
      signal: this.#signal,
      headers: {
        accept,
        ...(this.#target.key === undefined ? {} : { authorization: `Bearer ${this.#target.key}` }),
        ...(body === undefined
          ? {}
          : { "content-type": "application/json", "content-length": Buffer.byteLength(body) }),
        ...(lines === undefined ? {} : { "content-type": "application/x-ndjson" }),
        ...call.headers,
      },
    });
    const answered = answerOf(sent);
    // What can't be read fails the call; a mesh that refuses it early says why in its answer.
    if (lines === undefined) sent.end(body);
    else pipeline(Readable.from(lines), sent).catch((error: unknown) => sent.destroy(error as Error));
    const answer = await answered.catch((error: unknown) => {
      throw this.#broken(error);
    });
    const { statusCode = 0 } = answer;
    if (statusCode >= 200 && statusCode < 300) return answer;
    const text = await this.#read(answer);
    const problem = problemIn(text);
    if (problem !== undefined) throw new ProblemFailure({ status: statusCode, ...problem }, text);
    throw this.#noMesh(`it answers with status ${statusCode}: ${JSON.stringify(text.slice(0, 200))}`);
  }

  async #read(answer: IncomingMessage): Promise<string> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of answer) chunks.push(chunk as Buffer);
    } catch (error) {
      throw this.#broken(error);
    }
    return Buffer.concat(chunks).toString("utf8");
  }

  #broken(error: unknown): Failure {
    if (error instanceof Failure) return error;
    if (this.#signal.aborted) return new Failure(EXIT.interrupted, "Interrupted.");
    const { url, source } = this.#target;
    const why = reasonOf(error);
    const help = "Start one with `npx hopline start`, or name another: --url, HOPLINE_URL.";
    return new ConnectionFailure(EXIT.unreachable, `No mesh can be reached at ${url} (${source}): ${why}.\n${help}`);
  }

  #noMesh(what: string): Failure {
    return new Failure(EXIT.unreachable, `What answers at ${this.#target.url} is no mesh: ${what}.`);
  }
}

/** Names with several addresses fail with one error each, and without a message of their own. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return reasonOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}

function answerOf(sent: ClientRequest): Promise<IncomingMessage> {
  return new Promise((done, fail) => {
    const seconds = CONNECT_MS / 1_000;
    const timer = setTimeout(() => sent.destroy(new Error(`no connection within ${seconds} s`)), CONNECT_MS);
    const settle = () => clearTimeout(timer);
    sent.once("socket", (socket) => (socket.connecting ? socket.once("connect", settle) : settle()));
    sent.once("close", settle);
    sent.once("response", done);
    sent.once("error", fail);
  });
}
