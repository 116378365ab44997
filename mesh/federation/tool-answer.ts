/** Reads a server's answer to a call, in whichever form it comes, and passes on what is said in between. */
import { createParser } from "eventsource-parser";
import type { EgressAnswer } from "../egress/fetch.ts";
import type { Relay, UpstreamError } from "../hop/call.ts";
import type { Rejection } from "../rejection.ts";
import { type Message, Questions } from "./questions.ts";

/** How a server has answered a call. */
export type Answered =
  | { readonly kind: "result"; readonly result: unknown; readonly chars: number }
  /** The server's own error. */
  | { readonly kind: "error"; readonly error: UpstreamError }
  /** Anything but 200, with what it said. */
  | { readonly kind: "status"; readonly status: number; readonly said: string }
  /** Nothing that is an answer. `connection`: nothing was heard at all, so the call may not have arrived. */
  | { readonly kind: "none"; readonly rejection: Rejection; readonly connection: boolean };

/** The most that a server may ask to wait, in milliseconds. */
const RETRY_MOST_MS = 60_000;

export class ToolAnswer {
  readonly #id: string;
  readonly #stateless: boolean;
  readonly #relay: Relay | undefined;
  readonly #questions: Questions;
  #answer: Answered | undefined;
  #lastEvent: string | undefined;
  /** What the server asks to wait before it is asked for the rest, in milliseconds. */
  retryMs = 0;

  /** @param say sends a message to the server; whether it arrives is not waited for */
  constructor(
    { id, stateless, relay }: { id: string; stateless: boolean; relay: Relay | undefined },
    say: (message: object) => void,
  ) {
    this.#id = id;
    this.#stateless = stateless;
    this.#relay = relay;
    this.#questions = new Questions(relay, say);
  }

  /** The event after which the stream goes on elsewhere; nothing when the answer is there, or the stream can't be taken up. */
  get goesOn(): string | undefined {
    return this.#answer === undefined ? this.#lastEvent : undefined;
  }

  /** Of a stream: told its text until the answer was in it. */
  reader(status: number, headers: Headers): ((text: string) => boolean) | undefined {
    if (status !== 200 || mediaType(headers) !== "text/event-stream") return undefined;
    const parser = createParser({
      onRetry: (ms) => {
        this.retryMs = Math.min(ms, RETRY_MOST_MS);
      },
      onEvent: ({ id, event = "message", data }) => {
        if (id !== undefined && id !== "") this.#lastEvent = id;
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
    if (this.#lastEvent !== undefined && status !== 200) return none("The stream of the answer was cut off.", true);
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
    if (status === 400 && this.#stateless) this.#take(json, body.length);
    return this.#answer ?? { kind: "status", status, said: body };
  }

  end(): void {
    this.#questions.end();
  }

  #take(given: unknown, chars: number): void {
    if (typeof given !== "object" || given === null) return;
    const message = given as Message;
    if (message.method !== undefined) return this.#told(message);
    if (message.id !== this.#id) return;
    const { error, result } = message;
    if (typeof error === "object" && error !== null) {
      const { code, message: said, data } = error;
      const words = typeof said === "string" ? said : "";
      this.#answer = { kind: "error", error: { code: typeof code === "number" ? code : 0, message: words, data } };
    } else if (result !== undefined) this.#answer = { kind: "result", result, chars };
  }

  #told({ method, id, params }: Message): void {
    const relay = this.#relay;
    if (method === undefined) return;
    if (id !== undefined) return this.#questions.take(id, method, params);
    if (method === "notifications/message") relay?.tell?.({ method, params: { ...params } });
    if (method === "notifications/progress" && params?.progressToken === this.#id) {
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
