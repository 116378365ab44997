/** What the ledger is asked, what its rules see, and what it answers. Types only. */

import type { Budget, CallPolicy, CycleRule, Usage } from "../budget.ts";
import type { Counted, Limits } from "../limits.ts";
import type { Rejection } from "../rejection.ts";
import type { Purses } from "./purses.ts";

export type ChainStatus = "running" | "done" | "failed" | "cancelled" | "expired";
export type HopStatus = "open" | "done" | "error" | "rejected" | "lost" | "cancelled";

/** The policy a hop stands under. `cycle` is the root call's rule, if it set one; `also` are those added on the path. */
export interface StandingPolicy {
  readonly maxDepth: number;
  readonly cycle?: CycleRule | undefined;
  readonly also: readonly CycleRule[];
}

/** What only the first ask of a chain carries. */
export interface RootCall {
  readonly principal: string;
  readonly limits: Limits;
  readonly policy: StandingPolicy;
  /** The caller's own W3C trace context, kept as a span link. */
  readonly traceparent?: string | undefined;
}

/** The same request under the same key runs once. `scope` and `request` are digests. */
export interface Idempotency {
  readonly scope: string;
  readonly request: string;
}

/** Asks whether a hop may start. Sent twice with the same ids, it is answered with what was decided the first time. */
export interface Ask {
  readonly type: "ask";
  readonly chainId: string;
  readonly hopId: string;
  readonly root?: RootCall | undefined;
  /** The caller's hop; absent at the root. */
  readonly parentHopId?: string | undefined;
  /** What is called; an agent where it is not said. */
  readonly kind?: "agent" | "tool" | undefined;
  readonly callee: string;
  readonly skill: string;
  /** Canonical endpoint address: two agents with the same one are the same agent. */
  readonly address: string;
  readonly inputBytes: number;
  readonly inputDigest: string;
  readonly estimate: { readonly tokens: number; readonly costMicros: number };
  /** Milliseconds. */
  readonly timeoutMs: number;
  /** The callee's own cycle rule, for chains whose root call set none. */
  readonly calleeCycle?: CycleRule | undefined;
  readonly allowance?: Budget | undefined;
  readonly policy?: CallPolicy | undefined;
  readonly metadata?: string | undefined;
  readonly idempotency?: Idempotency | undefined;
  /** A refusal decided before the ledger (input, edge, rate): it is recorded, not decided. */
  readonly refused?: Rejection | undefined;
  /** Whether it was sent before: the decision may stand already. */
  readonly resent?: boolean | undefined;
}

/** How an attempt ended. After `timeout` and `cancelled` nobody knows what it used. */
export interface Settlement {
  readonly type: "settle";
  readonly chainId: string;
  readonly hopId: string;
  /** 1 for the first. */
  readonly attempt: number;
  readonly outcome: "done" | "error" | "timeout" | "cancelled";
  readonly rejection?: Rejection | undefined;
  /** Measured by the mesh: bytes of output. */
  readonly bytes: number;
  /** Reported by the callee. */
  readonly tokens: number;
  readonly costMicros: number;
  readonly outputDigest?: string | undefined;
  /** Whether it must be written before it is answered: the hop has an Idempotency-Key. */
  readonly durable?: boolean | undefined;
  /** The output that a repeated request under the hop's Idempotency-Key is answered with, as JSON. */
  readonly answer?: string | undefined;
}

/** Asks for another attempt of an open hop: settles the old one and reserves again, or changes nothing. */
export interface Retry {
  readonly type: "retry";
  readonly chainId: string;
  readonly hopId: string;
  /** The attempt that has failed. */
  readonly attempt: number;
  /** What it used, where that is known. */
  readonly used?: { readonly bytes: number; readonly tokens: number; readonly costMicros: number } | undefined;
  /** Why it failed, for whoever reads the lineage. */
  readonly why?: Rejection | undefined;
}

export type Message = Ask | Settlement | Retry;

export interface Admitted {
  readonly verdict: "admitted";
  /** The admission's number in its ledger's sequence: what the hop causes comes after it. */
  readonly seq: number;
  readonly depth: number;
  /** Epoch milliseconds. */
  readonly deadlineMs: number;
  readonly attempt: number;
}
export interface Rejected {
  readonly verdict: "rejected";
  readonly rejection: Rejection;
  /** Whether the refusal stands in the lineage under the hop id asked with. */
  readonly recorded: boolean;
}
/** The request ran, or runs, under this hop: its outcome is to be read, nothing is to be run. */
export interface Joined {
  readonly verdict: "joined";
  readonly chainId: string;
  readonly hopId: string;
}
export type Decision = Admitted | Rejected | Joined;

/** What the ledger has of a settled hop. `status` is not what was sent when the hop had ended before. */
export interface Settled {
  readonly verdict: "settled";
  readonly status: HopStatus;
  readonly rejection?: Rejection | undefined;
  /** Of the hop and all below it. */
  readonly usage: Usage;
}
export type Answer = Decision | Settled;

/** One step of an ancestor path. */
export interface PathStep {
  readonly callee: string;
  readonly address: string;
  readonly inputDigest: string;
}

/** Everything that the rules see. */
export interface Facts {
  readonly now: number;
  readonly chain: { readonly status: ChainStatus; readonly deadlineMs: number };
  /** The status of the caller's hop; "open" at the root, "unknown" where the chain has no such hop. */
  readonly parent: HopStatus | "unknown";
  /** From the root hop to the caller's hop. */
  readonly path: readonly PathStep[];
  readonly policy: StandingPolicy;
  readonly purses: Readonly<Record<Counted, Purses>>;
  /** Limits of open hops on the path, the chain's last. */
  readonly gauges: readonly { readonly limit: number; readonly open: number; readonly purse: "chain" | "allowance" }[];
}

/** A rule answers with its refusal, or with nothing. It reads no clock, no storage and no environment. */
export type Rule = (facts: Facts, ask: Ask) => Rejection | undefined;
