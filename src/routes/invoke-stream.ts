/** An invocation as a stream: each event of its chain, the pieces that the agent emits, and last its result or problem. */
import type { Context } from "hono";
import { parseAccept } from "hono/utils/accept";
import type { AdmittedHop, HopCall, Outcome } from "../../mesh/hop/call.ts";
import { dispatch } from "../../mesh/hop/dispatch.ts";
import { followChain, type HopEvent } from "../../mesh/hop/follow.ts";
import type { Mesh } from "../../mesh/mesh.ts";
import type { AppEnv } from "../app.ts";
import { problemBody, problemResponse } from "../problem.ts";
import { type EventSink, eventStream } from "../sse.ts";

const TYPE = "text/event-stream";
/** How often a silent stream is written to, in milliseconds: only a write tells that its client has left. */
const KEEP_ALIVE_MS = 1_000;

/** Whether events are wanted by name, and JSON no more than they. */
export function wantsStream(accept: string | undefined): boolean {
  const ranges = parseAccept(accept ?? "");
  const weight = (type: string) => ranges.find((range) => range.type.toLowerCase() === type)?.q ?? 0;
  return weight(TYPE) > 0 && weight(TYPE) >= weight("application/json");
}

/** What is refused before anything ran is answered with its own status; from the admission on everything is an event. */
export async function streamed(c: Context<AppEnv>, call: HopCall): Promise<Response> {
  const { mesh } = c.get("identity");
  const stop = new AbortController();
  const admission = Promise.withResolvers<AdmittedHop>();
  const pieces = new Pieces();
  const { resolve: onAdmitted } = admission;
  const running = dispatch(mesh, { ...call, signal: stop.signal, onAdmitted, onChunk: (chunk) => pieces.add(chunk) });
  const first = await Promise.race([admission.promise, running]);
  if ("ok" in first && !first.ok) return problemResponse(first.rejection, first);
  const headers = { "hopline-chain": first.chainId };
  if ("ok" in first) return eventStream((sink) => sendOutcome(sink, first), { headers });
  return eventStream(
    async (sink) => {
      pieces.to(sink);
      const events = sendEvents(sink, mesh, call, first).catch((error: unknown) => {
        console.error("invoke: the events of a chain could not be followed", error);
      });
      const outcome = await running;
      await Promise.all([events, pieces.sent()]);
      await sendOutcome(sink, outcome);
    },
    // Whoever closes the stream has given the call up.
    { headers, onLeave: () => stop.abort(), keepAliveMs: KEEP_ALIVE_MS },
  );
}

/** At the root the whole chain, for a caller within it what this call causes. */
async function sendEvents(
  sink: EventSink,
  mesh: Mesh,
  call: HopCall,
  { chainId, hopId, seq }: AdmittedHop,
): Promise<void> {
  const { caller } = call;
  const chain = { chainId, root: { agent: call.agent, principal: caller.kind === "root" ? caller.principal : "" } };
  const ours = new Set([hopId]);
  const isOurs = ({ hopId, parentHopId }: HopEvent) => {
    if (parentHopId !== null && ours.has(parentHopId)) ours.add(hopId);
    return ours.has(hopId);
  };
  for await (const event of followChain(mesh, chain, seq - 1, sink.left)) {
    if ("chain" in event) return;
    const { hop } = event;
    if (!isOurs(hop)) continue;
    await sink.send({ event: "hop", data: hop, id: hop.seq });
    if (hop.hopId === hopId && hop.type === "ended") return;
  }
}

async function sendOutcome(sink: EventSink, outcome: Outcome): Promise<void> {
  if (!outcome.ok) return sink.send({ event: "problem", data: problemBody(outcome.rejection, outcome) });
  const { chainId, hopId, output, usage } = outcome;
  return sink.send({ event: "result", data: { chainId, hopId, output, usage } });
}

/** What the agent emits, in its order: kept until there is a stream, then sent at the reader's pace. */
class Pieces {
  readonly #early: unknown[] = [];
  #sink: EventSink | undefined;
  #sent: Promise<void> = Promise.resolve();

  add(chunk: unknown): void {
    const sink = this.#sink;
    if (sink === undefined) this.#early.push(chunk);
    else this.#sent = this.#sent.then(() => sink.send({ event: "chunk", data: chunk }));
  }

  to(sink: EventSink): void {
    this.#sink = sink;
    for (const chunk of this.#early.splice(0)) this.add(chunk);
  }

  sent(): Promise<void> {
    return this.#sent;
  }
}
