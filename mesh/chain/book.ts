/**
 * The ledger's working copy: open chains and hops in memory, loaded from their rows when they are first asked for. What
 * is in memory and nowhere else is what the next commit writes to the journal: at most a few milliseconds of settlements,
 * and asks that nobody has been answered yet. From there it gets into its rows when somebody is to read them, or when
 * enough has come together.
 */
import type { Database } from "../sql.ts";
import { loadChain, loadChainByRow, placeChain, readMaxSeq, setChainDue } from "./chains.ts";
import { type DueKind, setDue } from "./due.ts";
import { readSent } from "./events.ts";
import { loadHop, loadHopByRow, loadOpenHops, placeHop } from "./hops.ts";
import type { IdempotentRow } from "./idempotency.ts";
import { appendJournal, clearJournal, entriesOf, runJournal } from "./journal.ts";
import type { LiveChain, LiveHop } from "./live.ts";

/** Chains that stay in memory between commits; those beyond are loaded again when they are asked for. */
const RESIDENT = 5_000;
/** Entries of the journal that are brought into their rows together: the other chains wait for it a millisecond or two. */
const PLACE_AT = 500;

const NONE: ReadonlySet<LiveChain> = new Set();

export class Book {
  readonly database: Database;
  readonly #chains = new Map<string, LiveChain>();
  /** What the next commit writes. */
  readonly #changed = new Set<LiveChain>();
  /** What is in the journal and not in its rows; it stays in memory until it is. */
  readonly #unplaced = new Set<LiveChain>();
  /** Entries of the journal. */
  #entries = 0;
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

  /** Brings into its rows what an earlier process has left in the journal: before anything else. */
  recover(): void {
    this.#runJournal();
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

  /** Whether enough waits in the journal to be worth its rows. */
  get isFull(): boolean {
    return this.#entries >= PLACE_AT;
  }

  /**
   * Makes everything that has changed durable, in one row of the journal. When that fails, each chain is written alone, so
   * that a bad one fails alone; what failed is forgotten, and is what its rows say.
   * @returns the chains that could not be written
   */
  write(): ReadonlySet<LiveChain> {
    if (this.#changed.size === 0) return NONE;
    const chains = this.#takeChanged();
    try {
      const entries = chains.flatMap(entriesOf);
      const { sql } = this.database;
      const beside = chains.flatMap(({ writes }) => writes);
      const append = () => {
        if (entries.length > 0) appendJournal(sql, entries);
        for (const write of beside) write(sql);
      };
      // A row alone is whole or not there: a transaction of its own would be two more statements.
      if (beside.length === 0) append();
      else this.database.transactionSync(append);
      this.#entries += entries.length;
    } catch {
      return this.#writeAlone(chains);
    }
    for (const chain of chains) {
      this.#kept(chain);
      this.#unplaced.add(chain);
    }
    return NONE;
  }

  /** As `write`, and brings all rows up to date: what reads them comes after this. */
  place(): ReadonlySet<LiveChain> {
    const changed = this.#takeChanged();
    const chains = new Set([...this.#unplaced, ...changed]);
    if (chains.size === 0) return NONE;
    const { sql } = this.database;
    try {
      this.database.transactionSync(() => {
        for (const chain of chains) this.#placeChain(chain);
        if (this.#entries > 0) clearJournal(sql);
      });
    } catch {
      return this.#writeAlone(changed);
    }
    this.#unplaced.clear();
    this.#entries = 0;
    for (const chain of changed) this.#kept(chain);
    for (const chain of chains) this.#placed(chain);
    return NONE;
  }

  /**
   * Brings the rows to what the journal says.
   * @returns the chains to forget: something could not be run, and nobody knows what of them is in their rows
   */
  #runJournal(): ReadonlySet<LiveChain> {
    let failed = 0;
    this.database.transactionSync(() => {
      runJournal(this.database.sql, ([name, values], error) => {
        failed += 1;
        console.error(`ledger: an entry of the journal could not be run: ${name} ${JSON.stringify(values)}`, error);
      });
    });
    const chains = new Set(this.#unplaced);
    this.#unplaced.clear();
    this.#entries = 0;
    for (const chain of chains) {
      if (failed > 0) this.forget(chain.chainId);
      else {
        chain.row = chain.kept;
        for (const hop of chain.hops.values()) hop.row = hop.kept;
        this.#leave(chain);
      }
    }
    return failed > 0 ? chains : NONE;
  }

  #writeAlone(chains: readonly LiveChain[]): ReadonlySet<LiveChain> {
    const failed = new Set<LiveChain>();
    const unknown = this.#runJournal();
    for (const chain of chains) {
      try {
        if (unknown.has(chain)) throw new Error("What its journal says could not be run.");
        this.database.transactionSync(() => this.#placeChain(chain));
        this.#kept(chain);
        this.#placed(chain);
      } catch (error) {
        console.error(`ledger: chain ${chain.chainId} could not be written`, error);
        failed.add(chain);
        this.#chains.delete(chain.chainId);
      }
    }
    return failed;
  }

  #takeChanged(): readonly LiveChain[] {
    const chains = [...this.#changed];
    this.#changed.clear();
    this.idempotent.clear();
    return chains;
  }

  #placeChain(chain: LiveChain): void {
    const { sql } = this.database;
    placeChain(sql, chain);
    for (const hop of chain.hops.values()) placeHop(sql, hop);
    for (const write of chain.writes) write(sql);
  }

  /** It is durable. */
  #kept(chain: LiveChain): void {
    if (chain.dueMoved) this.soonestDue = Math.min(this.soonestDue, chain.dueAt);
    chain.kept = "written";
    for (const hop of chain.touched) hop.kept = "written";
    chain.touched.clear();
    chain.writes.length = 0;
    this.written.add(chain.id);
  }

  /** Its rows are up to date. */
  #placed(chain: LiveChain): void {
    chain.row = "written";
    chain.dueMoved = false;
    for (const hop of chain.hops.values()) hop.row = "written";
    this.#leave(chain);
  }

  /** What is in its rows and over leaves memory. */
  #leave(chain: LiveChain): void {
    for (const hop of chain.hops.values())
      if (hop.status !== "open" && hop.row === "written") chain.hops.delete(hop.hopId);
    if (chain.status !== "running" && chain.row === "written" && !this.#changed.has(chain))
      this.#chains.delete(chain.chainId);
    const [oldest] = this.#chains.values();
    if (
      this.#chains.size > RESIDENT &&
      oldest !== undefined &&
      !this.#changed.has(oldest) &&
      !this.#unplaced.has(oldest)
    )
      this.#chains.delete(oldest.chainId);
  }

  /** As `forget`, by the chain's row. */
  forgetRow(id: number): void {
    for (const chain of this.#chains.values()) if (chain.id === id) this.forget(chain.chainId);
  }

  /** Forgets what is in memory of a chain; its rows stand. */
  forget(chainId: string): void {
    const chain = this.#chains.get(chainId);
    if (chain === undefined) return;
    this.#changed.delete(chain);
    if (this.#unplaced.has(chain)) this.#runJournal();
    this.#chains.delete(chain.chainId);
  }
}
