/** A session of an MCP client of a 2025 era: one object, its principal's alone. A thin shell over its rows and its server. */
import { DurableObject } from "cloudflare:workers";
import { MCP_SESSION_IDLE_MS } from "../limits.ts";
import { migrate } from "../migrations.ts";
import { firstRow, type Sql } from "../sql.ts";
import type { Called } from "./begun-calls.ts";
import { CALLER_HEADER, type SessionCaller } from "./caller.ts";
import { isEventId } from "./events.ts";
import { LiveSession } from "./live-session.ts";
import { SESSION_MIGRATIONS } from "./migrations.ts";
import { insertSession, readSession, type SessionRow } from "./store.ts";
import { type SessionCall, sessionSurface, type Who } from "./surface.ts";

/** How much later the alarm may be than the last use, as a part of the time: each move of it is a write. */
const TOUCH_PART = 6;

export class McpSession extends DurableObject {
  readonly #sql: Sql;
  #live: Promise<LiveSession> | undefined;
  #row: SessionRow | undefined;
  #touchedAt = Number.NEGATIVE_INFINITY;

  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env as never);
    this.#sql = ctx.storage.sql;
    if (this.#exists()) this.#migrate();
  }

  override async fetch(request: Request): Promise<Response> {
    const caller = JSON.parse(request.headers.get(CALLER_HEADER) ?? "null") as SessionCaller;
    const who = this.#who(caller, request.url);
    if (this.#session() === undefined) return this.#open(request, caller, who);
    const live = await this.#of(caller, request.url, who);
    if (live === undefined) return gone();
    if (caller.begun !== undefined) return (await live.goOn(request, caller.begun, who)) ?? lost();
    const last = request.headers.get("last-event-id");
    if (last !== null && last !== "" && !isEventId(last)) return notAnEvent();
    return live.handle(request, who);
  }

  /** Begins an ordinary call. @returns nothing where there is no such session for the caller */
  async call(caller: SessionCaller, url: string, call: SessionCall): Promise<Called | undefined> {
    const who = this.#who(caller, url);
    return (await this.#of(caller, url, who))?.call(call, who);
  }

  /** Cancels what an ordinary call has begun, if it was not answered yet. */
  async cancel(caller: SessionCaller, url: string, requestId: unknown): Promise<void> {
    (await this.#of(caller, url, this.#who(caller, url)))?.cancel(requestId);
  }

  /** Forgets a session that nobody has used for long; its client begins again. */
  override async alarm(): Promise<void> {
    if ((await this.#live)?.busy === true) await this.ctx.storage.setAlarm(Date.now() + MCP_SESSION_IDLE_MS);
    else await this.#end();
  }

  #who(caller: SessionCaller, url: string): Who {
    return sessionSurface().who(caller, url, this.env, (work) => this.ctx.waitUntil(work));
  }

  /** The session, for whom it belongs to. */
  async #of({ principal }: SessionCaller, url: string, who: Who): Promise<LiveSession | undefined> {
    const row = this.#session();
    if (row?.principal !== principal) return undefined;
    this.#live ??= this.#restore(row, url, who).catch((error: unknown) => {
      this.#live = undefined;
      throw error;
    });
    const live = await this.#live;
    this.#touch();
    return live;
  }

  /** As it was opened: that does not change, and is read once. */
  #session(): SessionRow | undefined {
    this.#row ??= this.#exists() ? readSession(this.#sql) : undefined;
    return this.#row;
  }

  /** @returns the answer to initialize; to anything else that there is no session */
  async #open(request: Request, caller: SessionCaller, who: Who): Promise<Response> {
    const initialize = await request.clone().text();
    if (request.method !== "POST" || this.#live !== undefined || !isInitialize(initialize)) return gone();
    this.#migrate();
    const { sessionId, mesh, principal } = caller;
    const live = this.#make(sessionId);
    this.#live = live.connect().then(() => live);
    await this.#live;
    const response = await live.handle(request, who);
    if (!response.ok) {
      await this.#end();
      return response;
    }
    const revision = await sessionSurface().revision(who);
    insertSession(this.#sql, { sessionId, mesh, principal, initialize, revision }, Date.now());
    this.#touch();
    return response;
  }

  async #restore({ sessionId, initialize }: SessionRow, url: string, who: Who): Promise<LiveSession> {
    const live = this.#make(sessionId);
    await live.connect();
    await live.hearAgain(initialize, url, who);
    return live;
  }

  #make(sessionId: string): LiveSession {
    const onDelete = () => void this.#end();
    return new LiveSession(sessionId, { sql: this.#sql, env: this.env, surface: sessionSurface(), onDelete });
  }

  async #end(): Promise<void> {
    const live = this.#live;
    this.#live = undefined;
    this.#row = undefined;
    // First, so that nothing is written to what is no more.
    await (await live)?.close();
    await this.ctx.storage.deleteAll();
  }

  #touch(): void {
    const now = Date.now();
    if (now - this.#touchedAt < MCP_SESSION_IDLE_MS / TOUCH_PART) return;
    this.#touchedAt = now;
    void this.ctx.storage.setAlarm(now + MCP_SESSION_IDLE_MS);
  }

  /** An id that nobody has opened leaves no rows, and no tables. */
  #exists(): boolean {
    return firstRow(this.#sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'session'")) !== undefined;
  }

  #migrate(): void {
    const { storage } = this.ctx;
    migrate({ sql: storage.sql, transactionSync: (work) => storage.transactionSync(work) }, SESSION_MIGRATIONS);
  }
}

function isInitialize(text: string): boolean {
  try {
    return (JSON.parse(text) as { method?: unknown } | null)?.method === "initialize";
  } catch {
    return false;
  }
}

function gone(): Response {
  return refusal(404, -32_001, "There is no such session, or no longer: initialize anew.");
}

/** The object was started anew in between: what has begun in it before is over, and its hop is settled as lost. */
function lost(): Response {
  return refusal(500, -32_603, "The call was lost on its way. It may have been made: look at its chain.");
}

function notAnEvent(): Response {
  return refusal(400, -32_000, "Last-Event-ID is not the id of an event of this session.");
}

function refusal(status: number, code: number, message: string): Response {
  return Response.json({ jsonrpc: "2.0", id: null, error: { code, message } }, { status });
}
