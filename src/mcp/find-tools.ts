/** Search among the tools that a mesh's agents are, for meshes with more than a list can hold. */
import type { Tool } from "@modelcontextprotocol/server";
import { rankOf } from "../../mesh/registry/search.ts";
import { offered } from "../../mesh/registry/tool-names.ts";
import { textsOf } from "../../mesh/registry/words.ts";
import type { Agent } from "../../mesh/schema.ts";
import type { Identity } from "../auth.ts";
import { toolOf } from "./tools.ts";

/**
 * Tools that have every word of a text, in what is said of them or of their agent; best first. Where no tool has all that
 * its agent has, those with the most.
 */
export async function findTools(identity: Identity, text: string, limit: number): Promise<Tool[]> {
  const words = text.match(/[\p{L}\p{N}]+/gu)?.slice(0, 16) ?? [];
  if (words.length === 0) return [];
  const found = (await identity.mesh.registry.search(words, { limit }, 0)) as Agent[];
  const ranked = found.flatMap((agent) =>
    offered(agent).map((skill) => ({ agent, skill, ...rankOf(textsOf(agent, skill), words) })),
  );
  const most = ranked.reduce((best, one) => Math.max(best, one.words), 0);
  return ranked
    .filter((one) => one.words === most)
    .toSorted((a, b) => b.worth - a.worth)
    .slice(0, limit)
    .map(({ agent, skill }) => toolOf(agent, skill));
}
