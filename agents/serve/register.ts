/** A served agent makes itself known to its mesh. */
import { registrationOf } from "../../mesh/builtins.ts";
import type { AgentDefinition } from "../define.ts";

export interface Where {
  /** The mesh's origin. */
  readonly mesh: string;
  /** A key of scope `register`; only the one that first registered an agent, or an admin's, may replace it. */
  readonly key: string;
  /** Where the mesh reaches the agent. */
  readonly url: string;
  readonly requireKey: boolean;
}

/** Replaces the agent's registration, or makes it. @throws {Error} with the mesh's words when it refuses */
export async function register(agent: AgentDefinition, where: Where): Promise<void> {
  const { url, requireKey } = where;
  const registration = { ...registrationOf(agent), endpoint: { kind: "http", url }, requireKey };
  const replaced = await send(where, "PUT", `/v1/agents/${agent.name}`, registration);
  const response = replaced.status === 404 ? await send(where, "POST", "/v1/agents", registration) : replaced;
  if (response.ok) return;
  const problem = (await response.json().catch(() => ({}))) as { detail?: string };
  throw new Error(
    `Agent '${agent.name}' could not be registered at ${where.mesh} (status ${response.status}): ${problem.detail ?? "no reason was given"}`,
  );
}

function send({ mesh, key }: Where, method: string, path: string, body: unknown): Promise<Response> {
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  return fetch(mesh + path, { method, headers, body: JSON.stringify(body), redirect: "error" });
}
