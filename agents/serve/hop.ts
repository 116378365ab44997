/** The hop of a served agent: the same capability as inside the mesh, over the HTTP API. */
import { BODY_BYTES } from "../../mesh/limits.ts";
import {
  type CallOptions,
  type CallResult,
  type Hop,
  type HopPlace,
  HopRejected,
  type Remaining,
  type ToolResult,
} from "../define.ts";
import { PlacedHop } from "../placed-hop.ts";
import { invoke, type MeshAddress, remaining } from "./mesh-client.ts";

export interface ServedPlace extends HopPlace {
  readonly token: string;
  readonly signal: AbortSignal;
  /** Gets each piece as JSON. */
  readonly onChunk: (json: string) => void;
}

export class ServedHop extends PlacedHop implements Hop {
  readonly signal: AbortSignal;
  readonly #token: string;
  readonly #mesh: MeshAddress;
  readonly #onChunk: (json: string) => void;
  #emittedBytes = 0;
  #over = false;

  constructor(place: ServedPlace, mesh: MeshAddress) {
    super(place);
    this.signal = place.signal;
    this.#token = place.token;
    this.#onChunk = place.onChunk;
    this.#mesh = mesh;
  }

  /** What the handler still does after its answer reaches nobody. */
  end(): void {
    this.#over = true;
  }

  invoke(agent: string, input: unknown, options: CallOptions = {}): Promise<CallResult> {
    const path = `/v1/agents/${encodeURIComponent(agent)}/invoke`;
    return invoke(this.#mesh, this.#token, path, input, options, this.signal);
  }

  async tool(name: string, args: Record<string, unknown> = {}, options: CallOptions = {}): Promise<ToolResult> {
    const path = `/v1/tools/${encodeURIComponent(name)}/invoke`;
    const { output } = await invoke(this.#mesh, this.#token, path, args, options, this.signal);
    return output as ToolResult;
  }

  emit(chunk: unknown): void {
    if (this.#over || this.signal.aborted) return;
    const json = JSON.stringify(chunk) as string | undefined;
    if (json === undefined) throw new HopRejected({ code: "invalid_input", detail: "The chunk has no JSON." });
    this.#emittedBytes += Buffer.byteLength(json);
    if (this.#emittedBytes > BODY_BYTES) {
      const detail = `Agent '${this.agent}' emitted more than ${BODY_BYTES} bytes in one call. Pass large data by reference.`;
      throw new HopRejected({ code: "payload_too_large", detail });
    }
    this.#onChunk(json);
  }

  remaining(): Promise<Remaining> {
    return remaining(this.#mesh, this.#token, this.signal);
  }
}
