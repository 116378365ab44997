/** How agents are reached: one interface, one file an endpoint kind. */
import type { Hop } from "../../agents/define.ts";
import type { ReportedUsage } from "../budget.ts";
import type { Relay } from "../hop/call.ts";
import type { Mesh } from "../mesh.ts";
import type { Rejection } from "../rejection.ts";
import type { Agent, Skill } from "../schema.ts";

/** One attempt of an admitted hop. */
export interface Delivery {
  readonly mesh: Mesh;
  readonly agent: Agent;
  readonly skill: Skill;
  readonly input: unknown;
  /** `input` as JSON. */
  readonly inputJson: string;
  readonly chainId: string;
  readonly hopId: string;
  /** 1 for the root hop. */
  readonly depth: number;
  /** Epoch milliseconds. */
  readonly deadlineMs: number;
  /** Aborts at the deadline and on cancellation, not when the hop ends by itself. Made when it is first read. */
  readonly signal: AbortSignal;
  /** The callee's capability, for those that run in this process or can be handed an object. */
  readonly hop: Hop;
  /** The way back to the client that called, if there is one. */
  readonly relay: Relay | undefined;
  /** A signed hop token, for those that call back over a wire. */
  token(): Promise<string>;
}

/** How an attempt ended, as far as the callee has said. */
export type Delivered =
  | {
      readonly ok: true;
      readonly output: unknown;
      /** `output` as JSON, where it is known. */
      readonly json?: string;
      readonly usage: ReportedUsage;
    }
  | {
      readonly ok: false;
      readonly rejection: Rejection;
      readonly usage: ReportedUsage;
      /** Whether another attempt could end otherwise. */
      readonly transient: boolean;
      /**
       * Whether the callee itself could not be reached or could not work: what its circuit breaker counts. False when it
       * has answered, absent when nothing can be said.
       */
      readonly sick?: boolean | undefined;
      /** What the callee asked to wait, in milliseconds. */
      readonly retryAfterMs?: number | undefined;
    };

/** Delivers a call. May throw what `signal` aborts with; anything else that it throws is the mesh's own fault. */
export type Transport = (delivery: Delivery) => Promise<Delivered>;

export const NO_USAGE: ReportedUsage = { tokens: 0, costMicros: 0 };

export function failed(
  rejection: Rejection,
  options: {
    transient?: boolean;
    sick?: boolean | undefined;
    usage?: ReportedUsage;
    retryAfterMs?: number | undefined;
  } = {},
): Delivered {
  const { transient = false, sick, usage = NO_USAGE, retryAfterMs } = options;
  return { ok: false, rejection, usage, transient, sick, retryAfterMs };
}
