/** What the name of a tool means in a registry, and which names are free. */
import type { Agent, Skill } from "../schema.ts";
import type { Sql } from "../sql.ts";
import { readAgent, readUnprefixed } from "./store.ts";
import { MESH_PREFIX, partsOf, skillOf, TOOL_NAME_CHARS } from "./tool-names.ts";

/** What a tool's name means. */
export interface NamedTool {
  readonly agent: Agent;
  readonly skill: Skill;
}

export function readNamedTool(sql: Sql, name: string): NamedTool | undefined {
  const parts = partsOf(name);
  const agent = readAgent(sql, parts.agent) ?? readUnprefixed(sql, name);
  const skill = agent && skillOf(agent, agent.name === parts.agent ? parts.skill : name);
  return agent && skill && { agent, skill };
}

/** Whether a server's tool has a name that can be called, and without a prefix would shadow nobody. */
export function isFree(sql: Sql, { name, endpoint }: Agent, tool: string): boolean {
  if (endpoint.kind !== "mcp" || endpoint.toolPrefix) return `${name}__${tool}`.length <= TOOL_NAME_CHARS;
  const named = tool.startsWith(MESH_PREFIX) ? undefined : readNamedTool(sql, tool);
  return !tool.startsWith(MESH_PREFIX) && (named === undefined || named.agent.name === name);
}
