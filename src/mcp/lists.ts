/** Which of the lists that a client sees has changed, when the registry says that something has. */
import type { Identity } from "../auth.ts";
import { mayCall } from "./access.ts";
import { listPrompts, listResources, listTemplates } from "./federated.ts";
import { followTools } from "./news.ts";

export type ListName = "tools" | "prompts" | "resources";

/** What federated servers offer beside tools, as text to compare. */
interface Offered {
  readonly prompts: string;
  readonly resources: string;
}

/** By mesh, and whether the caller may call: all who listen in an isolate compare the same. Bounded. */
const MESHES = 100;
const seen = new Map<string, { readonly revision: number; readonly offered: Promise<Offered> }>();

function offeredAt(identity: Identity, revision: number): Promise<Offered> {
  const key = `${identity.mesh.name} ${mayCall(identity)}`;
  const known = seen.get(key);
  if (known?.revision === revision) return known.offered;
  const offered = read(identity);
  offered.catch(() => seen.delete(key));
  seen.delete(key);
  seen.set(key, { revision, offered });
  const [oldest] = seen.keys();
  if (seen.size > MESHES && oldest !== undefined) seen.delete(oldest);
  return offered;
}

async function read(identity: Identity): Promise<Offered> {
  const [prompts, resources, templates] = await Promise.all([
    listPrompts(identity),
    listResources(identity),
    listTemplates(identity),
  ]);
  return { prompts: JSON.stringify(prompts), resources: JSON.stringify([resources, templates]) };
}

/**
 * Calls `changed` for each list that has changed, until `signal` aborts. Every change of the registry may be one of the
 * tools; prompts and resources are compared.
 * @param after the registry's revision that the client knows
 */
export async function followLists(
  identity: Identity,
  after: number,
  signal: AbortSignal,
  changed: (list: ListName, revision: number) => void,
): Promise<void> {
  const current = await identity.mesh.registry.revision();
  // To a client that has missed something nobody can say what it knows: it is told of every list.
  let before = current === after ? await offeredAt(identity, current) : undefined;
  const compare = async (revision: number): Promise<void> => {
    const now = await offeredAt(identity, revision);
    if (before?.prompts !== now.prompts) changed("prompts", revision);
    if (before?.resources !== now.resources) changed("resources", revision);
    before = now;
  };
  let compared = Promise.resolve();
  await followTools(identity, after, signal, (revision) => {
    changed("tools", revision);
    compared = compared
      .then(() => compare(revision))
      .catch((error: unknown) => console.error("mcp: the lists of servers could not be compared", error));
  });
}
