/** A tool as the API lists it. */
import type { Agent, JsonSchema, Skill } from "../schema.ts";
import { toolName } from "./tool-names.ts";

export interface ToolView {
  readonly name: string;
  readonly title?: string | undefined;
  readonly description: string;
  readonly inputSchema: JsonSchema;
  readonly outputSchema: JsonSchema;
  readonly annotations?: Readonly<Record<string, unknown>> | undefined;
  /** The agent or the server that has it, and its name there. */
  readonly agent: string;
  readonly skill: string;
  readonly kind: Agent["endpoint"]["kind"];
}

export function toolView(agent: Agent, skill: Skill): ToolView {
  const { tool } = skill;
  return {
    name: toolName(agent, skill),
    ...(skill.name === undefined ? {} : { title: skill.name }),
    description: skill.description || agent.description,
    inputSchema: skill.inputSchema,
    outputSchema: tool === undefined ? skill.outputSchema : (tool.outputSchema ?? {}),
    ...(tool?.annotations === undefined ? {} : { annotations: tool.annotations }),
    agent: agent.name,
    skill: skill.id,
    kind: agent.endpoint.kind,
  };
}
