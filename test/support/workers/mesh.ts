/**
 * A mesh of its own in the test's context: its registry, ledgers and index are named by it, and nobody else's.
 *
 * The test platform forbids that a promise of one request is resolved by another (it sets
 * `no_handle_cross_request_promise_resolution`), which the courier does wherever the mesh is deployed. So calls that
 * overlap are made here, within one context; the end-to-end tests make them as requests.
 */

import type { Budget } from "../../../mesh/budget.ts";
import { type ChainGraph, graphOf } from "../../../mesh/chain/lineage.ts";
import type { ChainView, HopView } from "../../../mesh/chain/views.ts";
import type { Caller, HopCall, Outcome } from "../../../mesh/hop/call.ts";
import { dispatch } from "../../../mesh/hop/dispatch.ts";
import { Mesh } from "../../../mesh/mesh.ts";
import type { Rejection } from "../../../mesh/rejection.ts";
import { AgentRegistration } from "../../../mesh/schema.ts";
import { type Env, settingsOf } from "../../../src/env.ts";
import { bindings } from "./ledger.ts";

export type RootCall = Partial<Omit<HopCall, "caller" | "agent" | "input">> & { readonly budget?: Budget };

export interface TestMesh {
  readonly mesh: Mesh;
  call(agent: string, input: unknown, call?: RootCall): Promise<Outcome>;
  /** The output of a call that must end well. */
  output(agent: string, input: unknown, call?: RootCall): Promise<unknown>;
  chain(outcome: Pick<Outcome, "chainId">): Promise<ChainView>;
  graph(outcome: Pick<Outcome, "chainId">): Promise<ChainGraph>;
  /** What keeps its request alive, as it was asked for. */
  readonly deferred: readonly Promise<unknown>[];
  /** Registers the agent behind the service binding, under a name. */
  registerBinding(name: string): Promise<void>;
}

let made = 0;

export function freshMesh(): TestMesh {
  const deferred: Promise<unknown>[] = [];
  const options = {
    bindings,
    settings: settingsOf(bindings as unknown as Env),
    region: () => "" as const,
    reachedAt: () => "https://mesh.invalid/",
    defer: (work: Promise<unknown>) => void deferred.push(work.catch(() => undefined)),
  } as const;
  const mesh = new Mesh(`mesh-${++made}-${crypto.randomUUID()}`, options);

  const call = (agent: string, input: unknown, { budget, ...more }: RootCall = {}) => {
    const caller: Caller = { kind: "root", principal: "admin", budget };
    return dispatch(mesh, { ...more, caller, agent, input });
  };
  const chain = async ({ chainId = "" }: Pick<Outcome, "chainId">) => {
    const view = (await mesh.ledger(chainId).read(chainId)) as ChainView | undefined;
    if (view === undefined) throw new Error(`There is no chain ${chainId}.`);
    return view;
  };
  return {
    mesh,
    deferred,
    call,
    chain,
    output: async (agent, input, more) => {
      const outcome = await call(agent, input, more);
      if (!outcome.ok) throw new Error(`The call was refused: ${JSON.stringify(outcome.rejection)}`);
      return outcome.output;
    },
    graph: async (outcome) => {
      const { chainId = "" } = outcome;
      return graphOf(await chain(outcome), (await mesh.ledger(chainId).hops(chainId, 0)) as HopView[]);
    },
    registerBinding: async (name) => {
      const agent = AgentRegistration.parse({
        name,
        version: "1.0.0",
        endpoint: { kind: "binding", binding: "REVIEWER" },
        skills: [{ id: "relay" }],
      });
      const registered = await mesh.registry.register(
        { ...agent, skills: agent.skills ?? [] },
        { principal: "admin", admin: true },
      );
      if (!registered.ok) throw new Error(`The agent '${name}' was not registered.`);
    },
  };
}

/** Why a call was refused or failed. */
export function rejectionOf(outcome: Outcome): Rejection {
  if (outcome.ok) throw new Error("The call was not refused.");
  return outcome.rejection;
}
