/** Has the sources read, as many at once as the hop may, and works around those that cannot be. */
import { type Hop, HopRejected } from "../define.ts";
import { ReaderOutput, type Source } from "../reader/schema.ts";
import type { LeftOut } from "./schema.ts";

export interface Gathered {
  /** In the order of their sources. */
  readonly readings: readonly ReaderOutput[];
  readonly leftOut: readonly LeftOut[];
}

export async function gather(hop: Hop, sources: readonly Source[], limit: number): Promise<Gathered> {
  const outcomes: (ReaderOutput | LeftOut)[] = [];
  const queue = sources.entries();
  const readOn = async (): Promise<void> => {
    for (const [index, source] of queue) {
      hop.signal.throwIfAborted();
      outcomes[index] = await readOne(hop, source, limit);
    }
  };
  // Asking for more at once than the chain allows would only fill it with refusals.
  const { concurrency } = await hop.remaining();
  const width = Math.min(Math.max(concurrency, 1), sources.length);
  await Promise.all(Array.from({ length: width }, readOn));
  return {
    readings: outcomes.filter((outcome) => "passages" in outcome),
    leftOut: outcomes.filter((outcome) => "code" in outcome),
  };
}

async function readOne(hop: Hop, source: Source, limit: number): Promise<ReaderOutput | LeftOut> {
  try {
    const reading = ReaderOutput.safeParse(await hop.call("reader", { ...source, limit }));
    if (reading.success) return reading.data;
    return { source: source.source, code: "upstream_error", detail: "The reader's answer is none of a reader." };
  } catch (error) {
    if (!(error instanceof HopRejected)) throw error;
    return { source: source.source, code: error.code, detail: error.message };
  }
}
