/** What speaks in sessions: the same server as without them. Sessions are kept by the core, which gets this from the entry point. */
import { ProtocolError, ProtocolErrorCode, ResourceNotFoundError } from "@modelcontextprotocol/server";
import { REGIONS } from "../../mesh/ids.ts";
import { MCP_SUBSCRIPTIONS } from "../../mesh/limits.ts";
import { Mesh } from "../../mesh/mesh.ts";
import type { SessionCaller } from "../../mesh/session/caller.ts";
import type { Begun, SessionCall, SessionSurface, Subscriptions, Who } from "../../mesh/session/surface.ts";
import type { Identity } from "../auth.ts";
import { type Env, settingsOf } from "../env.ts";
import { Refused } from "../problem.ts";
import { findChain } from "../routes/chains.ts";
import { followLists } from "./lists.ts";
import { followResource, mayFollow } from "./news.ts";
import { namedBy } from "./resources.ts";
import { RunningCall } from "./running-call.ts";
import { createServer, type MeshServer, type ServerOptions } from "./server.ts";

/**
 * How long a call may take to be answered by plain JSON, in milliseconds: what breaks before can't be taken up again. Not so
 * short that a busy mesh makes streams of everything, which costs it more.
 */
const SOON_MS = 1_000;

export const SESSION_SURFACE: SessionSurface = {
  who: (caller, url, env, defer) => whoOf(identityOf(caller, url, env as Env, defer)),
  speaker: (subscriptions, env) => {
    const mesh = createServer({
      identityOf: (ctx) => identityIn(ctx.http?.authInfo),
      toolsCap: settingsOf(env as Env).mcpToolsCap,
      runningOf: (ctx) => ctx.http?.authInfo?.extra?.running as RunningCall | undefined,
      subscriptions: guarded(subscriptions),
      desks: (env as Env).TASKS,
    });
    return { server: mesh.server, begin: (who, call) => new SessionRun(mesh, identityIn(who), call) };
  },
  goingOn: (who, begun) => ({ ...who, extra: { ...who.extra, running: (begun as SessionRun).running } }),
  revision: (who) => identityIn(who).mesh.registry.revision(),
  followLists: (who, ...rest) => followLists(identityIn(who), ...rest),
  followResource: (who, ...rest) => followResource(identityIn(who), ...rest),
};

/** An ordinary call of a session. */
class SessionRun implements Begun {
  readonly running: RunningCall;
  readonly #id: SessionCall["id"];

  constructor({ server, level }: MeshServer, identity: Identity, call: SessionCall) {
    const capabilities = { ...server.getClientCapabilities() };
    this.running = new RunningCall(identity, call, { capabilities, logLevel: level, asked: true });
    this.#id = call.id;
  }

  async soon(): Promise<string | undefined> {
    const result = await this.running.soon(SOON_MS);
    return result && JSON.stringify({ jsonrpc: "2.0", id: this.#id, result });
  }

  cancel(): void {
    this.running.cancel();
  }
}

/** The identity as the Worker has found it, with the mesh as this object reaches it. */
export function identityOf(
  caller: Omit<SessionCaller, "sessionId">,
  url: string,
  env: Env,
  defer: (work: Promise<unknown>) => void,
): Identity {
  const mesh = new Mesh(caller.mesh, {
    bindings: env,
    settings: settingsOf(env),
    region: () => REGIONS[0],
    reachedAt: () => url,
    defer,
  });
  const { principal, scopes, hop, deployment } = caller;
  return { mesh, principal, scopes: new Set(scopes), hop, deployment };
}

/** The bearer itself goes no further than the check that it was given to. */
function whoOf(identity: Identity): Who {
  return { token: "", clientId: identity.principal, scopes: [...identity.scopes], extra: { identity } };
}

function identityIn(who: Who | undefined): Identity {
  if (who?.extra === undefined) throw new Error("A request has come to a session without its caller.");
  return who.extra.identity as Identity;
}

function guarded(subscriptions: Subscriptions): NonNullable<ServerOptions["subscriptions"]> {
  return {
    add: async (uri, identity) => {
      await mustFollow(identity, uri);
      if (subscriptions.add(uri, whoOf(identity))) return;
      const message = `A session follows at most ${MCP_SUBSCRIPTIONS} resources: unsubscribe from one first.`;
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, message);
    },
    remove: async (uri) => subscriptions.remove(uri),
    level: subscriptions.level,
    setLevel: (level) => subscriptions.setLevel(level),
  };
}

/** @throws {ResourceNotFoundError} */
async function mustFollow(identity: Identity, uri: string): Promise<void> {
  const named = namedBy(uri);
  if (!(await mayFollow(identity, uri))) throw new ResourceNotFoundError(uri);
  if (named === undefined || named.kind === "agent") return;
  try {
    await findChain(identity.mesh, named.id);
  } catch (error) {
    throw error instanceof Refused ? new ResourceNotFoundError(uri) : error;
  }
}
