/** Search among the tools that a mesh's agents are, for meshes with more than a list can hold. */
import type { Tool } from "@modelcontextprotocol/server";
import type { Agent } from "../../mesh/schema.ts";
import type { Identity } from "../auth.ts";
import { toolsOf } from "./tools.ts";

/** Tools of agents that match every word of a text, best first. */
export async function findTools(identity: Identity, text: string, limit: number): Promise<Tool[]> {
  const words = text.match(/[\p{L}\p{N}]+/gu)?.slice(0, 16) ?? [];
  if (words.length === 0) return [];
  const found = (await identity.mesh.registry.search(words, { limit }, 0)) as Agent[];
  return found.flatMap(toolsOf).slice(0, limit);
}
