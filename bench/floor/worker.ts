/**
 * The floor: the least that a mediator can do and still be one. Every hop is one durable write before its callee runs,
 * in one ledger; what arrives in a turn shares a commit; settlements are answered when the ledger has them and are
 * written with the next batch. No auth, no schema, no rule, no signature. `/ungoverned/…` runs the same agents without it, and
 * `/through/…` is a proxy that writes down each request before it goes on, and knows nothing else of it.
 */
import { DurableObject } from "cloudflare:workers";

interface Env {
  readonly FLOOR: DurableObjectNamespace<FloorLedger>;
  readonly AGENTS_URL: string;
  readonly UPSTREAM_URL: string;
}

interface Ask {
  readonly chain: string;
  readonly parent: number | null;
  readonly agent: string;
}

/** How long a settlement waits for a batch to ride with, in milliseconds: as long as the product's. */
const SETTLEMENT_WAIT_MS = 20;

export class FloorLedger extends DurableObject<Env> {
  #asks: { readonly ask: Ask; readonly admitted: (hop: number) => void }[] = [];
  #settled: { readonly hop: number; readonly status: string }[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.storage.sql.exec(
      `CREATE TABLE IF NOT EXISTS hop (id INTEGER PRIMARY KEY, chain TEXT NOT NULL, parent INTEGER, agent TEXT NOT NULL,
         status TEXT NOT NULL, started_at INTEGER NOT NULL, ended_at INTEGER) STRICT`,
    );
  }

  admit(ask: Ask): Promise<number> {
    const { promise, resolve } = Promise.withResolvers<number>();
    this.#asks.push({ ask, admitted: resolve });
    if (this.#asks.length === 1) void scheduler.wait(0).then(() => this.#commit());
    return promise;
  }

  settle(hop: number, status: string): void {
    this.#settled.push({ hop, status });
    this.#timer ??= setTimeout(() => this.#commit(), SETTLEMENT_WAIT_MS);
  }

  #commit(): void {
    const { sql } = this.ctx.storage;
    const asks = this.#asks.splice(0);
    const settled = this.#settled.splice(0);
    clearTimeout(this.#timer ?? null);
    this.#timer = undefined;
    const now = Date.now();
    const hops = this.ctx.storage.transactionSync(() => {
      for (const { hop, status } of settled)
        sql.exec("UPDATE hop SET status = ?, ended_at = ? WHERE id = ?", status, now, hop);
      return asks.map(({ ask: { chain, parent, agent } }) => {
        const insert =
          "INSERT INTO hop (chain, parent, agent, status, started_at) VALUES (?, ?, ?, 'open', ?) RETURNING id";
        return sql.exec<{ id: number }>(insert, chain, parent, agent, now).one().id;
      });
    });
    for (const [place, { admitted }] of asks.entries()) admitted(hops[place] ?? 0);
  }
}

type Call = (agent: string, input: unknown) => Promise<unknown>;

/** The builtin agents, as in bench/worker/index.ts. */
const BUILTINS: Readonly<Record<string, (input: unknown, call: Call) => unknown>> = {
  leaf: (input) => input,
  "hop-1": (input, call) => call("hop-2", input),
  "hop-2": (input, call) => call("hop-3", input),
  "hop-3": (input, call) => call("hop-4", input),
  "hop-4": (input, call) => call("hop-5", input),
  "hop-5": (input) => input,
  fan: (input, call) => Promise.all(Array.from({ length: 10 }, () => call("leaf", input))),
};

/** Agents of bench/agents.ts are named `http-…` here; `headers` is what they call back with. */
async function run(url: string, agent: string, input: unknown, headers: Record<string, string>, call: Call) {
  const builtin = BUILTINS[agent];
  if (builtin !== undefined) return builtin(input, call);
  const response = await fetch(`${url}/${agent.replace("http-", "")}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ input }),
  });
  if (!response.ok) throw new Error(`${agent} answered with ${response.status}`);
  return ((await response.json()) as { output: unknown }).output;
}

async function mediated(env: Env, { chain, parent, agent }: Ask, input: unknown) {
  const ledger = env.FLOOR.getByName("floor");
  const hop = await ledger.admit({ chain, parent, agent });
  const call: Call = async (next, given) =>
    (await mediated(env, { chain, parent: hop, agent: next }, given)).output as unknown;
  try {
    const headers = { "x-hop": String(hop), "x-chain": chain };
    const output: unknown = await run(`${env.AGENTS_URL}/floor`, agent, input, headers, call);
    await ledger.settle(hop, "done");
    return { chain, hop, output };
  } catch (error) {
    await ledger.settle(hop, "error");
    throw error;
  }
}

async function through(env: Env, request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const ledger = env.FLOOR.getByName("floor");
  const hop = await ledger.admit({ chain: crypto.randomUUID(), parent: null, agent: "upstream" });
  const path = pathname.slice("/through".length) + search;
  const response = await fetch(new Request(env.UPSTREAM_URL + path, request));
  await ledger.settle(hop, response.ok ? "done" : "error");
  return response;
}

async function ungoverned(env: Env, agent: string, input: unknown): Promise<unknown> {
  return run(`${env.AGENTS_URL}/ungoverned`, agent, input, {}, (next, given) => ungoverned(env, next, given));
}

export default {
  async fetch(request, env) {
    const [, path, agent = ""] = new URL(request.url).pathname.split("/");
    if (path === "through") return through(env, request);
    if (request.method !== "POST") return new Response("POST /invoke/{agent} or /ungoverned/{agent}", { status: 404 });
    const { input } = (await request.json()) as { input: unknown };
    if (path === "ungoverned") return Response.json({ output: await ungoverned(env, agent, input) });
    const chain = request.headers.get("x-chain") ?? crypto.randomUUID();
    const parent = request.headers.get("x-hop");
    return Response.json(await mediated(env, { chain, parent: parent === null ? null : Number(parent), agent }, input));
  },
} satisfies ExportedHandler<Env>;
