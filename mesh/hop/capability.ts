/** The hop capability: what a handler that runs here may do, and nothing else. */
import {
  type CallOptions,
  type CallResult,
  type Hop,
  type HopPlace,
  HopRejected,
  type Remaining,
  type ToolResult,
} from "../../agents/define.ts";
import { PlacedHop } from "../../agents/placed-hop.ts";
import { NOTHING_USED, plusUsage, type Usage } from "../budget.ts";
import { BODY_BYTES } from "../limits.ts";
import type { Mesh } from "../mesh.ts";
import { partsOf } from "../registry/tool-names.ts";
import type { HopCall, Outcome, Relay } from "./call.ts";
import { bytesOf, carried } from "./payload.ts";
import type { Watch } from "./watch.ts";

interface RunningPlace extends HopPlace {
  readonly watch: Watch;
  readonly builtin: boolean;
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

export class HopCapability extends PlacedHop implements Hop {
  readonly #watch: Watch;
  readonly #builtin: boolean;
  readonly #onChunk: ((chunk: unknown) => void) | undefined;
  readonly #relay: Relay | undefined;
  readonly #mesh: Mesh;
  readonly #dispatch: (mesh: Mesh, call: HopCall) => Promise<Outcome>;
  #emittedBytes = 0;
  /** Calls that have not ended. */
  #open = 0;
  #below: Usage | undefined = NOTHING_USED;

  constructor(mesh: Mesh, place: RunningPlace, dispatch: (mesh: Mesh, call: HopCall) => Promise<Outcome>) {
    super(place);
    this.#mesh = mesh;
    this.#dispatch = dispatch;
    this.#watch = place.watch;
    this.#builtin = place.builtin;
    this.#onChunk = place.onChunk;
    // A client that is asked by its call's result is asked by its own call alone.
    this.#relay = place.relay?.ask === undefined ? undefined : place.relay;
  }

  get signal(): AbortSignal {
    return this.#watch.signal;
  }

  /** Bytes of JSON in what was emitted: they count as output. */
  get emittedBytes(): number {
    return this.#emittedBytes;
  }

  /** What all that it has called has used; nothing where only the ledger knows: then something failed, or is open. */
  get usedBelow(): Usage | undefined {
    return this.#open === 0 ? this.#below : undefined;
  }

  async invoke(agent: string, input: unknown, options: CallOptions = {}): Promise<CallResult> {
    const { chainId, hopId } = this;
    const { skill, allowance, policy, idempotencyKey, metadata, onChunk } = options;
    const given = withJson("The input", () => carried(input));
    this.#open += 1;
    const outcome = await this.#dispatch(this.#mesh, {
      caller: { kind: "hop", chainId, hopId, agent: this.agent, running: this.#watch, builtin: this.#builtin },
      agent,
      skill,
      input: given.value,
      inputJson: given.json,
      allowance,
      policy,
      idempotencyKey,
      metadata,
      signal: options.signal,
      onChunk,
      relay: this.#relay,
    }).finally(() => {
      this.#open -= 1;
    });
    // What a failed call has used the ledger knows, and a call under a key may be one that was counted before.
    const counted = outcome.ok && idempotencyKey === undefined;
    this.#below = counted ? this.#below && plusUsage(this.#below, outcome.usage) : undefined;
    if (!outcome.ok) throw new HopRejected(outcome.rejection, outcome.hopId);
    const { output, usage } = outcome;
    return { output, chainId, hopId: outcome.hopId, usage };
  }

  async tool(name: string, args: Record<string, unknown> = {}, options: CallOptions = {}): Promise<ToolResult> {
    const named = await this.#mesh.toolNamed(name);
    // What there is not is asked for all the same: its refusal stands in the lineage.
    const { agent, skill } = named === undefined ? partsOf(name) : { agent: named.agent.name, skill: named.skill.id };
    return (await this.call(agent, args, { ...options, ...(skill === undefined ? {} : { skill }) })) as ToolResult;
  }

  emit(chunk: unknown): void {
    if (this.#watch.over) return;
    const { value, json } = withJson("The chunk", () => carried(chunk));
    this.#emittedBytes += bytesOf(json);
    if (this.#emittedBytes > BODY_BYTES) {
      const detail = `Agent '${this.agent}' emitted more than ${BODY_BYTES} bytes in one call. Pass large data by reference.`;
      throw new HopRejected({ code: "payload_too_large", detail });
    }
    try {
      this.#onChunk?.(value);
    } catch (error) {
      // The listener is its caller's: the callee is not to fail for it.
      console.error(`A listener for what '${this.agent}' emits has failed`, error);
    }
  }

  async remaining(): Promise<Remaining> {
    await this.#mesh.line(this.chainId).courier.landed();
    const left = await this.#mesh.ledger(this.chainId).remaining(this.chainId, this.hopId);
    if (left === undefined) throw new HopRejected({ code: "token_invalid", detail: "The hop is not in the ledger." });
    return left;
  }

  override log(message: string, data: Record<string, unknown> = {}): void {
    super.log(message, { mesh: this.#mesh.name, ...data });
  }
}
