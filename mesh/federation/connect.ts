/**
 * A connection to an upstream MCP server, in the era that it speaks. The isolate remembers which that is, and the session of
 * a server that has them, so that a call is one request; a session that the server has lost is opened anew once.
 */
import {
  Client,
  type ClientCapabilities,
  type CreateMessageResult,
  type ElicitResult,
  type ListRootsResult,
  ProtocolError,
  ProtocolErrorCode,
  type RequestOptions,
  StreamableHTTPClientTransport,
  type Transport,
} from "@modelcontextprotocol/client";
import type { EgressPolicy } from "../egress/address.ts";
import { guardedFetch } from "../egress/guarded.ts";
import type { Relay } from "../hop/call.ts";
import { UPSTREAM_BYTES } from "../limits.ts";
import { asked, forget, isLostSession, type Remembered, recall, remember } from "./memory.ts";
import { UniqueIds } from "./unique-ids.ts";

/** How the mesh names itself to servers. */
export const INFO = { name: "hopline", title: "Hopline mesh", version: "0.1.0" };

export interface Connection {
  readonly client: Client;
  /** Which protocol version was agreed upon, where that is known. */
  readonly protocolVersion: string | undefined;
  close(): Promise<void>;
}

export interface Upstream {
  readonly url: string;
  readonly policy: EgressPolicy;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether to begin anew: only a first word tells what the server is and can. */
  readonly anew?: boolean;
  /** The way back to the client on whose behalf it is spoken to. */
  readonly relay?: Relay | undefined;
}

/**
 * Does some work with a server. A session that was lost since (404) is opened anew, once, and the work done again: a server
 * that does not know the session has done nothing.
 */
export async function withUpstream<T>(
  upstream: Upstream,
  options: RequestOptions,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const known = upstream.anew ? undefined : recall(upstream);
  const connection = await connect(upstream, known, options);
  try {
    return await work(connection);
  } catch (error) {
    if (known?.sessionId === undefined || !hasLostSession(error)) throw error;
  } finally {
    await connection.close().catch(() => undefined);
  }
  forget(upstream);
  const anew = await connect(upstream, undefined, options);
  try {
    return await work(anew);
  } finally {
    await anew.close().catch(() => undefined);
  }
}

function hasLostSession(error: unknown): boolean {
  return isLostSession(statusOf(error), error instanceof Error ? error.message : "");
}

/** The HTTP status that an error of the client's tells of. */
export function statusOf(error: unknown): number | undefined {
  const status = (error as { data?: { status?: unknown }; status?: unknown } | undefined) ?? {};
  const found = status.data?.status ?? status.status;
  return typeof found === "number" ? found : undefined;
}

async function connect(
  upstream: Upstream,
  known: Remembered | undefined,
  options: RequestOptions,
): Promise<Connection> {
  const { url, policy, headers = {} } = upstream;
  const http = new StreamableHTTPClientTransport(new URL(url), {
    fetch: telling(guardedFetch(policy, UPSTREAM_BYTES), upstream.relay),
    requestInit: { headers: { ...headers } },
    ...(known?.sessionId === undefined ? {} : { sessionId: known.sessionId }),
    ...(known?.protocolVersion === undefined ? {} : { protocolVersion: known.protocolVersion }),
    // A server may close the stream of a call that it is still working on, and give the rest to whoever comes back.
    reconnectionOptions: {
      maxRetries: 3,
      initialReconnectionDelay: 200,
      maxReconnectionDelay: 2_000,
      reconnectionDelayGrowFactor: 2,
    },
  });
  const { relay } = upstream;
  const client = new Client(INFO, {
    capabilities: asked(relay),
    versionNegotiation: { mode: "auto" },
    // What the client can't be asked while its call is open goes back to it as the call's result.
    inputRequired: { autoFulfill: relay?.ask !== undefined && relay.answers === undefined },
  });
  client.setNotificationHandler("notifications/message", ({ method, params }) => relay?.tell?.({ method, params }));
  client.fallbackRequestHandler = async ({ method }) => {
    throw new ProtocolError(ProtocolErrorCode.MethodNotFound, `The client that calls can't be asked for ${method}.`);
  };
  if (relay?.ask !== undefined) relayTo(client, relay.ask, asked(relay));
  // Upstreams keep connections of their own: what goes wrong in them afterwards is nobody's error here.
  client.onerror = () => undefined;
  const transport = new UniqueIds(http) as Transport;
  if (known?.discover !== undefined) {
    await client.connect(transport, { ...options, prior: { kind: "modern", discover: known.discover } });
  } else await client.connect(transport, options);
  const protocolVersion = client.getNegotiatedProtocolVersion() ?? known?.protocolVersion;
  const facts = { discover: client.getDiscoverResult(), sessionId: http.sessionId, protocolVersion };
  // Calls go on in the session that they have, though its server is asked anew what it has.
  if (!upstream.anew || !isSameEra(recall(upstream), facts)) remember(upstream, facts);
  return { client, protocolVersion, close: () => client.close() };
}

function isSameEra(known: Remembered | undefined, { sessionId, protocolVersion }: Remembered): boolean {
  return known?.sessionId !== undefined && sessionId !== undefined && known.protocolVersion === protocolVersion;
}

/** Tells whoever waits when a stream is taken up again. */
function telling(fetched: ReturnType<typeof guardedFetch>, relay: Relay | undefined): typeof fetched {
  return (url, init) => {
    if (new Headers(init?.headers).has("last-event-id")) relay?.lasts?.();
    return fetched(url, init);
  };
}

function relayTo(client: Client, ask: NonNullable<Relay["ask"]>, can: ClientCapabilities): void {
  if (can.sampling !== undefined) {
    client.setRequestHandler(
      "sampling/createMessage",
      ({ method, params }, { mcpReq }) => ask(method, params, mcpReq.signal) as Promise<CreateMessageResult>,
    );
  }
  if (can.elicitation !== undefined) {
    client.setRequestHandler(
      "elicitation/create",
      ({ method, params }, { mcpReq }) => ask(method, params, mcpReq.signal) as Promise<ElicitResult>,
    );
  }
  if (can.roots !== undefined) {
    client.setRequestHandler(
      "roots/list",
      ({ method, params }, { mcpReq }) => ask(method, params, mcpReq.signal) as Promise<ListRootsResult>,
    );
  }
}
