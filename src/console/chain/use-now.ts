/** The mesh's clock, as far as it is known here: what is open is drawn up to it. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { Chain } from "../shapes.ts";

const TICK_MS = 250;

/** @returns epoch milliseconds by the mesh's clock, moving while the chain runs; its end when it has ended */
export function useNow(chain: Chain | undefined): number {
  const [here, setHere] = useState(Date.now);
  const runs = chain?.status === "running";
  useEffect(() => {
    if (!runs) return;
    const timer = setInterval(() => setHere(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, [runs]);
  // What has passed of the chain's time says how late it is there.
  const ahead = useRef<{ readonly chain: Chain; readonly ms: number }>(undefined);
  if (chain !== undefined && ahead.current?.chain !== chain) {
    ahead.current = { chain, ms: chain.startedAt + chain.spent.wallMs - Date.now() };
  }
  if (chain === undefined) return here;
  return chain.endedAt ?? Math.max(here + (ahead.current?.ms ?? 0), chain.startedAt + chain.spent.wallMs);
}
