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

/** A running hop, for those that it calls: they end with it. */
export interface Running {
  readonly over: boolean;
  /** Calls `listener` when the hop is stopped or has ended. @returns how to take that back */
  onOver(listener: () => void): () => void;
}

const GIVEN_UP: Rejection = { code: "chain_cancelled", detail: "The caller has ended, or has given the call up." };

export class Watch implements Running {
  readonly #mesh: Mesh;
  readonly #hop: Watched;
  readonly #stopped = Promise.withResolvers<Stopped>();
  #reason: DOMException | undefined;
  #controller: AbortController | undefined;
  #stopController: AbortController | undefined;
  #listeners: Set<() => void> | undefined;
  #release: () => void;
  #begun = false;

  /**
   * @param caller the calling hop, where it runs in this process: when it is over, this hop is cancelled
   * @param given a signal of the call's own
   */
  constructor(mesh: Mesh, hop: Watched, caller: Running | undefined, given: AbortSignal | undefined) {
    this.#mesh = mesh;
    this.#hop = hop;
    this.#release = this.#cancelWith(caller, given);
  }

  /** Time passes: from now on the hop has its deadline, and the ledger is asked whether it still stands. Once is enough. */
  begin(): void {
    if (this.#begun || this.over) return;
    this.#begun = true;
    const untilDeadline = this.#hop.deadlineMs - this.#mesh.now();
    if (untilDeadline <= WATCH_AFTER_MS) this.#after(untilDeadline, () => this.#timeOut());
    else this.#after(WATCH_AFTER_MS, () => this.#watch());
  }

  /** Resolves when the hop is stopped; never rejects. */
  get stopped(): Promise<Stopped> {
    return this.#stopped.promise;
  }

  /** Whether the hop was stopped or has ended. */
  get over(): boolean {
    return this.#reason !== undefined;
  }

  onOver(listener: () => void): () => void {
    this.#listeners ??= new Set();
    this.#listeners.add(listener);
    return () => void this.#listeners?.delete(listener);
  }

  /** For the callee: aborts when the hop is stopped, and when it has ended. Made for those who look at it. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    return this.#controller.signal;
  }

  /** For a transport, which itself is over when the hop ends: aborts only when the hop is stopped before. */
  get stopSignal(): AbortSignal {
    this.#stopController ??= new AbortController();
    if (this.#reason !== undefined && this.#reason !== ENDED) this.#stopController.abort(this.#reason);
    return this.#stopController.signal;
  }

  /** The hop has ended: nothing it has started goes on. */
  end(): void {
    this.#release();
    this.#over(ENDED);
  }

  #stop(stopped: Stopped): void {
    this.#stopped.resolve(stopped);
    this.#over(new DOMException(stopped.rejection.code, "AbortError"));
  }

  #over(reason: DOMException): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    if (reason !== ENDED) this.#stopController?.abort(reason);
    this.#controller?.abort(reason);
    for (const listener of this.#listeners ?? []) listener();
  }

  #after(ms: number, run: () => void): void {
    const [cancel, release] = [this.#mesh.after(ms, run), this.#release];
    this.#release = () => {
      cancel();
      release();
    };
  }

  #watch(): void {
    this.#after(this.#hop.deadlineMs - this.#mesh.now(), () => this.#timeOut());
    void this.#follow();
  }

  #timeOut(): void {
    const detail = `Agent '${this.#hop.callee}' did not answer before the hop's deadline.`;
    this.#stop({ outcome: "timeout", rejection: { code: "deadline_exceeded", detail } });
  }

  #cancelWith(caller: Running | undefined, given: AbortSignal | undefined): () => void {
    const stop = () => this.#stop({ outcome: "cancelled", rejection: GIVEN_UP });
    if (caller?.over || given?.aborted) stop();
    const forget = caller?.onOver(stop);
    given?.addEventListener("abort", stop, { once: true });
    return () => {
      forget?.();
      given?.removeEventListener("abort", stop);
    };
  }

  /** One held call at a time tells the ledger that somebody is there, and hears when the hop was ended. */
  async #follow(): Promise<void> {
    const { chainId, hopId } = this.#hop;
    while (!this.over) {
      try {
        const state: HopState = await this.#mesh.ledger(chainId).watch(chainId, hopId, true);
        if (state.status === "open" || this.over) continue;
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
      return { ok: true, chainId, hopId, output: JSON.parse(answer), json: answer, usage };
    const detail = "The request has ended, and its answer was not kept.";
    return { ok: false, chainId, hopId, rejection: rejection ?? { code: "upstream_error", detail } };
  }
}
