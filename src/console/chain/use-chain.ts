/** One chain, live: its hops by its events, its budget by asking while it runs. */
import { useEffect, useMemo, useState } from "preact/hooks";
import { askJson } from "../session/api.ts";
import { usePoll } from "../session/poll.ts";
import type { Chain, HopEvent } from "../shapes.ts";
import { followChain } from "./follow.ts";
import { HopStore } from "./hop-store.ts";

export interface LiveChain {
  readonly chain: Chain | undefined;
  readonly hops: readonly HopEvent[];
  /** Whether events are coming, are waited for, or have all come. */
  readonly link: "live" | "lost" | "ended";
  readonly error: Error | undefined;
}

const EVERY_MS = 1_000;

export function useChain(chainId: string): LiveChain {
  const store = useMemo(() => new HopStore(), [chainId]);
  const hops = useHops(store);
  const [link, setLink] = useState<LiveChain["link"]>("live");
  const [final, setFinal] = useState<Chain>();
  const [failed, setFailed] = useState<Error>();
  const polled = usePoll(
    (signal) => askJson<Chain>(`/v1/chains/${encodeURIComponent(chainId)}`, { signal }),
    link === "ended" || failed !== undefined ? undefined : EVERY_MS,
    chainId,
  );
  useEffect(() => {
    const leave = new AbortController();
    const follower = {
      onHop: (hop: HopEvent) => store.add(hop),
      onEnd: (chain: Chain) => {
        store.flush();
        setFinal(chain);
        setLink("ended");
      },
      onLink: (isLive: boolean) => setLink(isLive ? "live" : "lost"),
    };
    followChain(encodeURIComponent(chainId), follower, leave.signal).catch(setFailed);
    return () => leave.abort();
  }, [chainId, store]);
  return { chain: final ?? polled.value, hops, link, error: failed ?? (polled.lost ? undefined : polled.error) };
}

export function useHops(store: HopStore): readonly HopEvent[] {
  const [hops, setHops] = useState(store.list);
  useEffect(() => {
    setHops(store.list);
    return store.onChange(() => setHops(store.list));
  }, [store]);
  return hops;
}
