/** What a server asks within a call's stream: put to the client where it has declared that it can answer, else refused. */
import type { Relay } from "../hop/call.ts";
import { asked } from "./memory.ts";

/** A JSON-RPC message as it came: nothing of it is checked yet. */
export interface Message {
  readonly id?: string | number | undefined;
  readonly method?: string | undefined;
  readonly params?: Readonly<Record<string, unknown>> | undefined;
  readonly result?: unknown;
  readonly error?: { readonly code?: unknown; readonly message?: unknown; readonly data?: unknown } | undefined;
}

const METHOD_NOT_FOUND = -32_601;
const INTERNAL_ERROR = -32_603;

export class Questions {
  readonly #relay: Relay | undefined;
  readonly #say: (message: object) => void;
  readonly #open = new Map<string | number, AbortController>();

  /** @param say sends a message to the server; whether it arrives is not waited for */
  constructor(relay: Relay | undefined, say: (message: object) => void) {
    this.#relay = relay;
    this.#say = say;
  }

  take(id: string | number, method: string, params: unknown): void {
    if (method === "ping") return this.#say({ id, result: {} });
    const ask = this.#relay?.ask;
    if (ask === undefined || !mayAsk(method, this.#relay)) {
      const message = `The client that calls can't be asked for ${method}.`;
      return this.#say({ id, error: { code: METHOD_NOT_FOUND, message } });
    }
    const stop = new AbortController();
    this.#open.set(id, stop);
    ask(method, params, stop.signal).then(
      (result) => this.#answer(id, stop, { result }),
      (error: unknown) => this.#answer(id, stop, { error: errorOf(error) }),
    );
  }

  /** The server has withdrawn a question. */
  cancel(id: unknown): void {
    this.#open.get(id as string | number)?.abort();
  }

  /** The call is over, and with it what was asked within it. */
  end(): void {
    for (const stop of this.#open.values()) stop.abort();
    this.#open.clear();
  }

  #answer(id: string | number, stop: AbortController, answer: object): void {
    if (stop.signal.aborted) return;
    this.#open.delete(id);
    this.#say({ id, ...answer });
  }
}

function mayAsk(method: string, relay: Relay | undefined): boolean {
  const { sampling, elicitation, roots } = asked(relay);
  switch (method) {
    case "sampling/createMessage":
      return sampling !== undefined;
    case "elicitation/create":
      return elicitation !== undefined;
    case "roots/list":
      return roots !== undefined;
    default:
      return false;
  }
}

function errorOf(error: unknown): { code: number; message: string } {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  return {
    code: typeof code === "number" ? code : INTERNAL_ERROR,
    message: typeof message === "string" ? message : "The client gave no answer.",
  };
}
