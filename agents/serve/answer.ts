/** An answer over HTTP: JSON, or, from the first piece that the handler emits, text/event-stream. */
import type { ServerResponse } from "node:http";
import type { ReportedUsage } from "../../mesh/budget.ts";
import { type Problem, problemBody } from "./problem.ts";

export class Answer {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  chunk(json: string): void {
    if (!this.#response.headersSent) {
      this.#response.writeHead(200, {
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-store",
      });
    }
    this.#event("chunk", json);
  }

  output(output: unknown, usage: ReportedUsage): void {
    this.#end("result", 200, "application/json", JSON.stringify({ output: output ?? null, usage }));
  }

  problem(problem: Problem): void {
    this.#end("problem", problem.status, "application/problem+json", JSON.stringify(problemBody(problem)));
  }

  #end(event: "result" | "problem", status: number, type: string, json: string): void {
    const response = this.#response;
    // Whoever asked has left.
    if (response.destroyed || response.writableEnded) return;
    if (response.headersSent) {
      this.#event(event, json);
      response.end();
      return;
    }
    const headers: Record<string, string | number> = {
      "content-type": type,
      "content-length": Buffer.byteLength(json),
    };
    if (status === 503) headers["retry-after"] = 1;
    if (status === 503) headers.connection = "close";
    response.writeHead(status, headers).end(json);
  }

  #event(event: string, json: string): void {
    // JSON has no line breaks of its own, so one line of data holds it.
    if (!this.#response.destroyed) this.#response.write(`event: ${event}\ndata: ${json}\n\n`);
  }
}
