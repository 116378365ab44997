/** What the registry keeps of a federated server after it was asked. Pure. */

import type { Agent, Skill } from "../schema.ts";
import type { Discovered } from "./discover.ts";
import type { UpstreamFacts } from "./facts.ts";
import { type FoundTool, goneAfter, pinned } from "./pins.ts";

/** Reasons that are shown, of tools that could not be taken. */
const SKIPPED = 20;
const NEVER_SEEN: UpstreamFacts = { lastSeenAt: null, lastError: null };

/**
 * A server that could not be reached keeps what was known of it, and says why.
 * @param isFree whether a tool of this name can be called, and shadows nobody
 */
export function recorded(
  { skills, upstream }: Pick<Agent, "skills" | "upstream">,
  found: Discovered,
  isFree: (tool: string) => boolean,
): { readonly skills: readonly Skill[]; readonly upstream: UpstreamFacts } {
  if (!found.ok) return { skills, upstream: { ...NEVER_SEEN, ...upstream, lastError: found.error } };
  const free = found.tools.filter(({ name }) => isFree(name));
  const gone = goneAfter(skills, free, upstream?.gone);
  const skipped = [...(found.facts.skipped ?? []), ...takenNames(found.tools, free)].slice(0, SKIPPED);
  return {
    skills: pinned(skills, free, upstream?.gone),
    upstream: {
      ...found.facts,
      ...(Object.keys(gone).length === 0 ? {} : { gone }),
      ...(skipped.length === 0 ? {} : { skipped }),
    },
  };
}

function takenNames(found: readonly FoundTool[], free: readonly FoundTool[]): string[] {
  const taken = found.filter((tool) => !free.includes(tool));
  return taken.map(({ name }) => `${name}: another tool has this name, or with the server's it is too long`);
}
