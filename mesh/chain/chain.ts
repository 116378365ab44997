/** The ledger object: many chains, each decided alone. A thin shell; the rules and the rows are beside it. */
import { DurableObject } from "cloudflare:workers";
import type { MeshIndex } from "../index/index.ts";
import { LEDGER_PAGE, OUTBOX_RETRY_MS, OUTBOX_WAIT_MS, WATCH_HOLD_MS } from "../limits.ts";
import { migrate } from "../migrations.ts";
import type { Rejection } from "../rejection.ts";
import type { Usage } from "../schema.ts";
import { runDue } from "./alarm.ts";
import { readChain } from "./chains.ts";
import { earliestDue, setDue } from "./due.ts";
import { hasUnsent } from "./events.ts";
import type { Answer, HopStatus, Message } from "./facts.ts";
import { readHopOfChain, readPath, readPathOfRow } from "./hops.ts";
import { readAnswer } from "./idempotency.ts";
import { renewLease } from "./leases.ts";
import { LEDGER_MIGRATIONS } from "./migrations.ts";
import { drainOutbox } from "./outbox.ts";
import { LedgerQueue, usageOf } from "./queue.ts";
import { endOpenHops, type LedgerDatabase } from "./settlement.ts";
import { type ChainView, chainView, type HopView, type RemainingView, readHopViews, remainingView } from "./views.ts";
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

export class Ledger extends DurableObject<LedgerEnv> {
  readonly #database: LedgerDatabase;
  readonly #queue: LedgerQueue;
  readonly #waiters = new Waiters();
  readonly #bornAtMs = Date.now();
  #alarmAt = Number.POSITIVE_INFINITY;
  #outboxTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(ctx: DurableObjectState, env: LedgerEnv) {
    super(ctx, env);
    const { storage } = ctx;
    this.#database = { sql: storage.sql, transactionSync: (work) => storage.transactionSync(work), ended: new Set() };
    migrate(this.#database, LEDGER_MIGRATIONS);
    this.#queue = new LedgerQueue(this.#database, Date.now, () => this.#afterCommit());
  }

  /** Decides asks and takes settlements, in their order. Answers when what it decided is written. */
  exchange(messages: readonly Message[]): Promise<Answer[]> {
    return this.#queue.exchange(messages);
  }

  /**
   * Holds until the hop has ended or WATCH_HOLD_MS have passed, and says how it stands. The dispatcher's call
   * (`alive`) is the hop's sign of life; somebody who only waits for the outcome gives none.
   */
  async watch(chainId: string, hopId: string, alive: boolean): Promise<HopState> {
    this.#queue.commit();
    const { sql } = this.#database;
    const hop = readHopOfChain(sql, chainId, hopId);
    if (hop?.status === "open") {
      const deadlineMs = readChain(sql, chainId)?.deadlineMs ?? hop.deadlineMs;
      if (alive) renewLease(this.#database, hop, deadlineMs, Date.now());
      await this.#waiters.wait(hop.id, WATCH_HOLD_MS);
      this.#queue.commit();
    }
    const ended = readHopOfChain(sql, chainId, hopId);
    if (ended === undefined) throw new Error(`Chain ${chainId} has no hop ${hopId}.`);
    const { status, rejection } = ended;
    return { status, rejection, usage: usageOf(ended, Date.now()), answer: readAnswer(sql, ended.id) };
  }

  /** Cancels a running chain: its open hops end, deepest first. @returns the chain, whatever its status, if there is one */
  cancel(chainId: string): ChainView | undefined {
    this.#queue.commit();
    const chain = readChain(this.#database.sql, chainId);
    if (chain?.status === "running") {
      const rejection = { code: "chain_cancelled", detail: "The chain was cancelled." } as const;
      this.#database.transactionSync(() => endOpenHops(this.#database, chain.id, rejection, Date.now()));
      this.#afterCommit();
    }
    return this.read(chainId);
  }

  read(chainId: string): ChainView | undefined {
    this.#queue.commit();
    const chain = readChain(this.#database.sql, chainId);
    return chain && chainView(chain, Date.now());
  }

  /** Hops in the order of their admission, after the row `after`; at most LEDGER_PAGE. */
  hops(chainId: string, after: number, most = LEDGER_PAGE): HopView[] {
    this.#queue.commit();
    const chain = readChain(this.#database.sql, chainId);
    return chain === undefined ? [] : readHopViews(this.#database.sql, chain.id, after, Math.min(most, LEDGER_PAGE));
  }

  /** The paths of hops, by row: agents' names from the root. */
  paths(rows: readonly number[]): Record<number, string[]> {
    const pathOf = (row: number) =>
      readPathOfRow(this.#database.sql, row)
        .toReversed()
        .map((step) => step.callee);
    return Object.fromEntries(rows.map((row) => [row, pathOf(row)]));
  }

  remaining(chainId: string, hopId: string): RemainingView | undefined {
    this.#queue.commit();
    const chain = readChain(this.#database.sql, chainId);
    return chain && remainingView(chain, readPath(this.#database.sql, chain.id, hopId), Date.now());
  }

  override async alarm(): Promise<void> {
    this.#alarmAt = Number.POSITIVE_INFINITY;
    this.#queue.commit();
    const outbox = runDue(this.#database, Date.now(), this.#bornAtMs);
    if (outbox) await this.#sendOutbox();
    this.#afterCommit();
  }

  #afterCommit(): void {
    for (const hop of this.#database.ended) this.#waiters.wake(hop);
    this.#database.ended.clear();
    if (this.#outboxTimer === undefined && hasUnsent(this.#database.sql)) {
      setDue(this.#database.sql, "outbox", 0, Date.now() + OUTBOX_RETRY_MS);
      this.#outboxTimer = setTimeout(() => void this.#sendOutbox(), OUTBOX_WAIT_MS);
    }
    this.#wakeAtEarliest();
  }

  /** The alarm moves only to an earlier time: one that comes too early finds nothing, and sets the next. */
  #wakeAtEarliest(): void {
    const earliest = earliestDue(this.#database.sql) ?? Number.POSITIVE_INFINITY;
    if (earliest >= this.#alarmAt) return;
    this.#alarmAt = earliest;
    void this.ctx.storage.setAlarm(earliest);
  }

  async #sendOutbox(): Promise<void> {
    clearTimeout(this.#outboxTimer ?? null);
    try {
      const ledger = this.ctx.id.name ?? this.ctx.id.toString();
      const mesh = ledger.split("/")[0] ?? "default";
      await drainOutbox(this.#database, this.env.INDEX.getByName(mesh), ledger);
    } catch (error) {
      console.error("ledger: the index could not be fed, it will be tried again", error);
      setDue(this.#database.sql, "outbox", 0, Date.now() + OUTBOX_RETRY_MS);
      this.#wakeAtEarliest();
    } finally {
      this.#outboxTimer = undefined;
    }
  }
}
