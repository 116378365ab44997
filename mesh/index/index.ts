/** The index object, one a mesh: lists over all chains and the mesh-wide call graph, fed by the ledgers after the fact. */
import { DurableObject } from "cloudflare:workers";
import type { News } from "../chain/events.ts";
import { egressPolicy } from "../egress/provided.ts";
import { HEALTH_RETRY_MS } from "../limits.ts";
import { migrate } from "../migrations.ts";
import type { Check } from "../registry/checked.ts";
import type { Registry } from "../registry/registry.ts";
import type { Database } from "../sql.ts";
import { EdgeBook, ROLL_AFTER_MS } from "./edge-book.ts";
import { type EdgeView, type MinuteSums, sumsOf } from "./edges.ts";
import { type CheckedHealth, HealthChecks } from "./health.ts";
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

/** An alarm that is so much overdue is not waited for any longer: it is set again. */
const OVERDUE_MS = 5_000;

/** The edges of a mesh since a time. */
export interface MeshEdges {
  /** Epoch milliseconds: the time asked for, or the start of the kept span that it is in. */
  readonly since: number;
  readonly edges: readonly EdgeView[];
}

export interface IndexEnv {
  readonly REGISTRY: DurableObjectNamespace<Registry>;
}

export class MeshIndex extends DurableObject<IndexEnv> {
  readonly #database: Database;
  readonly #health: HealthChecks;
  readonly #edges: EdgeBook;
  readonly #windows: Windows;
  #alarmAt = Number.POSITIVE_INFINITY;

  constructor(ctx: DurableObjectState, env: IndexEnv) {
    super(ctx, env);
    const { storage } = ctx;
    this.#database = { sql: storage.sql, transactionSync: (work) => storage.transactionSync(work) };
    migrate(this.#database, INDEX_MIGRATIONS);
    this.#edges = new EdgeBook(storage.sql);
    this.#windows = new Windows(storage.sql);
    this.#health = new HealthChecks(storage.sql, Date.now);
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

  /** Whose health is to be checked from now on, and whose no more; told by the registry, again when it is not sure. */
  async takeChecks(checks: readonly Check[]): Promise<void> {
    this.#write(() => this.#health.take(checks));
    this.#wakeAt(Date.now());
  }

  /** How the checks of an agent have gone. */
  async healthOf(name: string): Promise<CheckedHealth | undefined> {
    return this.#health.of(name);
  }

  override async alarm(): Promise<void> {
    this.#alarmAt = Number.POSITIVE_INFINITY;
    const now = Date.now();
    const left = this.#write(() => this.#edges.turn(now));
    if (left !== "nothing") this.#wakeAt(left === "more" ? now : now + IDLE_MS);
    this.#wakeAt(await this.#checkHealth());
  }

  /** @returns when to look again */
  async #checkHealth(): Promise<number> {
    try {
      const registry = this.env.REGISTRY.getByName(this.ctx.id.name ?? this.ctx.id.toString());
      return await this.#health.turn(() => egressPolicy(this.env), registry);
    } catch (error) {
      console.error("index: a turn of health checks has failed", error);
      return Date.now() + HEALTH_RETRY_MS;
    }
  }

  /** The alarm moves only to an earlier time. Whether it stands earlier is not known at first: the rows say. */
  #wakeAt(at: number): void {
    const now = Date.now();
    const known = this.#alarmAt < Number.POSITIVE_INFINITY && this.#alarmAt > now - OVERDUE_MS;
    // An alarm that is set, while it runs, to the very time that it runs for may be lost.
    const earliest = Math.max(now + 1, known ? at : Math.min(at, this.#health.earliest()));
    if (earliest === Number.POSITIVE_INFINITY || (known && earliest >= this.#alarmAt)) return;
    this.#alarmAt = earliest;
    void this.ctx.storage.setAlarm(earliest);
  }
}
