/** Those who follow chains. The ledger writes to them after each commit that concerns them; nobody polls. */
import type { Book } from "./book.ts";
import { readHappenings } from "./happenings.ts";
import { chainView } from "./views.ts";

/** Events of one write: a follower that reads slowly costs the ledger this much memory, and no more. */
const PAGE = 200;

const encoder = new TextEncoder();

export class Followers {
  readonly #book: Book;
  readonly #waiting = new Map<number, Set<() => void>>();

  constructor(book: Book) {
    this.#book = book;
  }

  /** Something of the chain was written. */
  wake(chain: number): void {
    const waiting = this.#waiting.get(chain);
    if (waiting === undefined) return;
    this.#waiting.delete(chain);
    for (const go of waiting) go();
  }

  /**
   * Tells what has happened in a chain after a number of the ledger's sequence, then what happens, as lines of JSON, until
   * the chain has ended: its view is the last line. A reader that leaves ends it.
   * @param commit writes what is in memory: only rows are read
   */
  follow(chainId: string, row: number, after: number, commit: () => void): ReadableStream<Uint8Array> {
    const { readable, writable } = new IdentityTransformStream();
    const writer = writable.getWriter();
    const left = writer.closed.then(
      () => "left" as const,
      () => "left" as const,
    );
    this.#tell(writer, left, { chainId, row, after, commit }).catch(() => writer.abort().catch(() => undefined));
    return readable;
  }

  async #tell(
    writer: WritableStreamDefaultWriter<Uint8Array>,
    left: Promise<"left">,
    { chainId, row, after, commit }: { chainId: string; row: number; after: number; commit: () => void },
  ): Promise<void> {
    const write = (lines: readonly unknown[]) =>
      writer.write(encoder.encode(lines.map((line) => `${JSON.stringify(line)}\n`).join("")));
    for (let from = after; ; ) {
      commit();
      const { events, upTo } = readHappenings(this.#book.database.sql, row, from, this.#book.lastSeq, PAGE);
      from = upTo;
      if (events.length > 0) await write(events);
      if (upTo < this.#book.lastSeq) {
        // One turn for the chains that have something to decide.
        if (events.length === 0) await scheduler.wait(0);
        continue;
      }
      const chain = this.#book.chain(chainId);
      if (chain === undefined) return writer.close();
      if (chain.status !== "running") {
        await write([{ chain: chainView(chain, Date.now()) }]);
        return writer.close();
      }
      if ((await this.#wokenOr(left, row)) === "left") return;
    }
  }

  async #wokenOr(left: Promise<"left">, chain: number): Promise<"woken" | "left"> {
    const { promise, resolve } = Promise.withResolvers<"woken">();
    const go = () => resolve("woken");
    const waiting = this.#waiting.get(chain) ?? new Set();
    this.#waiting.set(chain, waiting);
    waiting.add(go);
    const first = await Promise.race([promise, left]);
    waiting.delete(go);
    if (waiting.size === 0 && this.#waiting.get(chain) === waiting) this.#waiting.delete(chain);
    return first;
  }
}
