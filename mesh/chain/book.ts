/**
 * The ledger's working copy: open chains and hops in memory, loaded from their rows when they are first asked for, and
 * written back together. What is in memory and not in rows is what the next commit writes: at most a few milliseconds
 * of settlements, and asks that nobody has been answered yet.
 */
import type { Database } from "../sql.ts";
import { insertChain, loadChain, loadChainByRow, readMaxSeq, setChainDue, updateChain } from "./chains.ts";
import { type DueKind, setDue } from "./due.ts";
import { readSent } from "./events.ts";
import { insertHop, loadHop, loadHopByRow, loadOpenHops, updateHop } from "./hops.ts";
import type { IdempotentRow } from "./idempotency.ts";
import type { LiveChain, LiveHop } from "./live.ts";

/** Chains that stay in memory between commits; those beyond are loaded again when they are asked for. */
const RESIDENT = 5_000;

export class Book {
  readonly database: Database;
  readonly #chains = new Map<string, LiveChain>();
  readonly #changed = new Set<LiveChain>();
  #seq: number | undefined;
  /** Requests under an Idempotency-Key that are not written yet, by their scope. */
  readonly idempotent = new Map<string, IdempotentRow>();
  /** Rows of hops that have ended since the last commit: somebody may wait for them. */
  readonly ended = new Set<number>();
  /** Rows of chains that were written since the last commit: somebody may follow them. */
  readonly written = new Set<number>();
  /** The earliest due time that was written here: what is earlier was so when the alarm was last set. */
  soonestDue = Number.POSITIVE_INFINITY;

  constructor(database: Database) {
    this.database = database;
  }

  /** The next number of the one sequence in which everything happens here. */
  nextSeq(): number {
    this.#seq = this.lastSeq + 1;
    return this.#seq;
  }

  get lastSeq(): number {
    const { sql } = this.database;
    this.#seq ??= Math.max(readMaxSeq(sql), readSent(sql));
    return this.#seq;
  }

  /** @param fresh whether the id was just made, so that there can be no row */
  chain(chainId: string, fresh = false): LiveChain | undefined {
    const known = this.#chains.get(chainId);
    if (known !== undefined || fresh) return known;
    return this.#admit(loadChain(this.database.sql, chainId));
  }

  chainByRow(id: number): LiveChain | undefined {
    const chain = loadChainByRow(this.database.sql, id);
    return chain && (this.#chains.get(chain.chainId) ?? this.#admit(chain));
  }

  #admit(chain: LiveChain | undefined): LiveChain | undefined {
    if (chain === undefined) return undefined;
    // One that has ended stays only when it is changed: reading must not fill the memory.
    if (chain.status !== "running") return chain;
    loadOpenHops(this.database.sql, chain);
    this.#chains.set(chain.chainId, chain);
    return chain;
  }

  add(chain: LiveChain): void {
    this.#chains.set(chain.chainId, chain);
  }

  /** A hop of a chain: open ones are in memory, others are read with their ancestors. */
  hop(chain: LiveChain, hopId: string): LiveHop | undefined {
    return chain.hops.get(hopId) ?? loadHop(this.database.sql, chain, hopId, (id) => this.#hopByRow(chain, id));
  }

  #hopByRow(chain: LiveChain, id: number): LiveHop | undefined {
    for (const hop of chain.hops.values()) if (hop.id === id) return hop;
    return loadHopByRow(this.database.sql, chain, id, (above) => this.#hopByRow(chain, above));
  }

  /** The chain, or something of it, is to be written with the next commit. */
  changed(chain: LiveChain): void {
    this.#chains.set(chain.chainId, chain);
    this.#changed.add(chain);
  }

  /** Writes a due time. */
  due(kind: DueKind, ref: number, at: number): void {
    setDue(this.database.sql, kind, ref, at);
    this.soonestDue = Math.min(this.soonestDue, at);
  }

  /** Writes when a chain that is not in memory is to be looked at again, by its row. */
  postpone(chain: number, at: number): void {
    setChainDue(this.database.sql, chain, at);
    this.soonestDue = Math.min(this.soonestDue, at);
  }

  get hasChanges(): boolean {
    return this.#changed.size > 0;
  }

  /**
   * Writes everything that has changed in one transaction. When that fails, each chain is written alone, so that a bad
   * one fails alone; what failed is forgotten, and is what its rows say.
   * @returns the chains that could not be written
   */
  write(): ReadonlySet<LiveChain> {
    const chains = [...this.#changed];
    this.#changed.clear();
    const failed = new Set<LiveChain>();
    try {
      this.database.transactionSync(() => {
        for (const chain of chains) this.#writeChain(chain);
      });
    } catch {
      for (const chain of chains) {
        try {
          this.database.transactionSync(() => this.#writeChain(chain));
        } catch (error) {
          console.error(`ledger: chain ${chain.chainId} could not be written`, error);
          failed.add(chain);
        }
      }
    }
    this.idempotent.clear();
    for (const chain of chains) {
      if (failed.has(chain)) this.#chains.delete(chain.chainId);
      else this.#settled(chain);
    }
    return failed;
  }

  #writeChain(chain: LiveChain): void {
    const { sql } = this.database;
    if (chain.row === "new") insertChain(sql, chain);
    else if (chain.row === "changed") updateChain(sql, chain);
    for (const hop of chain.hops.values()) {
      if (hop.row === "new") insertHop(sql, hop);
      else if (hop.row === "changed") updateHop(sql, hop);
    }
    if (chain.dueMoved) this.soonestDue = Math.min(this.soonestDue, chain.dueAt);
    for (const write of chain.writes) write(sql);
  }

  /** What is written and over leaves memory. */
  #settled(chain: LiveChain): void {
    chain.row = "written";
    this.written.add(chain.id);
    chain.dueMoved = false;
    chain.writes.length = 0;
    for (const hop of chain.hops.values()) {
      hop.row = "written";
      if (hop.status !== "open") chain.hops.delete(hop.hopId);
    }
    if (chain.status !== "running") this.#chains.delete(chain.chainId);
    const [oldest] = this.#chains.values();
    if (this.#chains.size > RESIDENT && oldest !== undefined && !this.#changed.has(oldest))
      this.#chains.delete(oldest.chainId);
  }

  /** As `forget`, by the chain's row. */
  forgetRow(id: number): void {
    for (const chain of this.#chains.values()) if (chain.id === id) this.forget(chain.chainId);
  }

  /** Forgets what is in memory of a chain; its rows stand. */
  forget(chainId: string): void {
    const chain = this.#chains.get(chainId);
    this.#chains.delete(chainId);
    if (chain !== undefined) this.#changed.delete(chain);
  }
}
