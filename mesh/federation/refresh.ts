/** Keeps what the registry has of federated servers fresh: asked again when it is used and stale, and nobody waits for it. */
import { UPSTREAM_FRESH_MS } from "../limits.ts";
import type { Mesh } from "../mesh.ts";
import type { Agent } from "../schema.ts";
import { discover } from "./discover.ts";

/** When this isolate has last asked a server, by mesh and agent; bounded. */
const ASKED = 10_000;
const askedAt = new Map<string, number>();

/** Asks a server now. @returns the agent as it then is */
export async function refresh(mesh: Mesh, agent: Agent): Promise<Agent> {
  const { name, endpoint } = agent;
  if (endpoint.kind !== "mcp") return agent;
  note(`${mesh.name}/${name}`, mesh.now());
  const found = await discover({ url: endpoint.url, policy: mesh.egress }, () => mesh.now());
  const { revision, value } = (await mesh.registry.discovered(name, endpoint.url, found)) as {
    revision: number;
    value: Agent | undefined;
  };
  mesh.noteRevision(revision);
  return value ?? agent;
}

/** Asks again behind the back of whoever uses a server of which nothing was heard for a minute. */
export function refreshIfStale(mesh: Mesh, agent: Agent): void {
  if (agent.endpoint.kind !== "mcp") return;
  const last = askedAt.get(`${mesh.name}/${agent.name}`) ?? agent.upstream?.lastSeenAt ?? 0;
  if (mesh.now() - last < UPSTREAM_FRESH_MS) return;
  mesh.defer(
    refresh(mesh, agent).catch((error: unknown) => console.error("federation: a server was not refreshed", error)),
  );
}

function note(key: string, now: number): void {
  askedAt.delete(key);
  askedAt.set(key, now);
  const [oldest] = askedAt.keys();
  if (askedAt.size > ASKED && oldest !== undefined) askedAt.delete(oldest);
}
