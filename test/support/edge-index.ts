/** An index's sums on Node's SQLite, with a clock of its own, and the plainest model of what they must say. */
import type { HopNews, LateNews } from "../../mesh/chain/events.ts";
import { EdgeBook } from "../../mesh/index/edge-book.ts";
import { type EdgeView, sumsOf } from "../../mesh/index/edges.ts";
import { INDEX_MIGRATIONS } from "../../mesh/index/migrations.ts";
import { MINUTE_MS, windowSince } from "../../mesh/index/spans.ts";
import { Windows } from "../../mesh/index/windows.ts";
import { memoryDatabase } from "./sqlite.ts";

/** An index's sums with a clock of its own: what it is to do, and what it must say. */
export class EdgeIndex {
  readonly database = memoryDatabase(INDEX_MIGRATIONS);
  now: number;
  #book = new EdgeBook(this.database.sql);
  #windows = new Windows(this.database.sql);

  constructor(now: number) {
    this.now = now;
  }

  feed(hops: readonly HopNews[], late: readonly LateNews[] = []): void {
    const added = this.database.transactionSync(() => this.#book.write(sumsOf(hops, late), this.now));
    this.#windows.note(added);
  }

  /** Runs in a transaction that fails when everything is done. */
  fail(work: () => void): void {
    const failed = new Error("failed by the test");
    try {
      this.database.transactionSync(() => {
        work();
        throw failed;
      });
    } catch (error) {
      if (error !== failed) throw error;
      this.#book.forget();
    }
  }

  failToFeed(hops: readonly HopNews[]): void {
    this.fail(() => this.#book.write(sumsOf(hops, []), this.now));
  }

  failToTurn(): void {
    this.fail(() => this.#book.turn(this.now));
  }

  turn() {
    return this.database.transactionSync(() => this.#book.turn(this.now));
  }

  evict(): void {
    this.#book = new EdgeBook(this.database.sql);
    this.#windows = new Windows(this.database.sql);
  }

  views(since: number, agent?: string): EdgeView[] {
    return this.#windows.views(windowSince(since, this.now), agent);
  }

  rows(): number {
    const [row] = this.database.sql.exec<{ n: number }>("SELECT COUNT(*) AS n FROM edge");
    return row?.n ?? 0;
  }
}

export function byEnds(a: EdgeView, b: EdgeView): number {
  return `${a.from} ${a.to}` < `${b.from} ${b.to}` ? -1 : 1;
}

/** The plainest way to say what a mesh's edges are: every hop since the start of the window, summed one by one. */
export function modelOf(hops: readonly HopNews[], late: readonly LateNews[], since: number, now: number) {
  const from = windowSince(since, now).start * MINUTE_MS;
  const all = [
    ...hops.map((hop) => ({ ...hop, at: hop.endedAt, calls: 1 })),
    ...late.map((one) => ({ ...one, status: "late", code: null, startedAt: one.at, endedAt: one.at, calls: 0 })),
  ].filter(({ at }) => at >= from);
  return [...Map.groupBy(all, ({ caller, callee }) => `${caller} ${callee}`).values()].map((some) => {
    const ran = some.filter(({ status }) => status !== "rejected");
    const refused = some.filter(({ status }) => status === "rejected");
    const sum = (of: (one: (typeof some)[number]) => number) => ran.reduce((total, one) => total + of(one), 0);
    const codes = Map.groupBy(refused, ({ code }) => code ?? "internal");
    return {
      from: some[0]?.caller,
      to: some[0]?.callee,
      calls: some.reduce((total, { calls }) => total + calls, 0),
      errors: ran.filter(({ status }) => status !== "done" && status !== "late").length,
      rejected: refused.length,
      rejections: Object.fromEntries([...codes].map(([code, { length }]) => [code, length])),
      tokens: sum(({ tokens }) => tokens),
      costMicros: sum(({ costMicros }) => costMicros),
      firstAt: Math.min(...some.map(({ at }) => at)),
      lastAt: Math.max(...some.map(({ at }) => at)),
    };
  });
}
