/** The hop capability: what a handler that runs here may do, and nothing else. */
import { type CallOptions, type CallResult, type Hop, HopRejected, type Remaining } from "../../agents/define.ts";
import type { Mesh } from "../mesh.ts";
import { ReportedUsage } from "../schema.ts";
import type { HopCall, Outcome } from "./call.ts";
import { carried } from "./payload.ts";
import type { Watch } from "./watch.ts";

interface HopPlace {
  readonly chainId: string;
  readonly hopId: string;
  readonly agent: string;
  readonly skill: string;
  readonly depth: number;
  readonly deadlineMs: number;
  readonly watch: Watch;
}

function carriedInput(input: unknown): unknown {
  try {
    return carried(input);
  } catch (error) {
    const why = error instanceof Error ? (error.message.split("\n")[0] ?? "") : "";
    throw new HopRejected({ code: "invalid_input", detail: `The input has no JSON: ${why}` });
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
  readonly #mesh: Mesh;
  readonly #dispatch: (mesh: Mesh, call: HopCall) => Promise<Outcome>;
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
  }

  get signal(): AbortSignal {
    return this.#watch.signal;
  }

  /** What the handler has reported of this attempt. */
  get reported(): ReportedUsage {
    return this.#reported;
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
    const { skill, allowance, policy, idempotencyKey, metadata } = options;
    const outcome = await this.#dispatch(this.#mesh, {
      caller: { kind: "hop", chainId, hopId, agent: this.agent, running: this.#watch },
      agent,
      skill,
      input: carriedInput(input),
      allowance,
      policy,
      idempotencyKey,
      metadata,
      signal: options.signal,
    });
    if (!outcome.ok) throw new HopRejected(outcome.rejection, outcome.hopId);
    return outcome;
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
