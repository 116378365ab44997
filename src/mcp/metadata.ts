/** Protected-resource metadata (RFC 9728): where a client that got 401 reads what this server takes. */
import { Scope } from "../../mesh/schema.ts";

export const MCP_PATH = "/mcp";
export const ORIGIN_METADATA_PATH = "/.well-known/oauth-protected-resource";
export const METADATA_PATH = `${ORIGIN_METADATA_PATH}${MCP_PATH}`;

/** Keys are given out by the mesh's own API, not by an authorization server: none is named. */
export function resourceMetadata(url: string): Record<string, unknown> {
  const { origin } = new URL(url);
  return {
    resource: `${origin}${MCP_PATH}`,
    resource_name: "Hopline mesh",
    bearer_methods_supported: ["header"],
    scopes_supported: Scope.options,
    resource_documentation: `${origin}/docs`,
  };
}

/** The challenge of a 401 at this server. */
export function challenge(url: string): string {
  const { origin } = new URL(url);
  return `Bearer realm="hopline", resource_metadata="${origin}${METADATA_PATH}"`;
}
