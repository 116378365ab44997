/** Asks again and again while the page is looked at. */
import { useEffect, useState } from "preact/hooks";
import { Unreachable } from "./api.ts";

export interface Polled<T> {
  readonly value: T | undefined;
  readonly error: Error | undefined;
  /** Whether nobody answers, and it is tried again. */
  readonly lost: boolean;
}

const NOTHING = { value: undefined, error: undefined, lost: false };

/**
 * @param read asks once
 * @param everyMs pause between two answers; undefined asks once, and again only while nobody answers
 * @param of what is asked for: when it changes, what was answered before is forgotten
 */
export function usePoll<T>(
  read: (signal: AbortSignal) => Promise<T>,
  everyMs: number | undefined,
  of: string,
): Polled<T> {
  const [polled, setPolled] = useState<Polled<T> & { readonly of: string }>({ ...NOTHING, of });
  useEffect(() => {
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const again = (ms: number) => {
      timer = setTimeout(turn, ms);
    };
    const turn = async () => {
      // A page that nobody sees asks nothing; it asks at once when it is seen again.
      if (document.hidden) return;
      try {
        const value = await read(stop.signal);
        setPolled({ value, error: undefined, lost: false, of });
        if (everyMs !== undefined) again(everyMs);
      } catch (thrown) {
        if (stop.signal.aborted) return;
        const error = thrown instanceof Error ? thrown : new Error(String(thrown));
        const lost = error instanceof Unreachable;
        setPolled((before) => ({ value: before.of === of ? before.value : undefined, error, lost, of }));
        if (lost || everyMs !== undefined) again(LOST_MS);
      }
    };
    const seen = () => {
      if (document.hidden) return;
      clearTimeout(timer);
      if (everyMs !== undefined) void turn();
    };
    document.addEventListener("visibilitychange", seen);
    void turn();
    return () => {
      stop.abort();
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", seen);
    };
    // `of` names what `read` asks for.
  }, [of, everyMs]);
  return polled.of === of ? polled : NOTHING;
}

const LOST_MS = 2_000;
