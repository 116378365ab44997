/** News that clients are told without asking: the set of tools has changed, a chain that they follow has. */
import { coalesced } from "../../mesh/coalesce.ts";
import { listen } from "../../mesh/federation/listen.ts";
import { followChain } from "../../mesh/hop/follow.ts";
import { linesOf } from "../../mesh/lines.ts";
import type { Identity } from "../auth.ts";
import { findChain } from "../routes/chains.ts";
import { mayRead } from "./access.ts";
import { serverOf } from "./federated.ts";
import { namedBy } from "./resources.ts";

/** Pause between two notices of one resource, in milliseconds: a busy chain is not told hop by hop. */
const QUIET_MS = 100;
/** Pause before a broken stream is taken up again, in milliseconds. */
const AGAIN_MS = 500;

/**
 * Calls `changed` at each registration, change and removal of an agent, until `signal` aborts.
 * @param after the registry's revision that the client knows: what has come since is told at once
 */
export async function followTools(
  { mesh }: Identity,
  after: number,
  signal: AbortSignal,
  changed: (revision: number) => void,
): Promise<void> {
  let known = after;
  while (!signal.aborted) {
    try {
      const stream = (await mesh.registry.changes(known, mesh.egress)) as ReadableStream<Uint8Array>;
      for await (const line of linesOf(stream, signal)) {
        known = JSON.parse(line) as number;
        changed(known);
      }
    } catch (error) {
      if (!signal.aborted) console.error("mcp: the registry's changes could not be followed", error);
    }
    if (!signal.aborted) await scheduler.wait(AGAIN_MS);
  }
}

/** Whether a caller may follow a resource: chains and their graphs change while they run, servers say what theirs do. */
export async function mayFollow(identity: Identity, uri: string): Promise<boolean> {
  const named = namedBy(uri);
  if (named === undefined) return (await serverOf(identity, uri)) !== undefined;
  return mayRead(identity) && (named.kind === "chain" || named.kind === "graph");
}

/** Calls `updated` when a resource has changed, until it changes no more or `signal` aborts. @throws {Refused} not_found */
export async function followResource(
  identity: Identity,
  uri: string,
  signal: AbortSignal,
  updated: () => void,
): Promise<void> {
  const { mesh } = identity;
  const named = namedBy(uri);
  if (named === undefined) {
    const server = await serverOf(identity, uri);
    if (server?.endpoint.kind !== "mcp") return;
    return listen({ url: server.endpoint.url, policy: mesh.egress }, signal, updated, { resource: uri });
  }
  if (named.kind === "agent") return;
  const { chain } = await findChain(mesh, named.id);
  if (chain.status !== "running") return;
  const tell = coalesced(QUIET_MS, signal, updated);
  const since = mesh.now();
  for await (const event of followChain(mesh, chain, 0, signal)) {
    if ("chain" in event) return updated();
    if (event.hop.at >= since) tell();
  }
}
