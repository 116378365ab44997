/** Server-sent events (WHATWG HTML, 9.2) as an answer: one event after the other, at the pace of who reads. */

/** A comment at least this often, in milliseconds: what stands between drops connections that are silent for longer. */
const KEEP_ALIVE_MS = 15_000;
/** Bytes that may wait for a slow reader before the sender waits. */
const WAITING_BYTES = 64 * 1_024;
/** What clients wait before they come back, in milliseconds. */
const RETRY_MS = 1_000;

export interface ServerSentEvent {
  readonly event: string;
  readonly data: unknown;
  /** What a client that comes back sends as Last-Event-ID. */
  readonly id?: number | undefined;
}

export interface EventSink {
  /** Resolves when there is room for the next one. After the reader has left it does nothing. */
  send(event: ServerSentEvent): Promise<void>;
  /** Aborts when the reader has left. */
  readonly left: AbortSignal;
}

const encoder = new TextEncoder();

/**
 * @param produce sends the events; when it is through, or throws, the stream ends
 * @param onLeave called when the reader closes the stream before its end; the platform notices that when it next writes
 */
export function eventStream(
  produce: (sink: EventSink) => Promise<void>,
  options: { headers?: Record<string, string>; onLeave?: () => void; keepAliveMs?: number } = {},
): Response {
  const leaving = new AbortController();
  const waiting = new Set<() => void>();
  const goOn = () => {
    for (const go of waiting) go();
    waiting.clear();
  };
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const write = (text: string) => controller.enqueue(encoder.encode(text));
        write(`retry: ${RETRY_MS}\n\n`);
        const keepAlive = setInterval(() => write(": keep-alive\n\n"), options.keepAliveMs ?? KEEP_ALIVE_MS);
        const send = async ({ event, data, id }: ServerSentEvent) => {
          if (leaving.signal.aborted) return;
          write(`${id === undefined ? "" : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
          while ((controller.desiredSize ?? 0) <= 0 && !leaving.signal.aborted) {
            await new Promise<void>((resolve) => waiting.add(resolve));
          }
        };
        leaving.signal.addEventListener("abort", () => clearInterval(keepAlive));
        produce({ send, left: leaving.signal })
          .catch((error: unknown) => console.error("an event stream has failed", error))
          .finally(() => {
            clearInterval(keepAlive);
            if (!leaving.signal.aborted) controller.close();
          });
      },
      pull: goOn,
      cancel() {
        leaving.abort();
        goOn();
        options.onLeave?.();
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: WAITING_BYTES }),
  );
  const headers = { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store" };
  // Proxies that hold answers back until they are whole are told not to.
  return new Response(body, { headers: { ...headers, "x-accel-buffering": "no", ...options.headers } });
}
