/**
 * A call that runs before anybody knows whether its client must hear more than the result. Most calls end soon and say nothing
 * in between: they are answered by plain JSON, and nothing else was made for them. One that takes longer, says something,
 * asks its client or fails is adopted by the SDK's server, which answers it by a stream from there on.
 */
import type { CallToolResult } from "@modelcontextprotocol/server";
import type { Note, Relay } from "../../mesh/hop/call.ts";
import type { Running } from "../../mesh/hop/watch.ts";
import type { Identity } from "../auth.ts";
import { callAgent } from "./call.ts";
import type { PlainCall } from "./plain-call.ts";

/** What is known of the client before there is a way to it. */
export interface Client {
  readonly capabilities: Readonly<Record<string, unknown>>;
  readonly logLevel?: string | undefined;
  /** Whether it can be asked while its call is open. */
  readonly asked: boolean;
}

export class RunningCall implements Running {
  readonly #identity: Identity;
  readonly #listeners = new Set<() => void>();
  readonly #client = Promise.withResolvers<Relay>();
  readonly #needed = Promise.withResolvers<undefined>();
  readonly #result: Promise<CallToolResult>;
  readonly #notes: Note[] = [];
  #relay: Relay | undefined;
  /** Whether it was cancelled. */
  over = false;
  #parked = false;

  constructor(identity: Identity, { name, args, meta }: PlainCall, { capabilities, logLevel, asked }: Client) {
    this.#identity = identity;
    const relay: Relay = {
      capabilities,
      logLevel,
      tell: (note) => this.#tell(note),
      lasts: () => this.#park(),
      ...(asked ? { ask: async (...question) => (await this.#toClient()).ask?.(...question) } : { answers: {} }),
    };
    this.#result = callAgent(identity, { name, args, meta, within: this, relay });
  }

  /** The result, if it comes within `ms` milliseconds and nothing else is to be said; nothing for a call that is to be adopted. */
  async soon(ms: number): Promise<CallToolResult | undefined> {
    const tooLate = () => this.#needed.resolve(undefined);
    const cancel = this.#identity.mesh.after(ms, tooLate);
    try {
      const result = await Promise.race([this.#result.catch(() => undefined), this.#needed.promise]);
      // What asks by its result is checked against what the client can.
      return result?.resultType === undefined ? result : undefined;
    } finally {
      cancel();
    }
  }

  /** @param relay the way to the client, by which it hears what was said already @throws what the call throws */
  adopt(relay: Relay, signal: AbortSignal): Promise<CallToolResult> {
    if (signal.aborted) this.cancel();
    signal.addEventListener("abort", () => this.cancel(), { once: true });
    this.#relay = relay;
    this.#client.resolve(relay);
    for (const note of this.#notes.splice(0)) relay.tell?.(note);
    if (this.#parked) relay.lasts?.();
    return this.#result;
  }

  cancel(): void {
    this.over = true;
    for (const listener of this.#listeners) listener();
  }

  onOver(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #park(): void {
    this.#parked = true;
    this.#needed.resolve(undefined);
    this.#relay?.lasts?.();
  }

  #toClient(): Promise<Relay> {
    this.#needed.resolve(undefined);
    return this.#client.promise;
  }

  /** Progress is of no use to a client that has not asked for it. */
  #tell(note: Note): void {
    if (note.method === "notifications/progress") return;
    if (this.#relay !== undefined) return this.#relay.tell?.(note);
    this.#notes.push(note);
    this.#needed.resolve(undefined);
  }
}
