/** Agents as tools. */
import type { Tool } from "@modelcontextprotocol/server";
import { offered, toolName } from "../../mesh/registry/tool-names.ts";
import type { Agent, Skill } from "../../mesh/schema.ts";
import { META } from "./meta.ts";
import { argumentsSchema, isObjectSchema } from "./schemas.ts";

export function toolsOf(agent: Agent): Tool[] {
  return offered(agent).map((skill) => toolOf(agent, skill));
}

export function toolOf(agent: Agent, skill: Skill): Tool {
  const description = skill.description || agent.description;
  const { tool } = skill;
  return {
    name: toolName(agent, skill),
    title: skill.name ?? titleOf(agent, skill),
    ...(description === "" ? {} : { description }),
    inputSchema: argumentsSchema(skill.inputSchema) as Tool["inputSchema"],
    ...outputSchemaOf(skill),
    // Whatever can be called can be called as a task: the mesh keeps it, whoever does the work.
    execution: { taskSupport: "optional" },
    annotations: tool === undefined ? { idempotentHint: agent.idempotent } : { ...tool.annotations },
    _meta: { [META.agent]: agent.name, [META.skill]: skill.id, [META.version]: agent.version },
  };
}

function titleOf({ name, skills }: Agent, { id, tool }: Skill): string {
  if (tool !== undefined) return id;
  return skills.length === 1 ? name : `${name}: ${id}`;
}

/** A federated tool's is the server's word for `structuredContent`; an agent's is that of its output. */
function outputSchemaOf({ tool, outputSchema }: Skill): Pick<Tool, "outputSchema"> {
  const schema = tool === undefined ? outputSchema : (tool.outputSchema ?? {});
  return isObjectSchema(schema) ? { outputSchema: schema as Tool["outputSchema"] } : {};
}
