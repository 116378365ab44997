/** What a desk knows of its tasks: each change is one transaction, and an ended task changes no more. */
import { TASKS_KEPT, TASKS_OPEN } from "../limits.ts";
import type { Database } from "../sql.ts";
import {
  countTasks,
  deleteTask,
  insertTask,
  readExpired,
  readNextExpiry,
  readOpen,
  readTask,
  readTasks,
  readText,
  setAsked,
  setResponses,
  setRound,
  setStatus,
  type TaskRow,
  writeText,
} from "./store.ts";
import {
  type CallEnd,
  hasEnded,
  type InputRequests,
  type InputResponses,
  type TaskCall,
  type TaskStatus,
  type TaskView,
  unanswered,
} from "./task.ts";

export interface CutOff {
  readonly owner: string;
  readonly taskId: string;
  readonly call: TaskCall;
  readonly round: number;
}

export class TaskBook {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  isFull(owner: string, now: number): boolean {
    this.expire(now);
    const { open, kept } = countTasks(this.#database.sql, owner);
    return open >= TASKS_OPEN || kept >= TASKS_KEPT;
  }

  open(task: { taskId: string; owner: string; ttlMs: number }, call: TaskCall, now: number): void {
    const { sql } = this.#database;
    this.#database.transactionSync(() => {
      const n = insertTask(sql, { ...task, createdAt: now, expiresAt: now + task.ttlMs });
      writeText(sql, n, "call", call);
    });
  }

  view(owner: string, taskId: string, now: number, message?: string): TaskView | undefined {
    const row = readTask(this.#database.sql, owner, taskId);
    return row && row.expiresAt > now ? this.#viewOf(row, message) : undefined;
  }

  list(owner: string, after: number, limit: number, now: number): { tasks: TaskView[]; next?: number } {
    this.expire(now);
    const rows = readTasks(this.#database.sql, owner, after, limit + 1);
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    const tasks = page.map((row) => this.#viewOf(row));
    return rows.length > limit && last !== undefined ? { tasks, next: last.n } : { tasks };
  }

  /** What an open call asks now: nothing means that it works on. */
  asked(owner: string, taskId: string, requests: InputRequests, now: number): void {
    this.#change(owner, taskId, ({ n }) => {
      const { sql } = this.#database;
      if (Object.keys(requests).length === 0) setStatus(sql, n, "working", null, now);
      else setAsked(sql, n, { parked: false, requests, requestState: null }, now);
    });
  }

  /** A call has ended by asking: the next begins when all is answered. */
  park(
    owner: string,
    taskId: string,
    { requests, state }: { readonly requests: InputRequests; readonly state?: string },
    call: TaskCall,
    now: number,
  ): void {
    this.#change(owner, taskId, ({ n }) => {
      const { sql } = this.#database;
      setAsked(sql, n, { parked: true, requests, requestState: state ?? null }, now);
      writeText(sql, n, "call", call);
    });
  }

  /** @returns nothing where there is no such task; `next` is the call that is to be made now */
  answer(
    owner: string,
    taskId: string,
    given: InputResponses,
    now: number,
  ): { readonly next?: { readonly call: TaskCall; readonly round: number } } | undefined {
    return this.#database.transactionSync(() => {
      const { sql } = this.#database;
      const row = readTask(sql, owner, taskId);
      if (row === undefined || row.expiresAt <= now) return undefined;
      if (row.status !== "input_required") return {};
      const known = Object.entries(given).filter(([key]) => Object.hasOwn(row.requests, key));
      const responses = { ...Object.fromEntries(known), ...row.responses };
      setResponses(sql, row.n, responses, now);
      if (!row.parked || Object.keys(unanswered(row.requests, responses)).length > 0) return {};
      const asked = readText(sql, row.n, "call");
      if (asked === undefined) return {};
      const answers = {
        inputResponses: responses,
        ...(row.requestState === null ? {} : { requestState: row.requestState }),
      };
      const call: TaskCall = { ...asked, answers };
      const round = row.round + 1;
      setStatus(sql, row.n, "working", null, now);
      setRound(sql, row.n, round);
      writeText(sql, row.n, "call", call);
      return { next: { call, round } };
    });
  }

  end(owner: string, taskId: string, end: CallEnd, now: number): void {
    this.#change(owner, taskId, ({ n }) => {
      const { status, message } = endingOf(end);
      setStatus(this.#database.sql, n, status, message, now);
      writeText(this.#database.sql, n, "end", end);
    });
  }

  /** Calls that were under way when the object was last in memory. */
  cutOff(isLive: (taskId: string) => boolean): CutOff[] {
    const { sql } = this.#database;
    return readOpen(sql).flatMap(({ n, owner, taskId, parked, round }) => {
      const call = parked || isLive(taskId) ? undefined : readText(sql, n, "call");
      return call === undefined ? [] : [{ owner, taskId, call, round }];
    });
  }

  /** Forgets tasks whose time is over. @returns those that had not ended */
  expire(now: number): string[] {
    const { sql } = this.#database;
    return this.#database.transactionSync(() => {
      const open = new Map(readOpen(sql).map(({ n, taskId }) => [n, taskId]));
      return readExpired(sql, now).flatMap((n) => {
        deleteTask(sql, n);
        return open.get(n) ?? [];
      });
    });
  }

  nextExpiry(): number | undefined {
    return readNextExpiry(this.#database.sql);
  }

  #change(owner: string, taskId: string, change: (row: TaskRow) => void): void {
    this.#database.transactionSync(() => {
      const row = readTask(this.#database.sql, owner, taskId);
      if (row !== undefined && !hasEnded(row.status)) change(row);
    });
  }

  #viewOf(row: TaskRow, said?: string): TaskView {
    const { n, taskId, status, createdAt, updatedAt, expiresAt } = row;
    const message = said ?? row.message ?? undefined;
    const end = hasEnded(status) ? readText(this.#database.sql, n, "end") : undefined;
    return {
      taskId,
      status,
      ...(message === undefined ? {} : { message }),
      createdAt,
      updatedAt,
      ttlMs: expiresAt - createdAt,
      ...(end?.kind === "result" ? { result: end.result } : {}),
      ...(end?.kind === "error" ? { error: end.error } : {}),
      ...(status === "input_required" ? { inputRequests: unanswered(row.requests, row.responses) } : {}),
    };
  }
}

function endingOf(end: CallEnd): { status: TaskStatus; message: string | null } {
  switch (end.kind) {
    case "result":
      return { status: "completed", message: null };
    case "error":
      return { status: "failed", message: end.error.message };
    case "cancelled":
      return { status: "cancelled", message: "The task was cancelled." };
    default:
      return end satisfies never;
  }
}
