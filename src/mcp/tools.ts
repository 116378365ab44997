/** Agents as tools. */
import type { Tool } from "@modelcontextprotocol/server";
import type { Agent, Skill } from "../../mesh/schema.ts";
import { META } from "./meta.ts";
import { toolName } from "./names.ts";
import { argumentsSchema, isObjectSchema } from "./schemas.ts";

export function toolsOf(agent: Agent): Tool[] {
  return agent.skills.map((skill) => toolOf(agent, skill));
}

function toolOf(agent: Agent, skill: Skill): Tool {
  const description = skill.description || agent.description;
  return {
    name: toolName(agent, skill),
    title: skill.name ?? (agent.skills.length === 1 ? agent.name : `${agent.name}: ${skill.id}`),
    ...(description === "" ? {} : { description }),
    inputSchema: argumentsSchema(skill.inputSchema) as Tool["inputSchema"],
    ...(isObjectSchema(skill.outputSchema) ? { outputSchema: skill.outputSchema as Tool["outputSchema"] } : {}),
    annotations: { idempotentHint: agent.idempotent },
    _meta: { [META.agent]: agent.name, [META.skill]: skill.id, [META.version]: agent.version },
  };
}
