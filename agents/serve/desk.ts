/** Where calls of a served agent come in: verified, read, run, answered. Knows what runs, and when it takes no more. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { registrationOf } from "../../mesh/builtins.ts";
import type { AgentDefinition } from "../define.ts";
import { Answer } from "./answer.ts";
import { ServedHop } from "./hop.ts";
import type { MeshAddress } from "./mesh-client.ts";
import { readBody, readCall } from "./request.ts";
import type { Verifier } from "./token.ts";

const ENDED = new DOMException("The hop has ended.", "AbortError");

export class Desk {
  readonly #agent: AgentDefinition;
  readonly #mesh: MeshAddress;
  readonly #verify: Verifier;
  readonly #running = new Map<Promise<void>, AbortController>();
  #draining = false;

  constructor(agent: AgentDefinition, mesh: MeshAddress, verify: Verifier) {
    this.#agent = agent;
    this.#mesh = mesh;
    this.#verify = verify;
  }

  async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = new Answer(response);
    // Whoever checks its health is told that it takes no calls.
    if (request.method === "GET" && !this.#draining) return card(this.#agent, response);
    if (request.method !== "POST" && request.method !== "GET") {
      request.resume();
      return answer.problem({ status: 405, code: "method_not_allowed", detail: "Calls are POST; GET is the card." });
    }
    if (this.#draining) {
      request.resume();
      return answer.problem({ status: 503, code: "agent_unavailable", detail: "The agent is being stopped." });
    }
    const stop = new AbortController();
    response.once("close", () => {
      if (!response.writableFinished) stop.abort(new DOMException("The mesh has closed the call.", "AbortError"));
    });
    const running = this.#run(request, answer, stop).catch((error: unknown) => {
      // A request that breaks off has nobody to be answered.
      if (!stop.signal.aborted) console.error(`Agent '${this.#agent.name}' could not answer`, error);
      response.destroy();
    });
    this.#running.set(running, stop);
    await running;
    this.#running.delete(running);
  }

  /** Waits until nothing runs, for `graceMs` at most; what still runs then is aborted. */
  async drain(graceMs: number): Promise<void> {
    this.#draining = true;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((done) => {
      timer = setTimeout(done, graceMs);
    });
    await Promise.race([Promise.allSettled(this.#running.keys()), late]);
    clearTimeout(timer);
    for (const stop of this.#running.values()) stop.abort(new DOMException("The agent was stopped.", "AbortError"));
  }

  async #run(request: IncomingMessage, answer: Answer, stop: AbortController): Promise<void> {
    const { headers } = request;
    const token = headers["hopline-token"]?.toString() ?? "";
    const [verified, body] = await Promise.all([this.#verify(token), readBody(request)]);
    if (!verified.ok) return answer.problem(verified.problem);
    if (!body.ok) return answer.problem(body.problem);
    const call = readCall(this.#agent, body.value);
    if (!call.ok) return answer.problem(call.problem);
    const { chainId, hopId, expiresAtMs } = verified.claims;
    // The header is finer than the token's whole seconds, and can only shorten what was signed.
    const deadlineMs = Math.min(expiresAtMs, Number(headers["hopline-deadline"]) || expiresAtMs);
    const { skill, definition, input } = call.value;
    const onChunk = (json: string) => answer.chunk(json);
    const depth = Number(headers["hopline-depth"]) || 1;
    const place = {
      chainId,
      hopId,
      depth,
      agent: this.#agent.name,
      skill,
      deadlineMs,
      token,
      signal: stop.signal,
      onChunk,
    };
    const hop = new ServedHop(place, this.#mesh);
    const timer = setTimeout(
      () => stop.abort(new DOMException("The hop's deadline has passed.", "TimeoutError")),
      Math.max(0, deadlineMs - Date.now()),
    );
    try {
      const output = await definition.handler(input, hop);
      hop.end();
      answer.output(output, hop.reported);
    } catch (error) {
      hop.end();
      const detail = error instanceof Error ? error.message : String(error);
      answer.problem({ status: 500, code: "upstream_error", detail });
    } finally {
      clearTimeout(timer);
      stop.abort(ENDED);
    }
  }
}

/** What the agent is, for whoever looks: no secret stands in it. */
function card(agent: AgentDefinition, response: ServerResponse): void {
  const { name, version, description, skills } = registrationOf(agent);
  response
    .writeHead(200, { "content-type": "application/json" })
    .end(JSON.stringify({ name, version, description, skills }));
}
