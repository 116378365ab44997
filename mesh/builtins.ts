/** The agents that are part of the deployed code. The entry point provides them once, while it loads. */
import * as z from "zod";
import type { AgentDefinition, SkillDefinition } from "../agents/define.ts";
import { AgentRegistration, type Skill } from "./schema.ts";

const builtins = new Map<string, AgentDefinition>();

/** Adds agents to those that the code ships. @throws {TypeError} on a name that is taken: one would shadow the other */
export function provideBuiltins(agents: readonly AgentDefinition[]): void {
  for (const agent of agents) {
    if (builtins.has(agent.name)) throw new TypeError(`Two builtin agents are named '${agent.name}'.`);
    builtins.set(agent.name, agent);
  }
}

export function builtin(name: string): AgentDefinition | undefined {
  return builtins.get(name);
}

export function allBuiltins(): readonly AgentDefinition[] {
  return [...builtins.values()];
}

/** What an agent's definition registers as; the JSON Schemas are derived from its Zod schemas. */
export function registrationOf(agent: AgentDefinition): AgentRegistration & { skills: Skill[] } {
  const { name, version, description, estimate, timeoutMs, maxConcurrency, idempotent, cycle } = agent;
  const skills = Object.entries(agent.skills).map(([id, definition]) => skillOf(id, definition));
  const registration = AgentRegistration.parse({
    name,
    version,
    description,
    endpoint: { kind: "builtin" },
    skills,
    estimate: estimate ?? {},
    timeoutMs,
    maxConcurrency,
    idempotent,
    cycle,
  });
  return { ...registration, skills: registration.skills ?? [] };
}

function skillOf(id: string, { name, description, tags, input, output, examples }: SkillDefinition): unknown {
  return {
    id,
    name,
    description,
    tags,
    inputSchema: z.toJSONSchema(input, { io: "input", unrepresentable: "any" }),
    outputSchema: z.toJSONSchema(output, { io: "output", unrepresentable: "any" }),
    examples,
  };
}
