/** What a registration must be beyond its schema, whether it comes alone or as a line of many. */
import { builtin } from "../mesh/builtins.ts";
import { egressRefusal } from "../mesh/egress/address.ts";
import { schemaProblem } from "../mesh/hop/schema-check.ts";
import { AGENT_BYTES } from "../mesh/limits.ts";
import type { Mesh } from "../mesh/mesh.ts";
import type { Rejection } from "../mesh/rejection.ts";
import type { AgentRegistration, Skill } from "../mesh/schema.ts";
import type { Parsed } from "./body.ts";
import { toolNameProblem } from "./mcp/names.ts";

export type CompleteRegistration = AgentRegistration & { readonly skills: Skill[] };

/** With the skills that a registration leaves out; or why it can't be taken, as far as a schema can't say. */
export function completed(agent: AgentRegistration, mesh: Mesh): Parsed<CompleteRegistration> {
  if (agent.endpoint.kind === "mcp" && agent.skills !== undefined) {
    const detail = "/skills: the tools of an MCP server are its skills: leave this out.";
    return { ok: false, rejection: { code: "invalid_request", detail } };
  }
  const skills =
    agent.endpoint.kind === "mcp"
      ? []
      : (agent.skills ?? [
          { id: agent.name, description: agent.description, tags: [], inputSchema: {}, outputSchema: {}, examples: [] },
        ]);
  const wrong = skillProblem(skills) ?? endpointProblem(agent, mesh) ?? toolNameProblem({ ...agent, skills });
  if (wrong !== undefined) return { ok: false, rejection: wrong };
  if (JSON.stringify(agent).length > AGENT_BYTES) {
    const detail = `A registration is at most ${AGENT_BYTES} bytes of JSON.`;
    return { ok: false, rejection: { code: "payload_too_large", detail } };
  }
  return { ok: true, value: { ...agent, skills } };
}

function skillProblem(skills: readonly Skill[]): Rejection | undefined {
  const seen = new Set<string>();
  for (const [place, skill] of skills.entries()) {
    if (seen.has(skill.id))
      return { code: "invalid_request", detail: `/skills/${place}/id: there are two skills named '${skill.id}'.` };
    seen.add(skill.id);
    for (const field of ["inputSchema", "outputSchema"] as const) {
      const problem = schemaProblem(skill[field]);
      if (problem !== undefined) {
        return {
          code: "invalid_request",
          detail: `/skills/${place}/${field}: this JSON Schema can't be used: ${problem}`,
        };
      }
    }
  }
  return undefined;
}

function endpointProblem({ name, endpoint }: AgentRegistration, mesh: Mesh): Rejection | undefined {
  switch (endpoint.kind) {
    case "builtin":
      if (builtin(name) !== undefined) return undefined;
      return { code: "invalid_request", detail: `/endpoint: this deployment has no builtin agent '${name}'.` };
    case "binding":
      if (mesh.settings.agentBindings.has(endpoint.binding)) return undefined;
      return {
        code: "invalid_request",
        detail: `/endpoint/binding: '${endpoint.binding}' is not among the deployment's HOPLINE_AGENT_BINDINGS.`,
      };
    case "http":
    case "mcp": {
      const refusal = egressRefusal(new URL(endpoint.url), mesh.egress);
      if (refusal === undefined) return undefined;
      return { code: "egress_denied", detail: `/endpoint/url: ${endpoint.url} may not be reached: ${refusal}.` };
    }
    default:
      return endpoint satisfies never;
  }
}
