/** The index object, one a mesh: lists over all chains and the mesh-wide call graph, fed by the ledgers after the fact. */
import { DurableObject } from "cloudflare:workers";
import type { HopNews, LateNews, News } from "../chain/events.ts";
import { RETENTION_MS } from "../limits.ts";
import { migrate } from "../migrations.ts";
import type { Database } from "../sql.ts";
import { addHop, addLate, type EdgeSums, type EdgeView, edgeView, MINUTE_MS, mergeEdges, newEdge } from "./edges.ts";
import { INDEX_MIGRATIONS } from "./migrations.ts";
import {
  type ChainItem,
  type ChainSearch,
  deleteChain,
  deleteEdgesBefore,
  readEdge,
  readEdges,
  readHeard,
  searchChains,
  writeChain,
  writeEdge,
  writeHeard,
} from "./store.ts";

/** Old minutes are removed once for so many numbers of a ledger's sequence. */
const CLEAN_EVERY = 10_000;

export class MeshIndex extends DurableObject {
  readonly #database: Database;

  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env as never);
    const { storage } = ctx;
    this.#database = { sql: storage.sql, transactionSync: (work) => storage.transactionSync(work) };
    migrate(this.#database, INDEX_MIGRATIONS);
  }

  /** Takes a ledger's news, in order. What it has heard before is dropped by its sequence. */
  async feed(ledger: string, news: News): Promise<void> {
    const { sql } = this.#database;
    this.#database.transactionSync(() => {
      const heard = readHeard(sql, ledger);
      if (news.upTo <= heard) return;
      for (const chain of news.chains) writeChain(sql, chain);
      for (const chainId of news.removed) deleteChain(sql, chainId);
      this.#addToEdges(
        news.hops.filter((hop) => hop.seq > heard),
        news.late.filter((late) => late.seq > heard),
      );
      writeHeard(sql, ledger, news.upTo);
      const last = news.hops.at(-1)?.endedAt;
      if (last !== undefined && Math.floor(news.upTo / CLEAN_EVERY) !== Math.floor(heard / CLEAN_EVERY)) {
        deleteEdgesBefore(sql, Math.floor((last - RETENTION_MS) / MINUTE_MS));
      }
    });
  }

  #addToEdges(hops: readonly HopNews[], late: readonly LateNews[]): void {
    const { sql } = this.#database;
    const edges = new Map<string, EdgeSums>();
    const edgeOf = (caller: string, callee: string, at: number): EdgeSums => {
      const minute = Math.floor(at / MINUTE_MS);
      const key = `${minute} ${caller} ${callee}`;
      const edge = edges.get(key) ?? readEdge(sql, minute, caller, callee) ?? newEdge(minute, caller, callee, at);
      edges.set(key, edge);
      return edge;
    };
    for (const hop of hops) addHop(edgeOf(hop.caller, hop.callee, hop.endedAt), hop);
    for (const one of late) addLate(edgeOf(one.caller, one.callee, one.at), one);
    for (const edge of edges.values()) writeEdge(sql, edge);
  }

  async searchChains(search: ChainSearch): Promise<ChainItem[]> {
    return searchChains(this.#database.sql, search);
  }

  /** Every edge that was called at `since` (epoch milliseconds) or later, summed over its minutes. */
  async edges(since: number): Promise<EdgeView[]> {
    const sums = new Map<string, EdgeSums>();
    for (const edge of readEdges(this.#database.sql, since, Math.floor(since / MINUTE_MS))) {
      const key = `${edge.caller} ${edge.callee}`;
      const sum = sums.get(key);
      if (sum === undefined) sums.set(key, edge);
      else mergeEdges(sum, edge);
    }
    return [...sums.values()].map(edgeView);
  }
}
