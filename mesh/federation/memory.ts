/** What an isolate remembers of upstream servers: how to speak to each without asking it again. Plain data, for any request. */
import type { Client, ClientCapabilities } from "@modelcontextprotocol/client";
import type { Relay } from "../hop/call.ts";

export interface Remembered {
  /** Of a server of 2026-07-28: how it has described itself. */
  readonly discover: ReturnType<Client["getDiscoverResult"]>;
  readonly sessionId: string | undefined;
  readonly protocolVersion: string | undefined;
}

/** By address; bounded. An upgraded server is noticed when its era fails, or when the isolate ends. */
const REMEMBERED = 1_000;
const remembered = new Map<string, Remembered>();

interface Spoken {
  readonly url: string;
  readonly relay?: Relay | undefined;
}

export function recall(upstream: Spoken): Remembered | undefined {
  return remembered.get(keyOf(upstream));
}

export function remember(upstream: Spoken, facts: Remembered): void {
  const key = keyOf(upstream);
  remembered.delete(key);
  remembered.set(key, facts);
  const [oldest] = remembered.keys();
  if (remembered.size > REMEMBERED && oldest !== undefined) remembered.delete(oldest);
}

export function forget(upstream: Spoken): void {
  remembered.delete(keyOf(upstream));
}

/** A session was opened with what its client can: clients that can other things have sessions of their own. */
function keyOf({ url, relay }: Spoken): string {
  return `${url} ${JSON.stringify(answerable(relay))}`;
}

/** The extension of 2026-07-28 by which servers make tasks of calls that take long. */
const TASKS_EXTENSION = "io.modelcontextprotocol/tasks";

/** Whether a server may make a task of a call: where nobody waits but the mesh, and where the client takes tasks. */
export function takesTasks(relay: Relay | undefined): boolean {
  if (relay === undefined) return true;
  const { extensions } = relay.capabilities as ClientCapabilities;
  return extensions?.[TASKS_EXTENSION] !== undefined;
}

/** What a server is told that its client can. */
export function asked(relay: Relay | undefined): ClientCapabilities {
  const extensions = takesTasks(relay) ? { extensions: { [TASKS_EXTENSION]: {} } } : {};
  return { ...answerable(relay), ...extensions };
}

/** What a server may ask of the client, as the client has declared it; nothing where nobody could answer. */
export function answerable(relay: Relay | undefined): ClientCapabilities {
  const { sampling, elicitation, roots } = (relay?.capabilities ?? {}) as ClientCapabilities;
  return {
    ...(sampling === undefined ? {} : { sampling }),
    ...(elicitation === undefined ? {} : { elicitation }),
    // Its changes are not passed on: a server asks again when it needs them.
    ...(roots === undefined ? {} : { roots: {} }),
  };
}

/** Whether a server has lost the session: 404 by the protocol; some answer 400 and say why. Either way it has done nothing. */
export function isLostSession(status: number | undefined, said: string): boolean {
  return status === 404 || (status === 400 && /session/i.test(said));
}
