/** Calls without a session of tools whose server asks clients for something: refused before they begin, as the protocol wants it. */
import { CLIENT_CAPABILITIES_META_KEY, MissingRequiredClientCapabilityError } from "@modelcontextprotocol/server";
import type { ToolFacts } from "../../mesh/federation/facts.ts";
import { missingOf } from "../../mesh/federation/needs.ts";

/** The answer to a call whose client lacks what the tool needs; nothing where it lacks nothing, or has not said. */
export function incapable(body: unknown, tool: ToolFacts | undefined): Response | undefined {
  if (tool === undefined) return undefined;
  const { id, params } = body as { id?: unknown; params?: { _meta?: Record<string, unknown> } };
  const declared = params?._meta?.[CLIENT_CAPABILITIES_META_KEY];
  // A request that says nothing of its client is refused for that.
  if (typeof declared !== "object" || declared === null) return undefined;
  const missing = missingOf(tool, declared as Record<string, unknown>);
  if (missing.length === 0) return undefined;
  const requiredCapabilities = Object.fromEntries(missing.map((one) => [one, {}]));
  const words = `This tool asks its client for ${missing.join(" and ")}, which the request does not declare.`;
  const { code, message, data } = new MissingRequiredClientCapabilityError({ requiredCapabilities }, words);
  return Response.json({ jsonrpc: "2.0", id: id ?? null, error: { code, message, data } }, { status: 400 });
}
