/** The ledger object: many chains, each decided alone. A thin shell; the rules, the book and the rows are beside it. */
import { DurableObject } from "cloudflare:workers";
import { NOTHING_USED, type Usage } from "../budget.ts";
import type { MeshIndex } from "../index/index.ts";
import { LEDGER_PAGE, OUTBOX_RETRY_MS, OUTBOX_WAIT_MS, WATCH_HOLD_MS } from "../limits.ts";
import { migrate } from "../migrations.ts";
import type { Rejection } from "../rejection.ts";
import type { Database } from "../sql.ts";
import { runDue } from "./alarm.ts";
import { Book } from "./book.ts";
import { earliestDue } from "./due.ts";
import type { Answer, HopStatus, Message } from "./facts.ts";
import { Followers } from "./followers.ts";
import { readAnswer } from "./idempotency.ts";
import { renewLease } from "./leases.ts";
import type { LiveHop } from "./live.ts";
import { LEDGER_MIGRATIONS } from "./migrations.ts";
import { drainOutbox, hasUnsent } from "./outbox.ts";
import { LedgerQueue, usageOf } from "./queue.ts";
import { ANSWER_REMOVED, lastSeqOf, type Removal, remove } from "./retention.ts";
import { endOpenHops } from "./settlement.ts";
import {
  type ChainView,
  chainView,
  type HopView,
  type RemainingView,
  readHopViews,
  readPaths,
  remainingView,
} from "./views.ts";
import { Waiters } from "./waiters.ts";

export interface LedgerEnv {
  readonly INDEX: DurableObjectNamespace<MeshIndex>;
}

/** How a hop stands, for who watches it. */
export interface HopState {
  readonly status: HopStatus;
  readonly rejection?: Rejection | undefined;
  /** Of the hop and all below it. */
  readonly usage: Usage;
  /** The recorded output of a request under an Idempotency-Key, as JSON. */
  readonly answer?: string | undefined;
}

/** Of a hop whose chain was removed. Who still asks for it has a request of its own under the same Idempotency-Key. */
const REMOVED: HopState = { status: "rejected", rejection: ANSWER_REMOVED, usage: NOTHING_USED };

export class Ledger extends DurableObject<LedgerEnv> {
  readonly #book: Book;
  readonly #queue: LedgerQueue;
  readonly #waiters = new Waiters();
  readonly #followers: Followers;
  readonly #bornAtMs = Date.now();
  #alarmAt = Number.POSITIVE_INFINITY;
  #outboxTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(ctx: DurableObjectState, env: LedgerEnv) {
    super(ctx, env);
    const { storage } = ctx;
    const database: Database = { sql: storage.sql, transactionSync: (work) => storage.transactionSync(work) };
    migrate(database, LEDGER_MIGRATIONS);
    this.#book = new Book(database);
    this.#book.recover();
    this.#followers = new Followers(this.#book);
    this.#queue = new LedgerQueue(this.#book, Date.now, () => this.#afterCommit());
  }

  /** Decides asks and takes settlements, in their order. Answers when what it decided is written. */
  exchange(messages: readonly Message[], sender?: string): Promise<Answer[]> {
    return this.#queue.exchange(messages, sender);
  }

  /**
   * Holds until the hop has ended or WATCH_HOLD_MS have passed, and says how it stands. The dispatcher's call
   * (`alive`) is the hop's sign of life; somebody who only waits for the outcome gives none.
   */
  async watch(chainId: string, hopId: string, alive: boolean): Promise<HopState> {
    const hop = this.#hop(chainId, hopId);
    if (hop?.status === "open") {
      if (alive) renewLease(this.#book, hop, Date.now());
      this.#queue.commit();
      await this.#waiters.wait(hop.id, WATCH_HOLD_MS);
      this.#queue.commit();
    }
    if (this.#book.chain(chainId) === undefined) return REMOVED;
    const ended = this.#hop(chainId, hopId);
    if (ended === undefined) throw new Error(`Chain ${chainId} has no hop ${hopId}.`);
    const { id, status, rejection } = ended;
    return { status, rejection, usage: usageOf(ended, Date.now()), answer: readAnswer(this.#book.database.sql, id) };
  }

  #hop(chainId: string, hopId: string): LiveHop | undefined {
    const chain = this.#book.chain(chainId);
    return chain && this.#book.hop(chain, hopId);
  }

  /** Cancels a running chain: its open hops end, deepest first. @returns the chain, whatever its status, if there is one */
  cancel(chainId: string): ChainView | undefined {
    const chain = this.#book.chain(chainId);
    if (chain?.status === "running") {
      endOpenHops(this.#book, chain, { code: "chain_cancelled", detail: "The chain was cancelled." }, Date.now());
    }
    return this.read(chainId);
  }

  read(chainId: string): ChainView | undefined {
    this.#queue.commit(true);
    const chain = this.#book.chain(chainId);
    return chain && chainView(chain, Date.now());
  }

  /** Removes a chain that has ended, with all that is kept of it. */
  async remove(chainId: string): Promise<Removal> {
    this.#queue.commit(true);
    const { database } = this.#book;
    const chain = this.#book.chain(chainId);
    if (chain !== undefined && chain.status !== "running") await this.#sendOutbox(lastSeqOf(database.sql, chain));
    this.#queue.commit(true);
    const removal = database.transactionSync(() => remove(this.#book, this.#book.chain(chainId), Date.now()));
    this.#afterCommit();
    return removal;
  }

  /** Hops in the order of their admission, after the row `after`; at most LEDGER_PAGE. */
  hops(chainId: string, after: number, most = LEDGER_PAGE): HopView[] {
    this.#queue.commit(true);
    const chain = this.#book.chain(chainId);
    return chain === undefined
      ? []
      : readHopViews(this.#book.database.sql, chain.id, after, Math.min(most, LEDGER_PAGE));
  }

  /**
   * What has happened in a chain after a number of the ledger's sequence, and then what happens: lines of JSON, pushed.
   * @returns nothing when there is no such chain
   */
  follow(chainId: string, after: number): ReadableStream<Uint8Array> | undefined {
    this.#queue.commit(true);
    const chain = this.#book.chain(chainId);
    if (chain === undefined) return undefined;
    return this.#followers.follow(chainId, chain.id, after, () => this.#queue.commit(true));
  }

  /** Whether the ledger's sequence has come to this number. */
  hasHappened(seq: number): boolean {
    return seq <= this.#book.lastSeq;
  }

  /** The paths of hops, by row: agents' names from the root. */
  paths(rows: readonly number[]): Record<number, string[]> {
    return readPaths(this.#book.database.sql, rows);
  }

  /** What is left to a hop; of one that has ended, nothing is said. */
  remaining(chainId: string, hopId: string): RemainingView | undefined {
    const hop = this.#hop(chainId, hopId);
    return hop?.status === "open" ? remainingView(hop, Date.now()) : undefined;
  }

  override async alarm(): Promise<void> {
    this.#alarmAt = Number.POSITIVE_INFINITY;
    this.#queue.commit(true);
    const outbox = runDue(this.#book, Date.now(), this.#bornAtMs);
    if (outbox) await this.#sendOutbox();
    this.#afterCommit();
  }

  #afterCommit(): void {
    for (const hop of this.#book.ended) this.#waiters.wake(hop);
    this.#book.ended.clear();
    for (const chain of this.#book.written) this.#followers.wake(chain);
    this.#book.written.clear();
    if (this.#outboxTimer === undefined && hasUnsent(this.#book)) {
      this.#book.due("outbox", 0, Date.now() + OUTBOX_RETRY_MS);
      this.#outboxTimer = setTimeout(() => void this.#sendOutbox(), OUTBOX_WAIT_MS);
    }
    this.#wakeAtEarliest();
  }

  /** The alarm moves only to an earlier time: one that comes too early finds nothing, and sets the next. */
  #wakeAtEarliest(): void {
    // What is due before anything that was written since has had its alarm set then; when that is not known, the rows say.
    const known = this.#alarmAt < Number.POSITIVE_INFINITY;
    const earliest = known ? this.#book.soonestDue : (earliestDue(this.#book.database.sql) ?? Number.POSITIVE_INFINITY);
    this.#book.soonestDue = Number.POSITIVE_INFINITY;
    if (earliest >= this.#alarmAt) return;
    this.#alarmAt = earliest;
    // An alarm that is set, while it runs, to the very time that it runs for may be lost.
    void this.ctx.storage.setAlarm(Math.max(earliest, Date.now() + 1));
  }

  /** @param enough the number up to which somebody waits for it; by default everything is sent */
  async #sendOutbox(enough?: number): Promise<void> {
    clearTimeout(this.#outboxTimer ?? null);
    try {
      const ledger = this.ctx.id.name ?? this.ctx.id.toString();
      const mesh = ledger.split("/")[0] ?? "default";
      await drainOutbox(this.#book, () => this.#queue.commit(true), this.env.INDEX.getByName(mesh), ledger, enough);
      this.#outboxTimer = undefined;
      // What was committed while the last batch was under way has found the timer set.
      this.#afterCommit();
    } catch (error) {
      console.error("ledger: the index could not be fed, it will be tried again", error);
      this.#book.due("outbox", 0, Date.now() + OUTBOX_RETRY_MS);
      this.#outboxTimer = undefined;
      this.#wakeAtEarliest();
    }
  }
}
