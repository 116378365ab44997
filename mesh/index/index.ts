/** The index object, one a mesh: lists over all chains and the mesh-wide call graph, fed by the ledgers after the fact. */
import { DurableObject } from "cloudflare:workers";
import type { News } from "../chain/events.ts";
import { migrate } from "../migrations.ts";
import type { Database } from "../sql.ts";
import { EdgeBook, ROLL_AFTER_MS } from "./edge-book.ts";
import { type EdgeView, type MinuteSums, sumsOf } from "./edges.ts";
import { INDEX_MIGRATIONS } from "./migrations.ts";
import { MINUTE_MS, minuteOf, windowSince } from "./spans.ts";
import {
  type ChainItem,
  type ChainSearch,
  deleteChain,
  readHeard,
  searchChains,
  writeChain,
  writeHeard,
} from "./store.ts";
import { Windows } from "./windows.ts";

/** How often an index that hears nothing looks for sums that are no longer kept, in milliseconds. */
const IDLE_MS = 60 * MINUTE_MS;

/** The edges of a mesh since a time. */
export interface MeshEdges {
  /** Epoch milliseconds: the time asked for, or the start of the kept span that it is in. */
  readonly since: number;
  readonly edges: readonly EdgeView[];
}

export class MeshIndex extends DurableObject {
  readonly #database: Database;
  readonly #edges: EdgeBook;
  readonly #windows: Windows;
  #alarmAt = Number.POSITIVE_INFINITY;

  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env as never);
    const { storage } = ctx;
    this.#database = { sql: storage.sql, transactionSync: (work) => storage.transactionSync(work) };
    migrate(this.#database, INDEX_MIGRATIONS);
    this.#edges = new EdgeBook(storage.sql);
    this.#windows = new Windows(storage.sql);
  }

  /** Takes a ledger's news, in order. What it has heard before is dropped by its sequence. */
  async feed(ledger: string, news: News): Promise<void> {
    const now = Date.now();
    const added = this.#write(() => this.#take(ledger, news, now));
    if (added.length === 0) return;
    this.#windows.note(added);
    this.#wakeAt((minuteOf(now) + 1) * MINUTE_MS + ROLL_AFTER_MS);
  }

  #take(ledger: string, news: News, now: number): MinuteSums[] {
    const { sql } = this.#database;
    const heard = readHeard(sql, ledger);
    if (news.upTo <= heard) return [];
    for (const chain of news.chains) writeChain(sql, chain);
    for (const chainId of news.removed) deleteChain(sql, chainId);
    writeHeard(sql, ledger, news.upTo);
    const isNew = ({ seq }: { readonly seq: number }) => seq > heard;
    return this.#edges.write(sumsOf(news.hops.filter(isNew), news.late.filter(isNew)), now);
  }

  /** What fails leaves nothing behind, in the rows or in memory. */
  #write<T>(work: () => T): T {
    try {
      return this.#database.transactionSync(work);
    } catch (error) {
      this.#edges.forget();
      throw error;
    }
  }

  async searchChains(search: ChainSearch): Promise<ChainItem[]> {
    return searchChains(this.#database.sql, search);
  }

  /** Every edge that was called at `since` (epoch milliseconds) or later; of one agent, if it is named. */
  async edges(since: number, agent?: string): Promise<MeshEdges> {
    const window = windowSince(since, Date.now());
    return { since: window.start * MINUTE_MS, edges: this.#windows.views(window, agent) };
  }

  override async alarm(): Promise<void> {
    this.#alarmAt = Number.POSITIVE_INFINITY;
    const now = Date.now();
    const left = this.#write(() => this.#edges.turn(now));
    if (left !== "nothing") this.#wakeAt(left === "more" ? now : now + IDLE_MS);
  }

  /** The alarm moves only to an earlier time. */
  #wakeAt(at: number): void {
    if (at >= this.#alarmAt) return;
    this.#alarmAt = at;
    void this.ctx.storage.setAlarm(at);
  }
}
