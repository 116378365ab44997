/** Follows a chain from anywhere: the ledger pushes, and after a break the stream is taken up again where it was. */
import type { Happening, HappeningType } from "../chain/happenings.ts";
import { type GraphHop, hopOf } from "../chain/lineage.ts";
import type { ChainView } from "../chain/views.ts";
import type { Mesh } from "../mesh.ts";

/** A hop as it was at one event of its chain. */
export interface HopEvent extends GraphHop {
  readonly chainId: string;
  /** Its number: to go on after it, ask for what comes after this. Numbers grow, with gaps. */
  readonly seq: number;
  readonly type: HappeningType;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** What a follower hears: hop events, and last the chain when it has ended. */
export type ChainEvent = { readonly hop: HopEvent } | { readonly chain: ChainView };

/** Pause before a broken stream is taken up again, in milliseconds, and how often in a row that is tried. */
const AGAIN_MS = 250;
const TRIES = 40;

/**
 * Each hop event of a chain after number `after`, once and in order, until the chain has ended or `signal` aborts.
 * @throws {Error} when the ledger can't be reached for ten seconds
 */
export async function* followChain(
  mesh: Mesh,
  chain: Pick<ChainView, "chainId" | "root">,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<ChainEvent> {
  const paths = new Paths(mesh, chain);
  let last = after;
  for (let failed = 0; !signal.aborted; ) {
    try {
      for await (const line of linesOf(mesh, chain.chainId, last, signal)) {
        failed = 0;
        if ("chain" in line) {
          yield line;
          return;
        }
        last = line.seq;
        yield { hop: await paths.eventOf(line) };
      }
      // A stream that ends without the chain's end: the chain was removed, or nobody follows any more.
      return;
    } catch (error) {
      if (signal.aborted) return;
      failed += 1;
      if (failed > TRIES) throw error;
      await scheduler.wait(AGAIN_MS);
    }
  }
}

type Line = Happening | { readonly chain: ChainView };

async function* linesOf(mesh: Mesh, chainId: string, after: number, signal: AbortSignal): AsyncGenerator<Line> {
  const stream = (await mesh.ledger(chainId).follow(chainId, after)) as ReadableStream<Uint8Array> | undefined;
  const reader = stream?.pipeThrough(new TextDecoderStream()).getReader();
  if (reader === undefined) return;
  const leave = () => void reader.cancel().catch(() => undefined);
  signal.addEventListener("abort", leave, { once: true });
  try {
    let rest = "";
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      const lines = (rest + part.value).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) yield JSON.parse(line) as Line;
    }
  } finally {
    signal.removeEventListener("abort", leave);
    leave();
  }
}

/** Paths from the root, of hops that are open: what has ended calls nobody. */
class Paths {
  readonly #mesh: Mesh;
  readonly #chain: Pick<ChainView, "chainId" | "root">;
  readonly #paths = new Map<number, readonly string[]>();

  constructor(mesh: Mesh, chain: Pick<ChainView, "chainId" | "root">) {
    this.#mesh = mesh;
    this.#chain = chain;
  }

  async eventOf({ seq, type, at, hop }: Happening): Promise<HopEvent> {
    const { chainId } = this.#chain;
    const above = hop.parentRow;
    if (above !== null && !this.#paths.has(above)) {
      const paths = (await this.#mesh.ledger(chainId).paths([above])) as Record<string, string[]>;
      this.#paths.set(above, paths[above] ?? []);
    }
    const event = { chainId, seq, type, at, ...hopOf(hop, this.#chain, this.#paths) };
    if (hop.status !== "open") this.#paths.delete(hop.row);
    return event;
  }
}
