/**
 * The one catalogue of what the mesh offers over MCP, for both eras: the mesh's own tools first, then the agents' by their
 * names. What a caller may not use is not in its list. Further sources of tools (federated servers) are further parts of
 * the same walk.
 */
import type { Tool } from "@modelcontextprotocol/server";
import { decodeCursor, encodeCursor } from "../../mesh/cursor.ts";
import { refreshIfStale } from "../../mesh/federation/refresh.ts";
import { MCP_TOOLS_PAGE } from "../../mesh/limits.ts";
import type { Agent } from "../../mesh/schema.ts";
import type { Identity } from "../auth.ts";
import { mayCall } from "./access.ts";
import { meshTools } from "./mesh-tools.ts";
import { toolsOf } from "./tools.ts";

export interface ToolsPage {
  readonly tools: Tool[];
  readonly nextCursor?: string;
}

/** Where a list goes on: after this agent, with so many tools already told. */
interface Place {
  readonly after: string;
  readonly told: number;
}

/**
 * @param cap how many tools all pages tell together
 * @returns nothing when the cursor is not one that the mesh has given
 */
export async function listTools(
  identity: Identity,
  cursor: string | undefined,
  cap: number,
): Promise<ToolsPage | undefined> {
  const place = cursor === undefined ? undefined : placeOf(decodeCursor(cursor));
  if (cursor !== undefined && place === undefined) return undefined;
  const own = place === undefined ? meshTools(identity).map(({ tool }) => tool) : [];
  if (!mayCall(identity)) return { tools: own };
  const told = (place?.told ?? 0) + own.length;
  const limit = Math.min(MCP_TOOLS_PAGE, cap - told);
  if (limit <= 0) return { tools: own };
  const found = (await identity.mesh.registry.list({ limit: limit + 1 }, place?.after ?? "")) as Agent[];
  for (const agent of found) refreshIfStale(identity.mesh, agent);
  const { tools, last } = pageOf(found, limit);
  const more = (last !== found.at(-1)?.name || found.length > limit) && told + tools.length < cap;
  return {
    tools: [...own, ...tools],
    ...(more ? { nextCursor: encodeCursor({ after: last, told: told + tools.length }) } : {}),
  };
}

/** Whole agents, until there are `limit` tools; those that take no calls offer none. */
function pageOf(agents: readonly Agent[], limit: number): { tools: Tool[]; last: string } {
  const tools: Tool[] = [];
  let last = "";
  for (const agent of agents) {
    const own = toolsOf(agent);
    if (tools.length > 0 && tools.length + own.length > limit) break;
    tools.push(...own);
    last = agent.name;
  }
  return { tools, last };
}

function placeOf(cursor: unknown): Place | undefined {
  if (typeof cursor !== "object" || cursor === null) return undefined;
  const { after, told } = cursor as Partial<Place>;
  return typeof after === "string" && typeof told === "number" ? { after, told } : undefined;
}
