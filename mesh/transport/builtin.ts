/** Agents that are part of the deployed code: a call in this process, with the hop as their whole authority. */
import { HopRejected } from "../../agents/define.ts";
import { builtin as builtinAgent } from "../builtins.ts";
import { carried } from "../hop/payload.ts";
import { type Delivered, failed, NO_USAGE, type Transport } from "./transport.ts";

export const builtin: Transport = async ({ agent, skill, input, hop }) => {
  const definition = builtinAgent(agent.name)?.skills[skill.id];
  if (definition === undefined) {
    return failed({
      code: "agent_unavailable",
      detail: `Agent '${agent.name}' is not part of this deployment any more.`,
    });
  }
  const parsed = definition.input.safeParse(input);
  if (!parsed.success) {
    const detail = `The input does not fit ${agent.name}/${skill.id}: ${parsed.error.issues[0]?.message ?? ""}`;
    return failed({ code: "invalid_input", detail });
  }
  try {
    const { value, json } = carried(await definition.handler(parsed.data, hop));
    return { ok: true, output: value, json, usage: NO_USAGE };
  } catch (error) {
    return failure(agent.name, error);
  }
};

/** What an agent lets pass of its own callees' refusals stays readable; anything else is its failure. */
export function failure(name: string, error: unknown): Delivered {
  if (error instanceof HopRejected) {
    return failed({ code: "upstream_error", detail: `Agent '${name}' gave up: ${error.message}` });
  }
  const message = error instanceof Error ? error.message : String(error);
  return failed({
    code: "upstream_error",
    detail: `Agent '${name}' failed: ${message.slice(0, 1_000).toWellFormed()}`,
  });
}
