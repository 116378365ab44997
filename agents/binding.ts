/** An agent behind a service binding or in a Durable Object: the same definition, called by RPC. */
import { WorkerEntrypoint } from "cloudflare:workers";
import type { BindingAnswer, BindingCall, BindingCallResult, BindingHop, Refusal } from "../mesh/transport/binding.ts";
import {
  type AgentDefinition,
  type CallOptions,
  type CallResult,
  type Hop,
  HopRejected,
  type Remaining,
  type ToolResult,
} from "./define.ts";
import { PlacedHop } from "./placed-hop.ts";

/** The stub of a hop capability: each method is an RPC. */
type HopStub = {
  call(agent: string, input: unknown, options: Omit<CallOptions, "signal">): Promise<BindingCallResult>;
  remaining(): Promise<Remaining>;
  emit(chunk: unknown): Promise<void>;
  tool(
    name: string,
    args: Record<string, unknown>,
    options: Omit<CallOptions, "signal">,
  ): Promise<{ readonly result: ToolResult } | Refusal>;
};

/**
 * A class to export from a Worker and to bind, by service binding, to a mesh that lists the binding in
 * HOPLINE_AGENT_BINDINGS. What the handler reports travels with its answer.
 *
 * @example export class Reviewer extends bindingAgent(reviewer) {}
 */
export function bindingAgent(agent: AgentDefinition) {
  return class extends WorkerEntrypoint {
    invoke(call: BindingCall, hop: BindingHop): Promise<BindingAnswer> {
      return answer(agent, call, hop as unknown as HopStub);
    }
  };
}

/** Runs one call of an agent's definition; a Durable Object class may call it from an `invoke` method of its own. */
export async function answer(agent: AgentDefinition, call: BindingCall, stub: HopStub): Promise<BindingAnswer> {
  const definition = agent.skills[call.skill];
  if (definition === undefined) return { failed: `agent '${agent.name}' has no skill '${call.skill}'` };
  const parsed = definition.input.safeParse(call.input);
  if (!parsed.success)
    return { failed: `the input does not fit ${call.agent}/${call.skill}: ${parsed.error.issues[0]?.message ?? ""}` };
  const hop = new RemoteHop(call, stub);
  try {
    const output = await definition.handler(parsed.data, hop);
    await hop.emitted();
    return { output, usage: hop.reported };
  } catch (error) {
    return { failed: error instanceof Error ? error.message : String(error) };
  }
}

class RemoteHop extends PlacedHop implements Hop {
  readonly signal: AbortSignal;
  readonly #stub: HopStub;
  #emitting: Promise<void> = Promise.resolve();

  constructor(call: BindingCall, stub: HopStub) {
    super(call);
    this.signal = call.signal;
    this.#stub = stub;
  }

  async invoke(agent: string, input: unknown, options: CallOptions = {}): Promise<CallResult> {
    const { signal: _, ...carried } = options;
    const answered = await this.#stub.call(agent, input, carried);
    if ("rejection" in answered) throw new HopRejected(answered.rejection, answered.hopId);
    return answered.result;
  }

  async tool(name: string, args: Record<string, unknown> = {}, options: CallOptions = {}): Promise<ToolResult> {
    const { signal: _, ...carried } = options;
    const answered = await this.#stub.tool(name, args, carried);
    if ("rejection" in answered) throw new HopRejected(answered.rejection, answered.hopId);
    return answered.result;
  }

  emit(chunk: unknown): void {
    this.#emitting = this.#emitting.then(() => this.#stub.emit(chunk));
    // A refusal of a piece fails the answer, which waits for all of them.
    this.#emitting.catch(() => undefined);
  }

  /** Resolves when every piece has arrived. */
  emitted(): Promise<void> {
    return this.#emitting;
  }

  remaining(): Promise<Remaining> {
    return this.#stub.remaining();
  }
}
