/** Tools that ask their client for something: whether whoever calls one can be asked. Pure. */
import type { Relay } from "../hop/call.ts";
import type { Rejection } from "../rejection.ts";
import type { Skill } from "../schema.ts";
import type { ToolFacts } from "./facts.ts";

/** What of a tool's needs a client has not declared. */
export function missingOf(
  { needs = [] }: Pick<ToolFacts, "needs">,
  capabilities: Readonly<Record<string, unknown>>,
): NonNullable<ToolFacts["needs"]> {
  return needs.filter((one) => capabilities[one] === undefined);
}

/** Why a tool can't be called by whoever calls, or nothing. */
export function lackingOf({ id, tool }: Skill, relay: Relay | undefined): Rejection | undefined {
  const missing = tool === undefined ? [] : missingOf(tool, relay?.capabilities ?? {});
  if (missing.length === 0) return undefined;
  const detail = `The tool '${id}' asks its client for ${missing.join(" and ")}: call it over MCP with a client that declares ${missing.length === 1 ? "this capability" : "these capabilities"}.`;
  return { code: "invalid_request", detail };
}
