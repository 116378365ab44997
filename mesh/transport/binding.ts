/**
 * Agents of the same deployment behind a service binding or a Durable Object namespace. They are entrypoints with one
 * RPC method, `invoke(call, hop)`; the hop capability travels along as an object, so they need no key and no network.
 */
import { RpcTarget } from "cloudflare:workers";
import {
  type CallOptions,
  type CallResult,
  type Hop,
  HopRejected,
  type Remaining,
  type ToolResult,
} from "../../agents/define.ts";
import { ReportedUsage } from "../budget.ts";
import { carried } from "../hop/payload.ts";
import type { Rejection } from "../rejection.ts";
import { failure } from "./builtin.ts";
import { type Delivered, failed, NO_USAGE, type Transport } from "./transport.ts";

/** What a binding agent is called with. Times are epoch milliseconds. */
export interface BindingCall {
  readonly agent: string;
  readonly skill: string;
  readonly input: unknown;
  readonly chainId: string;
  readonly hopId: string;
  readonly depth: number;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

export type BindingAnswer =
  | { readonly output: unknown; readonly usage?: Partial<ReportedUsage> }
  | { readonly failed: string };

/** A refusal as a value: thrown errors lose their class and their evidence on the way. */
export type BindingCallResult = { readonly result: CallResult } | Refusal;
export interface Refusal {
  readonly rejection: Rejection;
  readonly hopId?: string | undefined;
}

/** The hop capability as it crosses an RPC. */
export class BindingHop extends RpcTarget {
  readonly #hop: Hop;

  constructor(hop: Hop) {
    super();
    this.#hop = hop;
  }

  async call(agent: string, input: unknown, options: Omit<CallOptions, "signal"> = {}): Promise<BindingCallResult> {
    try {
      return { result: await this.#hop.invoke(agent, input, options) };
    } catch (error) {
      if (error instanceof HopRejected) return { rejection: error.rejection, hopId: error.hopId };
      throw error;
    }
  }

  async tool(
    name: string,
    args: Record<string, unknown>,
    options: Omit<CallOptions, "signal"> = {},
  ): Promise<{ readonly result: ToolResult } | Refusal> {
    try {
      return { result: await this.#hop.tool(name, args, options) };
    } catch (error) {
      if (error instanceof HopRejected) return { rejection: error.rejection, hopId: error.hopId };
      throw error;
    }
  }

  emit(chunk: unknown): void {
    this.#hop.emit(chunk);
  }

  report(usage: Partial<ReportedUsage>): void {
    this.#hop.report(usage);
  }

  remaining(): Promise<Remaining> {
    return this.#hop.remaining();
  }
}

interface BindingAgent {
  invoke(call: BindingCall, hop: BindingHop): Promise<BindingAnswer>;
}

export const binding: Transport = async ({ mesh, agent, skill, input, chainId, hopId, deadlineMs, hop }) => {
  const { endpoint } = agent;
  if (endpoint.kind !== "binding") throw new TypeError("A binding transport was given another endpoint.");
  const target = targetOf(mesh.settings.agentBindings.get(endpoint.binding), agent.name);
  if (target === undefined) {
    const detail = `This deployment has no binding '${endpoint.binding}' among its HOPLINE_AGENT_BINDINGS.`;
    return failed({ code: "agent_unavailable", detail });
  }
  const { signal, depth } = hop;
  const call = { agent: agent.name, skill: skill.id, input, chainId, hopId, depth, deadlineMs, signal };
  try {
    return readAnswer(agent.name, await target.invoke(call, new BindingHop(hop)));
  } catch (error) {
    signal.throwIfAborted();
    return failure(agent.name, error);
  }
};

/** An object namespace gives one object for each agent; a service binding is the agent itself. */
function targetOf(bound: unknown, name: string): BindingAgent | undefined {
  if (bound === undefined) return undefined;
  const namespace = bound as { getByName?: (name: string) => unknown };
  // A stub answers to every name, so the class tells what it is.
  return (bound?.constructor?.name === "DurableObjectNamespace" ? namespace.getByName?.(name) : bound) as BindingAgent;
}

function readAnswer(name: string, answer: BindingAnswer): Delivered {
  if (typeof answer !== "object" || answer === null) {
    return failed({ code: "upstream_error", detail: `Agent '${name}' must answer with {output, usage?}.` });
  }
  if ("failed" in answer) return failed({ code: "upstream_error", detail: `Agent '${name}' failed: ${answer.failed}` });
  const usage = ReportedUsage.safeParse(answer.usage ?? NO_USAGE);
  if (!usage.success) {
    return failed({
      code: "upstream_error",
      detail: `Agent '${name}' reported a usage that is not of whole numbers from 0.`,
    });
  }
  const { value, json } = carried(answer.output);
  return { ok: true, output: value, json, usage: usage.data };
}
