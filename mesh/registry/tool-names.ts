/**
 * Names of tools. An agent with one skill is the tool `<agent>`, one with more is a tool for each, `<agent>__<skill>`; a
 * federated server's tool is `<server>__<tool>`, or has its own name where the server was registered without a prefix.
 * Names of agents hold no `_`, so the first `__` always parts them. Pure.
 */
import { isWithheld } from "../federation/pins.ts";
import type { Agent, Skill } from "../schema.ts";

const SEPARATOR = "__";
/** Characters of a tool's name that MCP allows. */
export const TOOL_NAME_CHARS = 128;
/** Tools of the mesh itself have this before their names; no agent's may. */
export const MESH_PREFIX = `mesh${SEPARATOR}`;

type Named = Pick<Agent, "name" | "skills" | "endpoint">;

export function toolName({ name, skills, endpoint }: Named, skill: { readonly id: string }): string {
  if (endpoint.kind === "mcp") return endpoint.toolPrefix ? `${name}${SEPARATOR}${skill.id}` : skill.id;
  return skills.length === 1 ? name : `${name}${SEPARATOR}${skill.id}`;
}

/** The agent that a tool's name says, and the skill if it says one. */
export function partsOf(tool: string): { readonly agent: string; readonly skill?: string } {
  const at = tool.indexOf(SEPARATOR);
  if (at < 0) return { agent: tool };
  return { agent: tool.slice(0, at), skill: tool.slice(at + SEPARATOR.length) };
}

/** The skill that a tool's name means at an agent: an agent's only one may be left out, and may be named. */
export function skillOf({ skills, endpoint }: Named, skill: string | undefined): Skill | undefined {
  if (skill !== undefined) return skills.find((one) => one.id === skill);
  return skills.length === 1 && endpoint.kind !== "mcp" ? skills[0] : undefined;
}

/** Skills that may be listed as tools. */
export function offered({ status, skills, endpoint }: Pick<Agent, "status" | "skills" | "endpoint">): readonly Skill[] {
  if (status !== "active") return [];
  return endpoint.kind === "mcp" ? skills.filter((skill) => !isWithheld(skill, endpoint.pin)) : skills;
}
