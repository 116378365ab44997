/** Follows a chain's events over breaks, until it has ended: what was told is not told again. */
import { ask, Refusal } from "../session/api.ts";
import { readEvents } from "../session/server-events.ts";
import type { Chain, HopEvent } from "../shapes.ts";

export interface Follower {
  readonly onHop: (hop: HopEvent) => void;
  readonly onEnd: (chain: Chain) => void;
  /** Whether events come, or it is tried to get them again. */
  readonly onLink: (isLive: boolean) => void;
}

const AGAIN_MS = 1_000;
const AGAIN_MOST_MS = 10_000;

/** @throws {Refusal} when the API will not tell, whoever asks again */
export async function followChain(chainId: string, follower: Follower, signal: AbortSignal): Promise<void> {
  let last: string | undefined;
  let ended = false;
  for (let pause = AGAIN_MS; !ended; pause = Math.min(2 * pause, AGAIN_MOST_MS)) {
    try {
      const headers = { accept: "text/event-stream", ...(last === undefined ? {} : { "last-event-id": last }) };
      const response = await ask(`/v1/chains/${chainId}/events`, { headers, signal });
      follower.onLink(true);
      await readEvents(response, ({ event, data, id }) => {
        pause = AGAIN_MS;
        if (event === "hop") follower.onHop(data as HopEvent);
        if (event === "chain") {
          ended = true;
          follower.onEnd(data as Chain);
        }
        last = id ?? last;
      });
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Refusal && !mayPass(error)) throw error;
    }
    if (ended || signal.aborted) return;
    follower.onLink(false);
    await sleep(pause, signal);
  }
}

function mayPass({ problem }: Refusal): boolean {
  return problem.status >= 500;
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
