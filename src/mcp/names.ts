/** What a registration may not be because of the tools that it would be. */
import { MESH_PREFIX, TOOL_NAME_CHARS, toolName } from "../../mesh/registry/tool-names.ts";
import type { Rejection } from "../../mesh/rejection.ts";
import type { Agent } from "../../mesh/schema.ts";

/** Why an agent can't be registered with the tools that it would be, or nothing. */
export function toolNameProblem(agent: Pick<Agent, "name" | "skills" | "endpoint">): Rejection | undefined {
  if (`${agent.name}__`.startsWith(MESH_PREFIX) && agent.endpoint.kind === "mcp") {
    return {
      code: "conflict",
      detail: `/name: tools that begin with '${MESH_PREFIX}' are the mesh's own. Choose another name.`,
    };
  }
  for (const [place, skill] of agent.skills.entries()) {
    const tool = toolName(agent, skill);
    if (tool.startsWith(MESH_PREFIX)) {
      const detail = `/skills/${place}/id: the tool '${tool}' would take a name of the mesh's own tools: what begins with '${MESH_PREFIX}' is theirs. Choose another name for the agent.`;
      return { code: "conflict", detail };
    }
    if (tool.length > TOOL_NAME_CHARS) {
      const detail = `/skills/${place}/id: the tool '${tool}' would have a name of more than ${TOOL_NAME_CHARS} characters. Shorten the agent's name or the skill's id.`;
      return { code: "invalid_request", detail };
    }
  }
  return undefined;
}
