/** Has the sources read, as many at once as the hop may, and works around those that cannot be. */
import type { CallOptions, Hop, Remaining } from "../define.ts";
import { ASSUMED, detectLanguage } from "../language/detect.ts";
import { termsIn } from "../language/terms.ts";
import { ReaderOutput } from "../reader/schema.ts";
import { type Answered, askAgent } from "./ask.ts";
import type { LeftOut, Source } from "./schema.ts";

export interface Gathered {
  /** In the order of their sources. */
  readonly readings: readonly ReaderOutput[];
  readonly leftOut: readonly LeftOut[];
}

/** Ranking, one summary, and the check: what the desk keeps hops for before it has anything read. */
const KEPT_HOPS = 3;

/** What another reader than `reader` may use of the chain at most, with all that it calls. */
const FOREIGN_HOPS = 10;
const FOREIGN_OPEN = 4;

export interface GatherOptions {
  /** Passages of each source. */
  readonly limit: number;
  readonly patienceMs: number;
}

export async function gather(
  hop: Hop,
  question: string,
  sources: readonly Source[],
  options: GatherOptions,
): Promise<Gathered> {
  const left = await hop.remaining();
  const { asked, notAsked } = allot(question, sources, left.hops);
  const outcomes: Answered<ReaderOutput>[] = [];
  const queue = sources.entries();
  const readOn = async (): Promise<void> => {
    for (const [index, source] of queue) {
      if (!asked.has(source)) continue;
      hop.signal.throwIfAborted();
      outcomes[index] = await readOne(hop, source, left, options);
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

/**
 * Which sources are read when there are fewer hops than sources: first those whose name has a word of the question. A
 * source costs at least one hop; of those that are left over none is asked for, which would only make refusals.
 */
function allot(
  question: string,
  sources: readonly Source[],
  hops: number,
): { readonly asked: ReadonlySet<Source>; readonly notAsked: readonly LeftOut[] } {
  const room = Math.max(1, hops - KEPT_HOPS);
  if (sources.length <= room) return { asked: new Set(sources), notAsked: [] };
  const { telling } = termsIn(detectLanguage(question) ?? ASSUMED);
  const wanted = new Set(telling(question));
  const named = ({ source }: Source): boolean => telling(source).some((term) => wanted.has(term));
  const ordered = [...sources.filter(named), ...sources.filter((source) => !named(source))];
  const detail = `The chain has ${hops} hops left, of which the desk keeps ${KEPT_HOPS} for ranking, summary and check: it read ${room} of ${sources.length} sources.`;
  return {
    asked: new Set(ordered.slice(0, room)),
    notAsked: ordered
      .slice(room)
      .map(({ source }) => ({ what: "source", name: source, code: "budget_exceeded", detail })),
  };
}

function readOne(
  hop: Hop,
  { reader, ...source }: Source,
  left: Remaining,
  { limit, patienceMs }: GatherOptions,
): Promise<Answered<ReaderOutput>> {
  const agent = reader ?? "reader";
  return askAgent(hop, {
    agent,
    input: { ...source, limit },
    output: ReaderOutput,
    what: "source",
    name: source.source,
    ...(reader !== undefined && { options: foreignOptions(left, patienceMs) }),
  });
}

/** A purse of its own: whatever it does, the rest of the chain's budget is the desk's. */
function foreignOptions(left: Remaining, patienceMs: number): CallOptions {
  const hops = Math.max(1, Math.min(FOREIGN_HOPS, Math.floor(left.hops / 4)));
  return { allowance: { hops, concurrency: FOREIGN_OPEN, wallMs: Math.min(patienceMs, left.wallMs) } };
}
