/**
 * An http agent's answer in pieces, text/event-stream: events `chunk`, each with one piece as JSON, then `result` with
 * what an agent answers otherwise as its body, or `problem` with an RFC 9457 body. Other events are left alone.
 */
import { createParser } from "eventsource-parser";
import { type Hop, HopRejected } from "../../agents/define.ts";
import type { Rejection } from "../rejection.ts";
import { parseJson } from "./json.ts";

export class AnswerStream {
  readonly #hop: Pick<Hop, "emit">;
  /** Whether the answer came as a stream. */
  taken = false;
  result: string | undefined;
  failed = false;
  /** Why the mesh did not take a piece. */
  refused: Rejection | undefined;

  constructor(hop: Pick<Hop, "emit">) {
    this.#hop = hop;
  }

  reader(status: number, headers: Headers): ((text: string) => void) | undefined {
    if (status !== 200 || !/^text\/event-stream\b/i.test(headers.get("content-type") ?? "")) return undefined;
    this.taken = true;
    const parser = createParser({ onEvent: ({ event, data }) => this.#take(event ?? "message", data) });
    return (text) => parser.feed(text);
  }

  #take(event: string, data: string): void {
    if (this.result !== undefined || this.refused !== undefined) return;
    if (event === "result" || event === "problem") {
      this.result = data;
      this.failed = event === "problem";
    } else if (event === "chunk") this.#emit(data);
  }

  #emit(data: string): void {
    const chunk = parseJson(data);
    if (chunk === undefined) {
      this.refused = { code: "upstream_error", detail: "The agent sent an event 'chunk' that is not JSON." };
      return;
    }
    try {
      this.#hop.emit(chunk.value);
    } catch (error) {
      if (!(error instanceof HopRejected)) throw error;
      this.refused = error.rejection;
    }
  }
}
