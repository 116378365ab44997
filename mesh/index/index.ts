/** The index object, one a mesh: lists over all chains and the mesh-wide call graph, fed by the ledgers after the fact. */
import { DurableObject } from "cloudflare:workers";
import type { OutboxEvent } from "../chain/events.ts";
import { RETENTION_MS } from "../limits.ts";
import { migrate } from "../migrations.ts";
import type { Database } from "../sql.ts";
import { addEvent, type EdgeSums, type EdgeView, edgeView, MINUTE_MS, mergeEdges, newEdge } from "./edges.ts";
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

export class MeshIndex extends DurableObject {
  readonly #database: Database;

  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env as never);
    const { storage } = ctx;
    this.#database = { sql: storage.sql, transactionSync: (work) => storage.transactionSync(work) };
    migrate(this.#database, INDEX_MIGRATIONS);
  }

  /** Takes a ledger's events, in order. What it has heard before is dropped by its sequence. */
  async feed(ledger: string, events: readonly OutboxEvent[]): Promise<void> {
    const { sql } = this.#database;
    this.#database.transactionSync(() => {
      const heard = readHeard(sql, ledger);
      const fresh = events.filter((event) => event.seq > heard);
      const last = fresh.at(-1);
      if (last === undefined) return;
      this.#applyChains(fresh);
      this.#applyEdges(fresh);
      writeHeard(sql, ledger, last.seq);
      if (Math.floor(last.seq / 10_000) !== Math.floor(heard / 10_000)) {
        deleteEdgesBefore(sql, Math.floor((last.at - RETENTION_MS) / MINUTE_MS));
      }
    });
  }

  #applyChains(events: readonly OutboxEvent[]): void {
    for (const event of events) {
      const { type, chainId, chainStatus, agent, principal, startedAt } = event;
      if (type === "removed")
        deleteChain(this.#database.sql, (JSON.parse(event.body ?? "{}") as { chainId: string }).chainId);
      if (type !== "started" && type !== "ended") continue;
      if (chainId === null || agent === null || principal === null || startedAt === null) continue;
      const status = type === "started" ? "running" : (chainStatus ?? "failed");
      writeChain(this.#database.sql, {
        chainId,
        status,
        agent,
        principal,
        startedAt,
        endedAt: type === "ended" ? event.at : null,
      });
    }
  }

  #applyEdges(events: readonly OutboxEvent[]): void {
    const edges = new Map<string, EdgeSums>();
    for (const event of events) {
      const { type, callee, at } = event;
      if (callee === null || (type !== "settled" && type !== "rejected" && type !== "late")) continue;
      const caller = event.caller ?? event.principal ?? "unknown";
      const minute = Math.floor(at / MINUTE_MS);
      const key = `${minute} ${caller} ${callee}`;
      const edge =
        edges.get(key) ?? readEdge(this.#database.sql, minute, caller, callee) ?? newEdge(minute, caller, callee, at);
      edges.set(key, edge);
      addEvent(edge, event);
    }
    for (const edge of edges.values()) writeEdge(this.#database.sql, edge);
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
