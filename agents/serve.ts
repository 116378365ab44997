/**
 * `hopline/agent`: runs a `defineAgent` source as an `http` agent in a Node process. The protocol is docs/protocol.md;
 * the same source runs inside the mesh (`builtin`) and behind a binding.
 *
 * @example
 * await serveAgent(greeter, { port: 9001 });
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { AgentDefinition } from "./define.ts";
import { Desk } from "./serve/desk.ts";
import { register } from "./serve/register.ts";
import { tokenVerifier } from "./serve/token.ts";

export type {
  AgentDefinition,
  CallOptions,
  CallResult,
  Hop,
  Remaining,
  SkillDefinition,
  ToolResult,
} from "./define.ts";
export { defineAgent, HopRejected, skill } from "./define.ts";

export interface ServeOptions {
  /** PORT, or 9001, by default; 0 takes a free one. */
  readonly port?: number;
  /** 127.0.0.1 by default: whoever listens on more than loopback stands behind TLS. */
  readonly host?: string;
  /** Where the mesh is; HOPLINE_URL, or http://127.0.0.1:8787, by default. */
  readonly mesh?: string;
  /** The mesh's name in its deployment: the audience of its tokens. `default` by default. */
  readonly meshName?: string;
  /** The agent's own key, of scope `agent`, for one that is registered with `requireKey`. */
  readonly key?: string;
  /** Registers the agent, or replaces its registration. */
  readonly register?:
    | boolean
    | {
        /** A key of scope `register`; HOPLINE_KEY by default. */
        readonly key?: string;
        /** Where the mesh reaches this agent; its own address by default. */
        readonly url?: string;
      };
  /** How long running calls may go on after a stop, in milliseconds: 10,000 by default. */
  readonly graceMs?: number;
  /** Whether SIGTERM and SIGINT stop it; true by default. */
  readonly signals?: boolean;
}

export interface ServedAgent {
  readonly url: string;
  readonly port: number;
  /** Answers new calls by 503, waits for those that run, for `graceMs` at most, aborts what is left then, and closes. */
  stop(): Promise<void>;
}

/** The mesh keeps connections: one that this side closes meanwhile would look like a failed agent. */
const KEEP_ALIVE_MS = 120_000;
const GRACE_MS = 10_000;

/** Resolves when the agent listens and, if asked to, is registered. @throws {Error} when it can't be */
export async function serveAgent(agent: AgentDefinition, options: ServeOptions = {}): Promise<ServedAgent> {
  const {
    host = "127.0.0.1",
    port = Number(process.env.PORT ?? 9001),
    meshName = "default",
    graceMs = GRACE_MS,
  } = options;
  const mesh = new URL(options.mesh ?? process.env.HOPLINE_URL ?? "http://127.0.0.1:8787").origin;
  const desk = new Desk(agent, { url: mesh, key: options.key }, tokenVerifier(mesh, meshName, agent.name));
  const server = createServer((request, response) => void desk.take(request, response));
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  await listening(server, port, host);
  const taken = (server.address() as AddressInfo).port;
  const url = `http://${host.includes(":") ? `[${host}]` : host}:${taken}/`;

  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= stopped(server, desk, graceMs).finally(() => {
      for (const signal of SIGNALS) process.off(signal, onSignal);
    });
    return stopping;
  };
  // A second signal finds no handler, and ends the process at once.
  const onSignal = () => void stop();
  if (options.signals !== false) for (const signal of SIGNALS) process.once(signal, onSignal);

  if (options.register !== undefined && options.register !== false) {
    const { key = process.env.HOPLINE_KEY, url: reachedAt = url } = options.register === true ? {} : options.register;
    try {
      if (key === undefined) throw new Error("To register an agent takes a key: set HOPLINE_KEY, or register.key.");
      await register(agent, { mesh, key, url: reachedAt, requireKey: options.key !== undefined });
    } catch (error) {
      await stop();
      throw error;
    }
  }
  return { url, port: taken, stop };
}

const SIGNALS = ["SIGTERM", "SIGINT"] as const;

function listening(server: Server, port: number, host: string): Promise<void> {
  return new Promise((done, fail) => {
    server.once("error", fail);
    server.listen(port, host, () => done());
  });
}

async function stopped(server: Server, desk: Desk, graceMs: number): Promise<void> {
  // It listens on while calls run: whoever connects meanwhile is told that it takes no more, instead of nothing.
  await desk.drain(graceMs);
  const closed = new Promise<void>((done) => server.close(() => done()));
  server.closeAllConnections();
  await closed;
}
