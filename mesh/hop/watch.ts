/** Whatever stops an open hop: its deadline, its caller's end, a cancellation that the ledger tells of. */
import type { HopState } from "../chain/chain.ts";
import type { Settlement } from "../chain/facts.ts";
import { WATCH_AFTER_MS } from "../limits.ts";
import type { Mesh } from "../mesh.ts";
import type { Rejection } from "../rejection.ts";
import type { Outcome } from "./call.ts";

/** Why a hop was stopped; its use is not known then. */
export interface Stopped {
  readonly outcome: Extract<Settlement["outcome"], "timeout" | "cancelled">;
  readonly rejection: Rejection;
}

interface Watched {
  readonly chainId: string;
  readonly hopId: string;
  readonly callee: string;
  /** Epoch milliseconds. */
  readonly deadlineMs: number;
}

/** Pause after a watch that failed, in milliseconds: the ledger may be starting again. */
const AGAIN_MS = 500;

/** Why a signal aborts whose hop is over. One for all: making one costs a stack trace. */
const ENDED = new DOMException("The hop has ended.", "AbortError");

export class Watch {
  readonly #mesh: Mesh;
  readonly #hop: Watched;
  readonly #controller = new AbortController();
  #timer: ReturnType<typeof setTimeout>;
  readonly #stop: (stopped: Stopped) => void;
  #ended = false;
  /** Resolves when the hop is stopped; never rejects. */
  readonly stopped: Promise<Stopped>;

  /** @param callers signals of those who wait: when one aborts, the hop is cancelled */
  constructor(mesh: Mesh, hop: Watched, callers: readonly (AbortSignal | undefined)[]) {
    const { promise, resolve } = Promise.withResolvers<Stopped>();
    this.#mesh = mesh;
    this.#hop = hop;
    this.stopped = promise;
    this.#stop = (stopped) => {
      resolve(stopped);
      this.#controller.abort(new DOMException(stopped.rejection.code, "AbortError"));
    };
    const untilDeadline = hop.deadlineMs - mesh.now();
    // One timer: most hops end before it is to be watched.
    this.#timer = setTimeout(
      () => {
        if (untilDeadline <= WATCH_AFTER_MS) return this.#timeOut();
        this.#timer = setTimeout(() => this.#timeOut(), Math.max(0, hop.deadlineMs - mesh.now()));
        void this.#follow();
      },
      Math.max(0, Math.min(untilDeadline, WATCH_AFTER_MS)),
    );
    for (const signal of callers) this.#cancelWith(signal);
  }

  /** For the callee: aborts when the hop is stopped, and when it has ended. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The hop has ended: nothing it has started goes on. */
  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#controller.abort(ENDED);
  }

  #timeOut(): void {
    const detail = `Agent '${this.#hop.callee}' did not answer before the hop's deadline.`;
    this.#stop({ outcome: "timeout", rejection: { code: "deadline_exceeded", detail } });
  }

  #cancelWith(signal: AbortSignal | undefined): void {
    const detail = "The caller has ended, or has given the call up.";
    const stop = () => this.#stop({ outcome: "cancelled", rejection: { code: "chain_cancelled", detail } });
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true, signal: this.#controller.signal });
  }

  /** One held call at a time tells the ledger that somebody is there, and hears when the hop was ended. */
  async #follow(): Promise<void> {
    const { chainId, hopId } = this.#hop;
    while (!this.#ended && !this.signal.aborted) {
      try {
        const state: HopState = await this.#mesh.ledger(chainId).watch(chainId, hopId, true);
        if (state.status === "open" || this.#ended) continue;
        const rejection = state.rejection ?? {
          code: "chain_cancelled" as const,
          detail: `The hop was ended (${state.status}).`,
        };
        return this.#stop({ outcome: "cancelled", rejection });
      } catch {
        await scheduler.wait(AGAIN_MS);
      }
    }
  }
}

/** Waits for a hop that another request runs, or ran, and gives its outcome as that one got it. */
export async function awaitOutcome(mesh: Mesh, chainId: string, hopId: string): Promise<Outcome> {
  for (;;) {
    const { status, rejection, usage, answer } = (await mesh.ledger(chainId).watch(chainId, hopId, false)) as HopState;
    if (status === "open") continue;
    if (status === "done" && answer !== undefined)
      return { ok: true, chainId, hopId, output: JSON.parse(answer), usage };
    const detail = "The request has ended, and its answer was not kept.";
    return { ok: false, chainId, hopId, rejection: rejection ?? { code: "upstream_error", detail } };
  }
}
