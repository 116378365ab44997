/** Hears from an upstream MCP server when its lists change, in either era, for as long as somebody here wants to know. */
import { Client, StreamableHTTPClientTransport, type Transport } from "@modelcontextprotocol/client";
import { coalesced } from "../coalesce.ts";
import { guardedFetch } from "../egress/guarded.ts";
import { DISCOVERY_MS, UPSTREAM_BYTES } from "../limits.ts";
import { INFO, type Upstream } from "./connect.ts";

/** Pause before a lost server is listened to again, in milliseconds: twice as long after each failure, up to the most. */
const AGAIN_MS = 1_000;
const AGAIN_MOST_MS = 60_000;
/** A server that was asked so short a time ago, in milliseconds, is not asked again when it is first listened to. */
const JUST_NOW_MS = 1_000;
/** What a server says within this time, in milliseconds, is told as one. */
const QUIET_MS = 50;

const NEWS = [
  "notifications/tools/list_changed",
  "notifications/prompts/list_changed",
  "notifications/resources/list_changed",
] as const;

/**
 * Calls `changed` whenever the server says so, until `signal` aborts. A server that never says so is left alone.
 * @param askedAt when it was last asked what it has: what has changed since may have been missed
 * @param resource a resource whose changes are wanted, in place of those of the lists
 */
export async function listen(
  upstream: Upstream,
  signal: AbortSignal,
  changed: () => void,
  { askedAt = 0, resource }: { readonly askedAt?: number; readonly resource?: string } = {},
): Promise<void> {
  for (let failed = 0; !signal.aborted; failed++) {
    try {
      const heard = () => {
        failed = 0;
        changed();
      };
      const opened = () => {
        if (resource === undefined && (failed > 0 || Date.now() - askedAt > JUST_NOW_MS)) changed();
      };
      if ((await listenOnce(upstream, signal, { heard, opened }, resource)) === "silent") return;
    } catch {
      // A server that can't be reached says so where it is used; here it is tried again.
    }
    if (!signal.aborted) await scheduler.wait(Math.min(AGAIN_MOST_MS, AGAIN_MS * 2 ** Math.min(failed, 6)));
  }
}

/** @returns `silent` for a server that announces no changes; otherwise when it was lost */
async function listenOnce(
  { url, policy }: Upstream,
  signal: AbortSignal,
  { heard, opened }: { readonly heard: () => void; readonly opened: () => void },
  resource: string | undefined,
): Promise<"silent" | "lost"> {
  const transport = new StreamableHTTPClientTransport(new URL(url), { fetch: guardedFetch(policy, UPSTREAM_BYTES) });
  const client = new Client(INFO, { capabilities: {}, versionNegotiation: { mode: "auto" } });
  const lost = Promise.withResolvers<void>();
  client.onclose = () => lost.resolve();
  client.onerror = () => lost.resolve();
  const tell = coalesced(QUIET_MS, signal, heard);
  client.setNotificationHandler("notifications/resources/updated", ({ params }) => {
    if (params.uri === resource) tell();
  });
  for (const method of resource === undefined ? NEWS : []) client.setNotificationHandler(method, tell);
  const leave = () => void client.close().catch(() => undefined);
  signal.addEventListener("abort", leave, { once: true });
  try {
    await client.connect(transport as Transport, { timeout: DISCOVERY_MS, signal });
    const { tools, prompts, resources } = client.getServerCapabilities() ?? {};
    const announces = [tools, prompts, resources].some((one) => one?.listChanged);
    if (resource === undefined ? !announces : !resources?.subscribe) return "silent";
    // What has changed while nobody listened is looked for at once.
    opened();
    // With a session the stream is open by now; without one it is asked for.
    if (client.getDiscoverResult() !== undefined) {
      const lists = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true };
      const filter = resource === undefined ? lists : { resourceSubscriptions: [resource] };
      await (await client.listen(filter, { timeout: DISCOVERY_MS })).closed;
    } else {
      if (resource !== undefined) await client.subscribeResource({ uri: resource }, { timeout: DISCOVERY_MS });
      await lost.promise;
    }
    return "lost";
  } finally {
    signal.removeEventListener("abort", leave);
    leave();
  }
}
