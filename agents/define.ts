/** The kit to write an agent with: `defineAgent`, the hop that a handler gets, and the refusal that it may catch. */
import type * as z from "zod";
import type { Budget, CallPolicy, CycleRule, ReportedUsage, Usage } from "../mesh/budget.ts";
import { explain, type Rejection } from "../mesh/rejection.ts";

/** What a call from a handler may ask for. Everything only tightens what the hop stands under. */
export interface CallOptions {
  /** The callee's skill; its first one when left out. */
  readonly skill?: string;
  /** A purse for the callee and all below it, taken from the caller's. */
  readonly allowance?: Budget;
  readonly policy?: CallPolicy;
  /** Two calls of one hop under the same key are one call. */
  readonly idempotencyKey?: string;
  /** Kept with the hop's row; at most 4 KiB of JSON. */
  readonly metadata?: Record<string, unknown>;
  /** Gets what the callee emits before it answers, piece by piece. What it throws is nobody's to catch. */
  readonly onChunk?: (chunk: unknown) => void;
  /** Aborts this call alone. The hop's own end aborts it anyway. */
  readonly signal?: AbortSignal;
}

/** What is left to a hop, now: every budget dimension, and how many levels deeper it may call. */
export interface Remaining {
  readonly hops: number;
  readonly bytes: number;
  readonly tokens: number;
  readonly costMicros: number;
  readonly concurrency: number;
  /** Milliseconds until the hop's deadline. */
  readonly wallMs: number;
  readonly depth: number;
}

export interface CallResult {
  readonly output: unknown;
  readonly chainId: string;
  readonly hopId: string;
  /** Of the callee and all below it. */
  readonly usage: Usage;
}

/** What a federated tool answers, as MCP has it. */
export interface ToolResult {
  readonly content: readonly { readonly type: string; readonly [member: string]: unknown }[];
  readonly structuredContent?: Readonly<Record<string, unknown>>;
  /** The tool itself has failed, and its content says how. */
  readonly isError?: boolean;
}

export interface HopPlace {
  readonly chainId: string;
  readonly hopId: string;
  readonly agent: string;
  readonly skill: string;
  /** 1 for the root hop. */
  readonly depth: number;
  /** Epoch milliseconds. */
  readonly deadlineMs: number;
}

/** A handler's whole authority: it can call on, say what it used, and learn what is left. */
export interface Hop extends HopPlace {
  /** Aborts at the deadline, on cancellation, and when the hop has ended. Its reason says which. */
  readonly signal: AbortSignal;
  /** Calls an agent and gives its output. @throws {HopRejected} when the mesh refuses the call or the callee fails. */
  call(agent: string, input: unknown, options?: CallOptions): Promise<unknown>;
  /** As `call`, with the callee's hop id and usage. */
  invoke(agent: string, input: unknown, options?: CallOptions): Promise<CallResult>;
  /**
   * Calls a tool by its name, such as `<server>__<tool>`, and gives the server's result: content, structured content,
   * `isError`. @throws {HopRejected} as `call`
   */
  tool(name: string, args?: Record<string, unknown>, options?: CallOptions): Promise<ToolResult>;
  /**
   * Gives the caller a piece of the answer before the answer: any JSON, at most 4 MiB in one call. Where the caller does
   * not listen it is dropped. The bytes count as output.
   * @throws {HopRejected} payload_too_large, invalid_input
   */
  emit(chunk: unknown): void;
  /** Adds to what this hop has used of the reported dimensions: whole tokens, whole micro-USD. */
  report(usage: Partial<ReportedUsage>): void;
  remaining(): Promise<Remaining>;
  /** Writes one structured line to the deployment's log, with the chain's and the hop's id. */
  log(message: string, data?: Record<string, unknown>): void;
}

/** A call that the mesh refused, or whose callee failed. `rejection` is what crossed the wire, evidence included. */
export class HopRejected extends Error {
  override readonly name = "HopRejected";
  readonly rejection: Rejection;
  /** The refused or failed hop, where one was recorded. */
  readonly hopId: string | undefined;

  constructor(rejection: Rejection, hopId?: string) {
    super(explain(rejection));
    this.rejection = rejection;
    this.hopId = hopId;
  }

  get code(): Rejection["code"] {
    return this.rejection.code;
  }
}

export interface SkillDefinition<In extends z.ZodType = z.ZodType, Out extends z.ZodType = z.ZodType> {
  readonly name?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly input: In;
  readonly output: Out;
  readonly examples?: readonly z.input<In>[];
  readonly handler: (input: z.output<In>, hop: Hop) => Promise<z.input<Out>> | z.input<Out>;
}

export interface AgentDefinition {
  readonly name: string;
  /** Semantic version. */
  readonly version: string;
  readonly description: string;
  readonly skills: Readonly<Record<string, SkillDefinition>>;
  readonly estimate?: { readonly tokens?: number; readonly costMicros?: number };
  readonly timeoutMs?: number;
  readonly maxConcurrency?: number;
  readonly idempotent?: boolean;
  readonly cycle?: CycleRule;
}

/** A skill with the types of its schemas; `defineAgent` takes any number of them. */
export function skill<In extends z.ZodType, Out extends z.ZodType>(
  definition: SkillDefinition<In, Out>,
): SkillDefinition {
  return definition as unknown as SkillDefinition;
}

/**
 * Defines an agent. The same definition runs inside the mesh (`builtin`) and behind a binding.
 *
 * @example
 * export const greeter = defineAgent({
 *   name: "greeter", version: "1.0.0", description: "Says hello.",
 *   skills: {
 *     greet: skill({
 *       input: z.object({ name: z.string() }), output: z.string(),
 *       handler: async ({ name }, hop) => `Hello ${await hop.call("translator", name)}`,
 *     }),
 *   },
 * });
 */
export function defineAgent(definition: AgentDefinition): AgentDefinition {
  if (Object.keys(definition.skills).length === 0) throw new TypeError(`Agent '${definition.name}' has no skill.`);
  return definition;
}
