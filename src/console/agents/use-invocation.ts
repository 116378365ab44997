/** One call as a stream: its hops as they happen, what the agent emits, and its end. */
import { useEffect, useMemo, useState } from "preact/hooks";
import type { InvokeRequest } from "../../../mesh/schema.ts";
import { HopStore } from "../chain/hop-store.ts";
import { useHops } from "../chain/use-chain.ts";
import { ask, Refusal } from "../session/api.ts";
import { readEvents } from "../session/server-events.ts";
import type { HopEvent, InvokeResult, Problem } from "../shapes.ts";

export interface Call {
  readonly number: number;
  readonly agent: string;
  readonly body: InvokeRequest;
}

export type End = { readonly result: InvokeResult } | { readonly error: Error };

export interface Invocation {
  readonly chainId: string | undefined;
  readonly hops: readonly HopEvent[];
  readonly chunks: readonly unknown[];
  /** Undefined while it runs. */
  readonly end: End | undefined;
  /** Closes the stream, which cancels the chain. */
  readonly stop: () => void;
}

/** Pieces that are kept for the eye; an agent may emit any number. */
const CHUNKS = 200;

export function useInvocation({ agent, body }: Call): Invocation {
  const store = useMemo(() => new HopStore(), []);
  const leave = useMemo(() => new AbortController(), []);
  const hops = useHops(store);
  const [chainId, setChainId] = useState<string>();
  const [chunks, setChunks] = useState<readonly unknown[]>([]);
  const [end, setEnd] = useState<End>();
  useEffect(() => {
    const run = async () => {
      const response = await ask(`/v1/agents/${encodeURIComponent(agent)}/invoke`, {
        body,
        headers: { accept: "text/event-stream" },
        signal: leave.signal,
      });
      setChainId(response.headers.get("hopline-chain") ?? undefined);
      let hasEnded = false;
      await readEvents(response, ({ event, data }) => {
        if (event === "hop") store.add(data as HopEvent);
        if (event === "chunk") setChunks((before) => [...before, data].slice(-CHUNKS));
        if (event === "result" || event === "problem") {
          hasEnded = true;
          store.flush();
          setEnd(event === "result" ? { result: data as InvokeResult } : { error: new Refusal(data as Problem) });
        }
      });
      if (!hasEnded) throw new Error("The stream has ended before the call did: its chain tells how it went.");
    };
    run().catch((thrown: unknown) => {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      if (error instanceof Refusal) setChainId((before) => before ?? error.problem.chainId);
      setEnd({ error: leave.signal.aborted ? new Stopped() : error });
    });
    // Whoever leaves the page has given the call up.
    return () => leave.abort();
  }, []);
  return { chainId, hops, chunks, end, stop: () => leave.abort() };
}

/** The call was given up here. */
export class Stopped extends Error {
  constructor() {
    super("The call was stopped.");
  }
}
