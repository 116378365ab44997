/** A call as the dispatcher takes it, and how it ended. */

import type { Budget, CallPolicy, Usage } from "../budget.ts";
import type { Rejection } from "../rejection.ts";
import type { Running } from "./watch.ts";

/** Who calls: a principal that starts a chain, or a hop that continues its own. */
export type Caller =
  | {
      readonly kind: "root";
      readonly principal: string;
      readonly budget?: Budget | undefined;
      /** The caller's own W3C trace context. */
      readonly traceparent?: string | undefined;
    }
  | {
      readonly kind: "hop";
      readonly chainId: string;
      readonly hopId: string;
      /** The calling agent. */
      readonly agent: string;
      /** The calling hop's run, where it is in this process. */
      readonly running?: Running | undefined;
      /** Whether its handler runs in this process too, so that nothing of it is sent before what its callees have sent. */
      readonly builtin?: boolean | undefined;
    };

/** A notification of a server's, as it was sent. */
export interface Note {
  readonly method: "notifications/progress" | "notifications/message";
  readonly params: Readonly<Record<string, unknown>>;
}

/** A JSON-RPC error that a server has answered with. */
export interface UpstreamError {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

/** The way back to an MCP client, for what a federated server asks of it: sampling, elicitation, roots. */
export interface Relay {
  /** As the client has declared them for this call: they alone decide what may be asked. */
  readonly capabilities: Readonly<Record<string, unknown>>;
  /**
   * Asks the client while its call is open (2025); absent where the call's result asks (2026-07-28). Of a task both are
   * there: a server asks as its own era does.
   */
  readonly ask?: ((method: string, params: unknown, signal: AbortSignal) => Promise<unknown>) | undefined;
  /** Tells the client something while its call is open: a server's progress, and what it logs. */
  readonly tell?: ((note: Note) => void) | undefined;
  /** Told that the server has parked the call, and will answer it later: whoever waits is to be told as much. */
  readonly lasts?: (() => void) | undefined;
  /** From which level on a server's log messages are wanted; none where absent. */
  readonly logLevel?: string | undefined;
  /** Told the JSON-RPC error that ended the call, as the server gave it: a refusal has words alone. */
  readonly erred?: ((error: UpstreamError) => void) | undefined;
  /** What the client has answered to the result of an earlier call, untouched. */
  readonly answers?:
    | { readonly inputResponses?: Record<string, unknown> | undefined; readonly requestState?: string | undefined }
    | undefined;
}

export interface AdmittedHop {
  readonly chainId: string;
  readonly hopId: string;
  /** Its number in the ledger's sequence: its own events have this one and later ones. */
  readonly seq: number;
}

export interface HopCall {
  readonly caller: Caller;
  readonly agent: string;
  readonly skill?: string | undefined;
  readonly input: unknown;
  /** `input` as JSON, where it is known. */
  readonly inputJson?: string | undefined;
  readonly allowance?: Budget | undefined;
  readonly policy?: CallPolicy | undefined;
  readonly metadata?: Record<string, unknown> | undefined;
  readonly idempotencyKey?: string | undefined;
  /** Aborts this call alone. */
  readonly signal?: AbortSignal | undefined;
  /** What this call ends with, where that is no hop: as `signal`, for less. */
  readonly within?: Running | undefined;
  /** Told when the hop was admitted, before its callee is called. */
  readonly onAdmitted?: ((hop: AdmittedHop) => void) | undefined;
  /** Gets what the callee emits before it answers, piece by piece. */
  readonly onChunk?: ((chunk: unknown) => void) | undefined;
  /** Takes what the callee asks of the client that called; without one it may ask nothing. */
  readonly relay?: Relay | undefined;
  /** A refusal that was found before the call got here: it is recorded, not run. */
  readonly refused?: Rejection | undefined;
}

export type Outcome =
  | {
      readonly ok: true;
      readonly chainId: string;
      readonly hopId: string;
      readonly output: unknown;
      /** `output` as JSON. */
      readonly json: string;
      readonly usage: Usage;
    }
  | {
      readonly ok: false;
      readonly rejection: Rejection;
      /** Absent where nothing was recorded. */
      readonly chainId?: string | undefined;
      readonly hopId?: string | undefined;
    };
