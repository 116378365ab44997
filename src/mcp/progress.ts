/** What happens below a call, told to its client while it waits: each hop event, and each piece that the agent emits. */
import type { AdmittedHop } from "../../mesh/hop/call.ts";
import { followChain, type HopEvent } from "../../mesh/hop/follow.ts";
import type { Mesh } from "../../mesh/mesh.ts";
import { META } from "./meta.ts";

export type ProgressToken = string | number;

export interface Progress {
  readonly progressToken: ProgressToken;
  /** Grows with each notification; how many there will be nobody knows. */
  readonly progress: number;
  readonly message: string;
  readonly _meta: Record<string, unknown>;
}

/** Characters of a message: a piece may be any JSON, a message is for people. */
const MESSAGE_CHARS = 1_000;

export class ProgressTeller {
  readonly #token: ProgressToken;
  readonly #notify: (progress: Progress) => Promise<void>;
  readonly #stop = new AbortController();
  #count = 0;
  #sent: Promise<void> = Promise.resolve();
  #followed: Promise<void> = Promise.resolve();

  constructor(token: ProgressToken, notify: (progress: Progress) => Promise<void>) {
    this.#token = token;
    this.#notify = notify;
  }

  piece(chunk: unknown): void {
    this.#tell(typeof chunk === "string" ? chunk : JSON.stringify(chunk), { chunk });
  }

  /** Follows what the hop causes until it has ended. */
  follow(mesh: Mesh, root: { readonly agent: string; readonly principal: string }, hop: AdmittedHop): void {
    this.#followed = this.#events(mesh, root, hop).catch((error: unknown) => {
      if (!this.#stop.signal.aborted) console.error("mcp: the events of a chain could not be followed", error);
    });
  }

  /** Resolves when everything that was to be told is sent: nothing may come after the result. */
  async end(ok: boolean): Promise<void> {
    if (!ok) this.#stop.abort();
    await this.#followed;
    this.#stop.abort();
    await this.#sent;
  }

  async #events(
    mesh: Mesh,
    root: { readonly agent: string; readonly principal: string },
    { chainId, hopId, seq }: AdmittedHop,
  ): Promise<void> {
    const ours = new Set([hopId]);
    for await (const event of followChain(mesh, { chainId, root }, seq - 1, this.#stop.signal)) {
      if ("chain" in event) return;
      const { hop } = event;
      if (hop.parentHopId !== null && ours.has(hop.parentHopId)) ours.add(hop.hopId);
      if (!ours.has(hop.hopId)) continue;
      this.#tell(sentence(hop), { [META.event]: hop });
      if (hop.hopId === hopId && hop.type === "ended") return;
    }
  }

  #tell(message: string, meta: Record<string, unknown>): void {
    this.#count += 1;
    const progress = {
      progressToken: this.#token,
      progress: this.#count,
      message: message.slice(0, MESSAGE_CHARS).toWellFormed(),
      _meta: meta,
    };
    this.#sent = this.#sent.then(() => this.#notify(progress)).catch(() => undefined);
  }
}

function sentence({ path, type, status, code }: HopEvent): string {
  const why = code === null ? "" : ` (${code})`;
  return `${path.join(" → ")}: ${type === "ended" ? status : type}${why}`;
}
