/** The hop capability: what a handler that runs here may do, and nothing else. */
import {
  type CallOptions,
  type CallResult,
  type Hop,
  HopRejected,
  type Remaining,
  type ToolResult,
} from "../../agents/define.ts";
import { BODY_BYTES } from "../limits.ts";
import type { Mesh } from "../mesh.ts";
import { partsOf } from "../registry/tool-names.ts";
import { ReportedUsage } from "../schema.ts";
import type { HopCall, Outcome, Relay } from "./call.ts";
import { carried, measure } from "./payload.ts";
import type { Watch } from "./watch.ts";

interface HopPlace {
  readonly chainId: string;
  readonly hopId: string;
  readonly agent: string;
  readonly skill: string;
  readonly depth: number;
  readonly deadlineMs: number;
  readonly watch: Watch;
  readonly onChunk?: ((chunk: unknown) => void) | undefined;
  readonly relay?: Relay | undefined;
}

/** @throws {HopRejected} invalid_input, for what has no JSON */
function withJson<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const why = error instanceof Error ? (error.message.split("\n")[0] ?? "") : "";
    throw new HopRejected({ code: "invalid_input", detail: `${what} has no JSON: ${why}` });
  }
}

export class HopCapability implements Hop {
  readonly chainId: string;
  readonly hopId: string;
  readonly agent: string;
  readonly skill: string;
  readonly depth: number;
  readonly deadlineMs: number;
  readonly #watch: Watch;
  readonly #onChunk: ((chunk: unknown) => void) | undefined;
  readonly #relay: Relay | undefined;
  readonly #mesh: Mesh;
  readonly #dispatch: (mesh: Mesh, call: HopCall) => Promise<Outcome>;
  #emittedBytes = 0;
  #reported: ReportedUsage = { tokens: 0, costMicros: 0 };

  constructor(mesh: Mesh, place: HopPlace, dispatch: (mesh: Mesh, call: HopCall) => Promise<Outcome>) {
    this.#mesh = mesh;
    this.#dispatch = dispatch;
    this.chainId = place.chainId;
    this.hopId = place.hopId;
    this.agent = place.agent;
    this.skill = place.skill;
    this.depth = place.depth;
    this.deadlineMs = place.deadlineMs;
    this.#watch = place.watch;
    this.#onChunk = place.onChunk;
    // A client that is asked by its call's result is asked by its own call alone.
    this.#relay = place.relay?.ask === undefined ? undefined : place.relay;
  }

  get signal(): AbortSignal {
    return this.#watch.signal;
  }

  /** What the handler has reported of this attempt. */
  get reported(): ReportedUsage {
    return this.#reported;
  }

  /** Bytes of JSON in what was emitted: they count as output. */
  get emittedBytes(): number {
    return this.#emittedBytes;
  }

  /** Another attempt reports anew: the last one's use is booked. */
  forgetReports(): void {
    this.#reported = { tokens: 0, costMicros: 0 };
  }

  async call(agent: string, input: unknown, options: CallOptions = {}): Promise<unknown> {
    return (await this.invoke(agent, input, options)).output;
  }

  async invoke(agent: string, input: unknown, options: CallOptions = {}): Promise<CallResult> {
    const { chainId, hopId } = this;
    const { skill, allowance, policy, idempotencyKey, metadata, onChunk } = options;
    const outcome = await this.#dispatch(this.#mesh, {
      caller: { kind: "hop", chainId, hopId, agent: this.agent, running: this.#watch },
      agent,
      skill,
      input: withJson("The input", () => carried(input)),
      allowance,
      policy,
      idempotencyKey,
      metadata,
      signal: options.signal,
      onChunk,
      relay: this.#relay,
    });
    if (!outcome.ok) throw new HopRejected(outcome.rejection, outcome.hopId);
    return outcome;
  }

  async tool(name: string, args: Record<string, unknown> = {}, options: CallOptions = {}): Promise<ToolResult> {
    const named = await this.#mesh.toolNamed(name);
    // What there is not is asked for all the same: its refusal stands in the lineage.
    const { agent, skill } = named === undefined ? partsOf(name) : { agent: named.agent.name, skill: named.skill.id };
    return (await this.call(agent, args, { ...options, ...(skill === undefined ? {} : { skill }) })) as ToolResult;
  }

  emit(chunk: unknown): void {
    if (this.#watch.over) return;
    const json = withJson("The chunk", () => measure(carried(chunk)));
    this.#emittedBytes += json.bytes;
    if (this.#emittedBytes > BODY_BYTES) {
      const detail = `Agent '${this.agent}' emitted more than ${BODY_BYTES} bytes in one call. Pass large data by reference.`;
      throw new HopRejected({ code: "payload_too_large", detail });
    }
    try {
      this.#onChunk?.(JSON.parse(json.json));
    } catch (error) {
      // The listener is its caller's: the callee is not to fail for it.
      console.error(`A listener for what '${this.agent}' emits has failed`, error);
    }
  }

  report(usage: Partial<ReportedUsage>): void {
    const parsed = ReportedUsage.safeParse(usage);
    if (!parsed.success) throw new RangeError("A reported usage is made of whole numbers from 0: tokens, costMicros.");
    this.#reported = {
      tokens: this.#reported.tokens + parsed.data.tokens,
      costMicros: this.#reported.costMicros + parsed.data.costMicros,
    };
  }

  async remaining(): Promise<Remaining> {
    const left = await this.#mesh.ledger(this.chainId).remaining(this.chainId, this.hopId);
    if (left === undefined) throw new HopRejected({ code: "token_invalid", detail: "The hop is not in the ledger." });
    return left;
  }

  log(message: string, data: Record<string, unknown> = {}): void {
    const { chainId, hopId, agent, skill } = this;
    console.log(JSON.stringify({ message, mesh: this.#mesh.name, chainId, hopId, agent, skill, ...data }));
  }
}
