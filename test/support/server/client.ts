/** A typed client of a running mesh, by its HTTP API alone: what it knows is what docs/design.md, 6a, promises. */

export type Counted = "hops" | "bytes" | "tokens" | "costMicros";
export type Dimension = Counted | "concurrency" | "wallMs";
export type Amounts = Record<Dimension, number>;
export type Budget = Partial<Amounts>;
export type CycleRule = { rule: "deny" } | { rule: "allow"; times: number } | { rule: "progress" };

export interface CallOptions {
  readonly skill?: string;
  readonly budget?: Budget;
  readonly allowance?: Budget;
  readonly policy?: { maxDepth?: number; cycle?: CycleRule };
  readonly metadata?: Record<string, unknown>;
}

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly chainId?: string;
  readonly hopId?: string;
  readonly dimension?: Dimension;
  readonly limit?: number;
  readonly actual?: number;
  readonly path?: readonly string[];
  readonly errors?: readonly { pointer: string; detail: string }[];
  readonly retryable: boolean;
}

export interface Result {
  readonly chainId: string;
  readonly hopId: string;
  readonly output: unknown;
  readonly usage: Record<Counted | "wallMs", number>;
}

export type HopStatus = "open" | "done" | "error" | "rejected" | "lost" | "cancelled";
export type ChainStatus = "running" | "done" | "failed" | "cancelled" | "expired";

export interface Chain {
  readonly chainId: string;
  readonly status: ChainStatus;
  readonly root: { readonly agent: string; readonly principal: string };
  readonly limits: Amounts;
  readonly spent: Amounts;
  readonly reserved: Amounts;
  readonly overrun: Amounts;
  readonly hops: Record<HopStatus, number>;
  readonly startedAt: number;
  readonly endedAt: number | null;
}

export interface GraphHop {
  readonly hopId: string;
  readonly parentHopId: string | null;
  readonly depth: number;
  readonly kind: string;
  readonly caller: string;
  readonly callee: string;
  readonly skill: string;
  readonly status: HopStatus;
  readonly code: string | null;
  readonly detail: string | null;
  readonly path: readonly string[];
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly usage: Record<Counted | "wallMs", number>;
  readonly attempt: number;
  readonly inputDigest: string;
  readonly outputDigest: string | null;
}

export interface Graph {
  readonly chainId: string;
  readonly status: ChainStatus;
  readonly nodes: readonly { id: string; kind: string; name: string }[];
  readonly edges: readonly { from: string; to: string; calls: number; rejected: number; errors: number }[];
  readonly hops: readonly GraphHop[];
}

export interface Registration {
  readonly name: string;
  readonly version: string;
  readonly description?: string;
  readonly endpoint: { kind: "http"; url: string } | { kind: "builtin" };
  readonly skills?: readonly {
    id: string;
    name?: string;
    tags?: string[];
    inputSchema?: unknown;
    outputSchema?: unknown;
  }[];
  readonly estimate?: { tokens?: number; costMicros?: number };
  readonly timeoutMs?: number;
  readonly maxConcurrency?: number;
  readonly idempotent?: boolean;
  readonly requireKey?: boolean;
  readonly cycle?: CycleRule;
  readonly status?: "active" | "draining" | "quarantined";
}

export type Agent = Registration & { readonly owner: string };

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor?: string;
}

export interface SendOptions {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is, in place of `body`. */
  readonly raw?: string | Uint8Array<ArrayBuffer>;
  readonly signal?: AbortSignal;
}

/** An HTTP answer, read whole. */
export class Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;

  constructor(status: number, headers: Headers, text: string) {
    this.status = status;
    this.headers = headers;
    this.text = text;
  }

  get json(): unknown {
    try {
      return JSON.parse(this.text) as unknown;
    } catch {
      throw new Error(`Not JSON, with status ${this.status}: ${this.text.slice(0, 500)}`);
    }
  }

  /** @throws {Error} with what came, when the answer is not a success */
  get body(): unknown {
    if (this.status < 200 || this.status > 299) throw new Error(`Status ${this.status}: ${this.text.slice(0, 800)}`);
    return this.json;
  }

  /** What an invocation answers with. */
  get result(): Result {
    return this.body as Result;
  }

  /** @throws {Error} with what came, when the answer is not an RFC 9457 problem */
  get problem(): Problem {
    const type = this.headers.get("content-type");
    if (type !== "application/problem+json" || this.status < 400) {
      throw new Error(`Not a problem: status ${this.status}, ${type}: ${this.text.slice(0, 800)}`);
    }
    return this.json as Problem;
  }

  get chainId(): string {
    const id = this.headers.get("hopline-chain");
    if (id === null) throw new Error(`No Hopline-Chain: status ${this.status}: ${this.text.slice(0, 800)}`);
    return id;
  }
}

export class Client {
  readonly url: string;
  readonly key: string | undefined;

  /** @param key a key or a hop token; none at all when left out */
  constructor(url: string, key?: string) {
    this.url = url;
    this.key = key;
  }

  as(key: string | undefined): Client {
    return new Client(this.url, key);
  }

  async send(path: string, options: SendOptions = {}): Promise<Reply> {
    const { body, raw, signal } = options;
    const sends = body !== undefined || raw !== undefined;
    const headers: Record<string, string> = {
      ...(this.key === undefined ? {} : { authorization: `Bearer ${this.key}` }),
      ...(sends ? { "content-type": "application/json" } : {}),
      ...options.headers,
    };
    const response = await fetch(this.url + path, {
      method: options.method ?? (sends ? "POST" : "GET"),
      headers,
      redirect: "manual",
      ...(sends ? { body: raw ?? JSON.stringify(body) } : {}),
      ...(signal === undefined ? {} : { signal }),
    });
    return new Reply(response.status, response.headers, await response.text());
  }

  invoke(agent: string, input: unknown, options: CallOptions = {}, more: SendOptions = {}): Promise<Reply> {
    return this.send(`/v1/agents/${agent}/invoke`, { body: { input, ...options }, ...more });
  }

  async register(agent: Registration): Promise<Reply> {
    const reply = await this.send("/v1/agents", { body: agent });
    if (reply.status !== 201) throw new Error(`Agent ${agent.name} was not registered: ${reply.status} ${reply.text}`);
    return reply;
  }

  async chain(id: string): Promise<Chain> {
    return (await this.send(`/v1/chains/${id}`)).body as Chain;
  }

  async graph(id: string): Promise<Graph> {
    return (await this.send(`/v1/chains/${id}/graph?format=json`)).body as Graph;
  }

  cancel(id: string): Promise<Reply> {
    return this.send(`/v1/chains/${id}/cancel`, { method: "POST" });
  }

  async createKey(scopes: readonly string[], more: { agent?: string; mesh?: string; expiresAt?: number } = {}) {
    const reply = await this.send("/v1/keys", { body: { name: `test ${scopes.join()}`, scopes, ...more } });
    return reply.body as { readonly keyId: string; readonly key: string };
  }

  /** All items of a list, page by page. */
  async all<T>(path: string): Promise<T[]> {
    const items: T[] = [];
    for (let cursor: string | undefined; ; ) {
      const more = cursor === undefined ? "" : `${path.includes("?") ? "&" : "?"}cursor=${encodeURIComponent(cursor)}`;
      const page = (await this.send(path + more)).body as Page<T>;
      items.push(...page.items);
      if (page.nextCursor === undefined) return items;
      cursor = page.nextCursor;
    }
  }
}

/** Everything in a chain's `reserved` and `overrun` is given back at its end. */
export const NOTHING: Amounts = { hops: 0, bytes: 0, tokens: 0, costMicros: 0, concurrency: 0, wallMs: 0 };
