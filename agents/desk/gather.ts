/** Has the sources read, as many at once as the hop may, and works around those that cannot be. */
import type { CallOptions, Hop } from "../define.ts";
import { ReaderOutput } from "../reader/schema.ts";
import { allot } from "./allot.ts";
import { type Answered, askAgent } from "./ask.ts";
import type { LeftOut, Source } from "./schema.ts";

export interface Gathered {
  /** In the order of their sources. */
  readonly readings: readonly ReaderOutput[];
  readonly leftOut: readonly LeftOut[];
}

/** Ranking and check. */
const STEPS = 2;

/** What another reader than `reader` may have open at once. */
const FOREIGN_OPEN = 4;

export interface GatherOptions {
  /** Passages of each source. */
  readonly limit: number;
  readonly patienceMs: number;
  /** Hops that the desk will need for summaries. */
  readonly summaries: number;
}

export async function gather(
  hop: Hop,
  question: string,
  sources: readonly Source[],
  options: GatherOptions,
): Promise<Gathered> {
  const left = await hop.remaining();
  const { asked, notAsked, foreignHops } = allot(question, sources, left.hops, STEPS + options.summaries);
  const wallMs = Math.min(options.patienceMs, left.wallMs);
  // A purse of its own: whatever it does, the rest of the chain's budget is the desk's.
  const foreign: CallOptions = { allowance: { hops: foreignHops, concurrency: FOREIGN_OPEN, wallMs } };
  const outcomes: Answered<ReaderOutput>[] = [];
  const queue = sources.entries();
  const readOn = async (): Promise<void> => {
    for (const [index, source] of queue) {
      if (!asked.has(source)) continue;
      hop.signal.throwIfAborted();
      outcomes[index] = await readOne(hop, source, options.limit, foreign);
    }
  };
  // Asking for more at once than the chain allows would only fill it with refusals.
  const width = Math.min(Math.max(left.concurrency, 1), sources.length);
  await Promise.all(Array.from({ length: width }, readOn));
  return {
    readings: outcomes.flatMap((outcome) => (outcome.ok ? outcome.value : [])),
    leftOut: [...outcomes.flatMap((outcome) => (outcome.ok ? [] : outcome.missing)), ...notAsked],
  };
}

function readOne(
  hop: Hop,
  { reader, ...source }: Source,
  limit: number,
  foreign: CallOptions,
): Promise<Answered<ReaderOutput>> {
  const agent = reader ?? "reader";
  return askAgent(hop, {
    agent,
    input: { ...source, limit },
    output: ReaderOutput,
    what: "source",
    name: source.source,
    ...(reader !== undefined && { options: foreign }),
  });
}
