/** Lines of text from a stream of bytes, as they come. */

/** @param signal ends it: the stream is given back, and nothing more is told */
export async function* linesOf(stream: ReadableStream<Uint8Array>, signal: AbortSignal): AsyncGenerator<string> {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  const leave = () => void reader.cancel().catch(() => undefined);
  signal.addEventListener("abort", leave, { once: true });
  try {
    let rest = "";
    for (let part = await reader.read(); !part.done && !signal.aborted; part = await reader.read()) {
      const lines = (rest + part.value).split("\n");
      rest = lines.pop() ?? "";
      yield* lines;
    }
  } finally {
    signal.removeEventListener("abort", leave);
    leave();
  }
}
