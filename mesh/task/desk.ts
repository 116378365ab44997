/**
 * The tasks of one principal: one object, a thin shell over its rows and the calls that it has under way. While any are, an
 * alarm is being handled, which keeps the object where it is; after a crash the same alarm finds what was cut off.
 */
import { DurableObject } from "cloudflare:workers";
import { TASK_PATIENCE_MS, TASK_TTL_LEAST_MS, TASK_TTL_MOST_MS, TASK_TTL_MS, TASKS_OPEN } from "../limits.ts";
import { migrate } from "../migrations.ts";
import type { Database } from "../sql.ts";
import { TaskBook } from "./book.ts";
import { TASK_MIGRATIONS } from "./migrations.ts";
import { type Ears, TaskRun } from "./run.ts";
import { taskSurface } from "./surface.ts";
import {
  askedBy,
  type CallEnd,
  type InputResponses,
  type Started,
  type TaskCall,
  type TaskView,
  ttlOf,
} from "./task.ts";
import { within } from "./within.ts";

const TTL = { usual: TASK_TTL_MS, least: TASK_TTL_LEAST_MS, most: TASK_TTL_MOST_MS };
/** How long one alarm waits for calls to end, in milliseconds: the platform gives it 15 minutes. */
const ALARM_MS = 10 * 60_000;
/** How often somebody who waits for a change is answered without one, in milliseconds. */
const WAIT_MS = 20_000;

const FAILED = { code: -32_603, message: "The mesh has failed at this call. Its log says why." };

export interface Start {
  readonly taskId: string;
  readonly owner: string;
  readonly call: TaskCall;
  /** How long the client would have the task kept, in milliseconds. */
  readonly ttlMs?: number | null | undefined;
  /** Whether the client wants a task in any case, and not only of what takes long. */
  readonly always: boolean;
}

export class TaskDesk extends DurableObject {
  readonly #book: TaskBook;
  readonly #live = new Map<string, TaskRun>();
  readonly #waiting = new Set<() => void>();
  #resumed = false;

  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env as never);
    const { storage } = ctx;
    const database: Database = { sql: storage.sql, transactionSync: (work) => storage.transactionSync(work) };
    migrate(database, TASK_MIGRATIONS);
    this.#book = new TaskBook(database);
  }

  /** Makes a call. What ends soon is answered as it is; the rest becomes a task, written before it is told. */
  async start({ taskId, owner, call, ttlMs, always }: Start, ears?: Ears, left?: AbortSignal): Promise<Started> {
    const full = { kind: "full", limit: TASKS_OPEN } as const;
    if (always && this.#book.isFull(owner, Date.now())) return full;
    const run = this.#run(taskId, call, 0, ears);
    const asks = Promise.withResolvers<void>();
    run.onAsked = () => asks.resolve();
    const gone = () => run.cancel();
    left?.addEventListener("abort", gone, { once: true });
    const told = Promise.race([run.ended, asks.promise]);
    let end = always ? undefined : ((await within(TASK_PATIENCE_MS, told)) ?? undefined);
    // A client whose desk is full gets its answer as one that takes no tasks does, and can't be asked.
    if (end === undefined && this.#book.isFull(owner, Date.now())) {
      end = (await told) ?? undefined;
      if (end === undefined) {
        run.cancel();
        return full;
      }
    }
    left?.removeEventListener("abort", gone);
    if (end !== undefined) return { kind: "ended", end };
    this.#resume();
    run.becomeTask();
    const lifeMs = ttlOf(ttlMs, TTL);
    this.#book.open({ taskId, owner, ttlMs: lifeMs }, call, Date.now());
    this.#follow(owner, taskId, call, run);
    await this.ctx.storage.setAlarm(Date.now());
    return { kind: "task", task: this.#view(owner, taskId) as TaskView };
  }

  /** @returns nothing where this owner has no such task, or no longer */
  async get(owner: string, taskId: string): Promise<TaskView | undefined> {
    this.#resume();
    return this.#view(owner, taskId);
  }

  /**
   * The task when it has ended or asks something, or as it is after a while.
   * @param known the task as the caller has it: then when it is another
   */
  async wait(
    owner: string,
    taskId: string,
    known?: Pick<TaskView, "status" | "updatedAt">,
  ): Promise<TaskView | undefined> {
    this.#resume();
    const over = Date.now() + WAIT_MS;
    for (;;) {
      const view = this.#view(owner, taskId);
      const news =
        known === undefined
          ? view?.status !== "working"
          : view?.status !== known.status || view.updatedAt !== known.updatedAt;
      if (news || Date.now() >= over) return view;
      const changed = Promise.withResolvers<void>();
      this.#waiting.add(changed.resolve);
      await within(over - Date.now(), changed.promise);
      this.#waiting.delete(changed.resolve);
    }
  }

  /** Takes answers of the client's. When all is answered, the call goes on. @returns whether there is such a task */
  async update(owner: string, taskId: string, responses: InputResponses): Promise<boolean> {
    this.#resume();
    const run = this.#live.get(taskId);
    const answered = this.#book.answer(owner, taskId, responses, Date.now());
    if (answered === undefined) return false;
    for (const [key, value] of Object.entries(responses)) run?.answer(key, value);
    if (answered.next !== undefined) this.#begin(owner, taskId, answered.next.call, answered.next.round);
    return true;
  }

  /** @returns the task as it is then; one that had ended stays as it was */
  async cancel(owner: string, taskId: string): Promise<TaskView | undefined> {
    const view = this.#view(owner, taskId);
    if (view === undefined) return undefined;
    this.#end(owner, taskId, { kind: "cancelled" });
    this.#live.get(taskId)?.cancel();
    return this.#view(owner, taskId);
  }

  async list(owner: string, after: number, limit: number): Promise<{ tasks: TaskView[]; next?: number }> {
    this.#resume();
    return this.#book.list(owner, after, limit, Date.now());
  }

  override async alarm(): Promise<void> {
    this.#resume();
    for (const taskId of this.#book.expire(Date.now())) this.#live.get(taskId)?.cancel();
    const running = [...this.#live.values()].map(({ ended }) => ended);
    // The end of a task's time ends its call.
    const expiry = this.#book.nextExpiry();
    const over = Math.min(ALARM_MS, (expiry ?? Number.POSITIVE_INFINITY) - Date.now());
    if (running.length > 0) await within(over, Promise.allSettled(running));
    const next = this.#live.size > 0 ? Date.now() : this.#book.nextExpiry();
    if (next !== undefined && (await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(next);
  }

  #run(taskId: string, call: TaskCall, round: number, ears?: Ears): TaskRun {
    return new TaskRun(call, { taskId, round, env: this.env, defer: (work) => this.ctx.waitUntil(work) }, ears);
  }

  #begin(owner: string, taskId: string, call: TaskCall, round: number): void {
    this.#follow(owner, taskId, call, this.#run(taskId, call, round));
    void this.ctx.storage.setAlarm(Date.now());
  }

  /** Writes down what a run comes to. */
  #follow(owner: string, taskId: string, call: TaskCall, run: TaskRun, recovered = false): void {
    this.#live.set(taskId, run);
    run.onAsked = (requests) => {
      this.#book.asked(owner, taskId, requests, Date.now());
      this.#changed();
    };
    const settle = (end: CallEnd) => {
      if (this.#live.get(taskId) === run) this.#live.delete(taskId);
      const asked = end.kind === "result" ? askedBy(end.result) : undefined;
      if (asked === undefined) this.#end(owner, taskId, recovered ? taskSurface().recovered(end) : end);
      else {
        this.#book.park(owner, taskId, asked, call, Date.now());
        this.#changed();
      }
    };
    run.ended.then(settle).catch((error: unknown) => {
      console.error("task: a call could not be made, or its end not be kept", error);
      settle({ kind: "error", error: FAILED });
    });
    // What it asked before anybody listened.
    run.askAgain();
  }

  #end(owner: string, taskId: string, end: CallEnd): void {
    this.#book.end(owner, taskId, end, Date.now());
    this.#changed();
  }

  /** Takes up what was running when this object was last here: the ledger knows what has become of the call. */
  #resume(): void {
    if (this.#resumed) return;
    this.#resumed = true;
    for (const { owner, taskId, call, round } of this.#book.cutOff((taskId) => this.#live.has(taskId))) {
      this.#follow(owner, taskId, call, this.#run(taskId, call, round), true);
    }
  }

  #view(owner: string, taskId: string): TaskView | undefined {
    return this.#book.view(owner, taskId, Date.now(), this.#live.get(taskId)?.message);
  }

  #changed(): void {
    for (const tell of [...this.#waiting]) tell();
  }
}
