/** Which servers are listened to: all active ones, up to a number, while anybody follows the registry's changes. */
import type { EgressPolicy } from "../egress/address.ts";
import type { Agent } from "../schema.ts";
import { listen } from "./listen.ts";

/** Connections that one registry holds for this. Servers beyond are found to have changed when they are used. */
const LISTENED = 50;

export class Listeners {
  readonly #heard: (agent: Agent, policy: EgressPolicy) => Promise<void>;
  /** By name and address. */
  readonly #open = new Map<string, AbortController>();
  #policy: EgressPolicy | undefined;
  #followers = 0;

  /** @param heard called when a server has said that it has changed */
  constructor(heard: (agent: Agent, policy: EgressPolicy) => Promise<void>) {
    this.#heard = heard;
  }

  /** Somebody follows from now on. @returns to be called when that is over */
  begin(policy: EgressPolicy, servers: () => readonly Agent[]): () => void {
    this.#policy = policy;
    this.#followers += 1;
    this.sync(servers);
    return () => {
      this.#followers -= 1;
      this.sync(servers);
    };
  }

  /** Listens to those there are now, and to nobody when nobody follows. */
  sync(servers: () => readonly Agent[]): void {
    const policy = this.#followers > 0 ? this.#policy : undefined;
    const wanted = new Map<string, Agent>();
    if (policy !== undefined) {
      for (const agent of servers().slice(0, LISTENED)) if (agent.status === "active") wanted.set(keyOf(agent), agent);
    }
    for (const [key, stop] of this.#open) {
      if (wanted.has(key)) continue;
      this.#open.delete(key);
      stop.abort();
    }
    if (policy === undefined) return;
    for (const [key, agent] of wanted) if (!this.#open.has(key)) this.#listen(key, agent, policy);
  }

  #listen(key: string, agent: Agent, policy: EgressPolicy): void {
    const { endpoint } = agent;
    if (endpoint.kind !== "mcp") return;
    const stop = new AbortController();
    this.#open.set(key, stop);
    const failed = (error: unknown) => console.error(`federation: news of '${agent.name}' could not be taken`, error);
    const heard = () => void this.#heard(agent, policy).catch(failed);
    // One that was never seen has just been registered, and is being asked.
    const askedAt = agent.upstream?.lastSeenAt ?? Date.now();
    listen({ url: endpoint.url, policy }, stop.signal, heard, { askedAt }).catch(failed);
  }
}

function keyOf({ name, endpoint }: Agent): string {
  return `${name} ${endpoint.kind === "mcp" ? endpoint.url : ""}`;
}
