/** What the registry keeps of a federated server after it was asked. Pure. */

import type { Agent, Skill } from "../schema.ts";
import type { Discovered } from "./discover.ts";
import type { UpstreamFacts } from "./facts.ts";
import { goneAfter, pinned } from "./pins.ts";

/** Reasons that are shown, of tools that could not be taken. */
const SKIPPED = 20;
const NEVER_SEEN: UpstreamFacts = { lastSeenAt: null, lastError: null };

/**
 * A server that could not be reached keeps what was known of it, and says why.
 * @param nameProblem why a tool of this name can't be called; nothing where it can
 */
export function recorded(
  { skills, upstream }: Pick<Agent, "skills" | "upstream">,
  found: Discovered,
  nameProblem: (tool: string) => string | undefined,
): { readonly skills: readonly Skill[]; readonly upstream: UpstreamFacts } {
  if (!found.ok) return { skills, upstream: { ...NEVER_SEEN, ...upstream, lastError: found.error } };
  const named = found.tools.map((tool) => ({ tool, problem: nameProblem(tool.name) }));
  const free = named.flatMap(({ tool, problem }) => (problem === undefined ? [tool] : []));
  const taken = named.flatMap(({ tool, problem }) => (problem === undefined ? [] : [`${tool.name}: ${problem}`]));
  const gone = goneAfter(skills, free, upstream?.gone);
  const skipped = [...(found.facts.skipped ?? []), ...taken].slice(0, SKIPPED);
  return {
    skills: pinned(skills, free, upstream?.gone),
    upstream: {
      ...found.facts,
      ...(Object.keys(gone).length === 0 ? {} : { gone }),
      ...(skipped.length === 0 ? {} : { skipped }),
    },
  };
}
