/** One call under way at a desk, and what its callee asks meanwhile. */
import type { AdmittedHop, Note, Relay } from "../hop/call.ts";
import { taskSurface } from "./surface.ts";
import type { CallEnd, InputRequest, InputRequests, TaskCall } from "./task.ts";

/** Who listens while it is not known yet whether the call becomes a task. */
export interface Ears {
  readonly tell?: ((note: Note) => unknown) | undefined;
  readonly admitted?: ((hop: AdmittedHop) => unknown) | undefined;
  readonly chunk?: ((chunk: unknown) => unknown) | undefined;
}

export interface RunPlace {
  readonly taskId: string;
  readonly round: number;
  readonly env: unknown;
  readonly defer: (work: Promise<unknown>) => void;
}

/** Characters of what a callee says of its progress that are kept. */
const MESSAGE_CHARS = 500;

export class TaskRun {
  readonly ended: Promise<CallEnd>;
  /** Called when what it asks has changed; the call has to be a task by then. */
  onAsked: ((requests: InputRequests) => void) | undefined;
  /** The last that its callee has said of its progress. */
  message: string | undefined;
  readonly #stop = new AbortController();
  readonly #asked = new Map<string, { readonly request: InputRequest; readonly answer: (value: unknown) => void }>();
  #ears: Ears | undefined;
  #asks = 0;

  constructor(call: TaskCall, { taskId, round, env, defer }: RunPlace, ears?: Ears) {
    this.#ears = ears;
    const relay: Relay = {
      capabilities: call.capabilities,
      logLevel: call.logLevel,
      answers: call.answers,
      ask: (method, params, signal) => this.#ask({ method, params }, signal),
      tell: (note) => this.#tell(note),
    };
    const run = {
      idempotencyKey: `task-${taskId}-${round}`,
      relay,
      signal: this.#stop.signal,
      onAdmitted: (hop: AdmittedHop) => void this.#hear(() => this.#ears?.admitted?.(hop)),
      onChunk: (chunk: unknown) => void this.#hear(() => this.#ears?.chunk?.(chunk)),
    };
    this.ended = taskSurface()
      .call(call, run, env, defer)
      .then((end) => (this.#stop.signal.aborted ? { kind: "cancelled" } : end));
  }

  /** It is a task now: what its callee says is kept, not sent. */
  becomeTask(): void {
    this.#ears = undefined;
  }

  /** Tells whoever listens by now what it asks already. */
  askAgain(): void {
    if (this.#asked.size > 0) this.onAsked?.(this.#requests());
  }

  cancel(): void {
    this.#stop.abort(new Error("The task was cancelled."));
  }

  /** Of something that was not asked, or is answered already, nothing comes. */
  answer(key: string, value: unknown): void {
    this.#asked.get(key)?.answer(value);
  }

  #ask(request: InputRequest, signal: AbortSignal): Promise<unknown> {
    this.#asks += 1;
    const key = `ask-${this.#asks}`;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const given = AbortSignal.any([signal, this.#stop.signal]);
    const forget = () => {
      this.#asked.delete(key);
      this.onAsked?.(this.#requests());
    };
    const answer = (value: unknown) => {
      forget();
      resolve(value);
    };
    this.#asked.set(key, { request, answer });
    given.addEventListener("abort", () => {
      forget();
      reject(given.reason);
    });
    this.onAsked?.(this.#requests());
    return promise;
  }

  #requests(): InputRequests {
    return Object.fromEntries([...this.#asked].map(([key, { request }]) => [key, request]));
  }

  #tell(note: Note): void {
    const { message } = note.params;
    if (note.method === "notifications/progress" && typeof message === "string") {
      this.message = message.slice(0, MESSAGE_CHARS).toWellFormed();
    }
    void this.#hear(() => this.#ears?.tell?.(note));
  }

  /** Whoever listens is elsewhere, and may have left. */
  async #hear(say: () => unknown): Promise<void> {
    try {
      await say();
    } catch {
      // Nothing is lost: the task tells the same.
    }
  }
}
