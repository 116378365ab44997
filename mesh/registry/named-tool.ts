/** What the name of a tool means in a registry, and which names are free. */
import type { Agent, Skill } from "../schema.ts";
import type { Sql } from "../sql.ts";
import { readAgent, readUnprefixed } from "./store.ts";
import { MESH_PREFIX, partsOf, skillOf, TOOL_NAME_CHARS, toolName } from "./tool-names.ts";

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

/** Why a server's tool can't be called by its name, which without a prefix must shadow nobody; nothing where it can. */
export function nameProblem(sql: Sql, server: Agent, tool: string): string | undefined {
  const called = toolName(server, { id: tool });
  if (called.length > TOOL_NAME_CHARS) return `'${called}' is longer than ${TOOL_NAME_CHARS} characters`;
  if (called !== tool) return undefined;
  if (tool.startsWith(MESH_PREFIX)) return `names that begin with ${MESH_PREFIX} are the mesh's own`;
  const named = readNamedTool(sql, tool);
  if (named === undefined || named.agent.name === server.name) return undefined;
  return `'${named.agent.name}' has a tool of this name; with toolPrefix both can be called`;
}
