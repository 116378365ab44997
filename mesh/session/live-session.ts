/** A session in memory: its server and transport, its open streams, and the news that they are told. */
import { WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/server";
import { MCP_SUBSCRIPTIONS } from "../limits.ts";
import type { Sql } from "../sql.ts";
import { BegunCalls, type Called } from "./begun-calls.ts";
import { SessionEvents } from "./events.ts";
import {
  deleteSubscription,
  insertSubscription,
  readSession,
  readSubscriptions,
  setLevel,
  setRevision,
} from "./store.ts";
import type { SessionCall, SessionSurface, Speaker, Who } from "./surface.ts";

/** How often a silent stream is written to, in milliseconds: only a write tells that its client has left. */
const KEEP_ALIVE_MS = 5_000;
/** What clients wait before they take up a broken stream, in milliseconds. */
const RETRY_MS = 1_000;

export class LiveSession {
  readonly #sql: Sql;
  readonly #events: SessionEvents;
  readonly #surface: SessionSurface;
  readonly #transport: WebStandardStreamableHTTPServerTransport;
  readonly #speaker: Speaker;
  readonly #calls = new BegunCalls();
  /** What is followed, by URI. */
  readonly #followed = new Map<string, AbortController>();
  #toolNews: AbortController | undefined;
  #listening = 0;
  #answering = 0;

  constructor(
    sessionId: string,
    { sql, env, surface, onDelete }: { sql: Sql; env: unknown; surface: SessionSurface; onDelete: () => void },
  ) {
    const events = new SessionEvents(sql, Date.now());
    this.#sql = sql;
    this.#events = events;
    this.#surface = surface;
    this.#transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => sessionId,
      eventStore: events,
      retryInterval: RETRY_MS,
      keepAliveMs: KEEP_ALIVE_MS,
      onsessionclosed: onDelete,
    });
    this.#speaker = surface.speaker(
      {
        add: (uri, who) => this.#subscribe(uri, who),
        remove: (uri) => this.#unsubscribe(uri),
        level: readSession(sql)?.level ?? undefined,
        setLevel: (level) => setLevel(sql, level),
      },
      env,
    );
  }

  async connect(): Promise<void> {
    await this.#speaker.server.connect(this.#transport);
  }

  /** Whether a client waits for something. */
  get busy(): boolean {
    return this.#listening + this.#answering + this.#calls.open > 0;
  }

  /** Brings the session back to where it was: its client's first words are heard again, and answered to nobody. */
  async hearAgain(initialize: string, url: string, authInfo: Who): Promise<void> {
    this.#events.muted = true;
    const headers = { accept: "application/json, text/event-stream", "content-type": "application/json" };
    const request = new Request(url, { method: "POST", headers, body: initialize });
    await (await this.#transport.handleRequest(request, { authInfo })).text();
    this.#events.muted = false;
  }

  /**
   * Answers an ordinary call by JSON if it ends soon. Nothing of that is kept for a client that comes back: it has got its
   * answer, or none of its stream that it could take up.
   */
  call(call: SessionCall, who: Who): Promise<Called> {
    return this.#calls.call(call.id, this.#speaker.begin(who, call));
  }

  /** Cancels the calls of a request's id that the server has not taken up: it knows nothing of them. */
  cancel(requestId: unknown): void {
    this.#calls.cancel(requestId);
  }

  /** Answers by a stream the request of a call that runs already. @returns nothing where it does not */
  async goOn(request: Request, begun: number, who: Who): Promise<Response | undefined> {
    const call = this.#calls.takeUp(begun);
    return call && this.handle(request, this.#surface.goingOn(who, call));
  }

  async handle(request: Request, authInfo: Who): Promise<Response> {
    if (request.method !== "GET") return this.#counted(await this.#transport.handleRequest(request, { authInfo }));
    // A client that comes back while its old stream has not been noticed to be dead takes its place.
    if (!request.headers.has("last-event-id")) this.#transport.closeStandaloneSSEStream();
    const response = await this.#transport.handleRequest(request, { authInfo });
    if (!response.ok || response.body === null) return response;
    this.#listening += 1;
    this.#tellNews(authInfo);
    return whenOver(response, () => {
      this.#listening -= 1;
      if (this.#listening === 0) this.#fallSilent();
    });
  }

  async close(): Promise<void> {
    this.#events.forget();
    this.#fallSilent();
    for (const uri of [...this.#followed.keys()]) this.#stopFollowing(uri);
    await this.#speaker.server.close();
  }

  #counted(response: Response): Response {
    if (response.body === null) return response;
    this.#answering += 1;
    return whenOver(response, () => {
      this.#answering -= 1;
    });
  }

  /** While somebody listens: the set of tools, and the resources that were subscribed to. */
  #tellNews(who: Who): void {
    for (const uri of readSubscriptions(this.#sql)) this.#follow(uri, who);
    if (this.#toolNews !== undefined) return;
    const stop = new AbortController();
    this.#toolNews = stop;
    const after = readSession(this.#sql)?.revision ?? 0;
    this.#surface
      .followLists(who, after, stop.signal, (list, revision) => {
        setRevision(this.#sql, revision);
        this.#tellChanged(list).catch(failed);
      })
      .catch(failed);
  }

  #tellChanged(list: "tools" | "prompts" | "resources"): Promise<void> {
    switch (list) {
      case "tools":
        return this.#speaker.server.sendToolListChanged();
      case "prompts":
        return this.#speaker.server.sendPromptListChanged();
      case "resources":
        return this.#speaker.server.sendResourceListChanged();
      default:
        return list satisfies never;
    }
  }

  #fallSilent(): void {
    this.#toolNews?.abort();
    this.#toolNews = undefined;
  }

  #subscribe(uri: string, who: Who): boolean {
    if (this.#followed.size >= MCP_SUBSCRIPTIONS && !this.#followed.has(uri)) return false;
    insertSubscription(this.#sql, uri);
    this.#follow(uri, who);
    return true;
  }

  #unsubscribe(uri: string): void {
    deleteSubscription(this.#sql, uri);
    this.#stopFollowing(uri);
  }

  #follow(uri: string, who: Who): void {
    if (this.#followed.has(uri)) return;
    const stop = new AbortController();
    this.#followed.set(uri, stop);
    const updated = () => void this.#speaker.server.sendResourceUpdated({ uri }).catch(failed);
    this.#surface.followResource(who, uri, stop.signal, updated).catch(failed);
  }

  #stopFollowing(uri: string): void {
    this.#followed.get(uri)?.abort();
    this.#followed.delete(uri);
  }
}

function failed(error: unknown): void {
  console.error("session: news could not be told", error);
}

/** The same answer; `over` is called once, when its body has ended or its reader has left. */
function whenOver(response: Response, over: () => void): Response {
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  let told = false;
  const tell = () => {
    if (!told) over();
    told = true;
  };
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const part = await reader.read();
      if (!part.done) return controller.enqueue(part.value);
      tell();
      controller.close();
    },
    async cancel(reason) {
      tell();
      await reader.cancel(reason);
    },
  });
  return new Response(body, response);
}
