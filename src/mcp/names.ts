/**
 * Names of tools. An agent with one skill is the tool `<agent>`, one with more is a tool for each, `<agent>__<skill>`.
 * Names of agents hold no `_`, so the first `__` always parts them, and no two agents can have a tool of one name.
 */
import type { Rejection } from "../../mesh/rejection.ts";
import type { Agent } from "../../mesh/schema.ts";

const SEPARATOR = "__";
/** Tools of the mesh itself have this before their names; no agent's may. */
export const MESH_PREFIX = `mesh${SEPARATOR}`;
/** Characters of a tool's name that the specification allows. */
const NAME_CHARS = 128;

interface Skilled {
  readonly name: string;
  readonly skills: readonly { readonly id: string }[];
}

export function toolName({ name, skills }: Skilled, skill: { readonly id: string }): string {
  return skills.length === 1 ? name : `${name}${SEPARATOR}${skill.id}`;
}

/** The agent that a tool's name says, and the skill if it says one. */
export function partsOf(tool: string): { readonly agent: string; readonly skill?: string } {
  const at = tool.indexOf(SEPARATOR);
  if (at < 0) return { agent: tool };
  return { agent: tool.slice(0, at), skill: tool.slice(at + SEPARATOR.length) };
}

/** The skill that a tool's name means at an agent: the only one may be left out, and may be named. */
export function skillOf<T extends { readonly id: string }>(
  agent: { readonly skills: readonly T[] },
  skill: string | undefined,
): T | undefined {
  if (skill !== undefined) return agent.skills.find((one) => one.id === skill);
  return agent.skills.length === 1 ? agent.skills[0] : undefined;
}

/** Why an agent can't be registered with the tools that it would be, or nothing. */
export function toolNameProblem(agent: Pick<Agent, "name" | "skills">): Rejection | undefined {
  for (const [place, skill] of agent.skills.entries()) {
    const tool = toolName(agent, skill);
    if (tool.startsWith(MESH_PREFIX)) {
      const detail = `/skills/${place}/id: the tool '${tool}' would take a name of the mesh's own tools: what begins with '${MESH_PREFIX}' is theirs. Choose another name for the agent.`;
      return { code: "conflict", detail };
    }
    if (tool.length > NAME_CHARS) {
      const detail = `/skills/${place}/id: the tool '${tool}' would have a name of more than ${NAME_CHARS} characters. Shorten the agent's name or the skill's id.`;
      return { code: "invalid_request", detail };
    }
  }
  return undefined;
}
