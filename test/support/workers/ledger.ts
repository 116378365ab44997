/** A ledger object under test: objects of their own, messages with defaults, and a look into the rows. */
import { env, runInDurableObject } from "cloudflare:test";
import type { HopState, Ledger } from "../../../mesh/chain/chain.ts";
import type { Answer, Ask, Decision, Message, RootCall, Settlement } from "../../../mesh/chain/facts.ts";
import { HOP_COURSE, NEW_HOP } from "../../../mesh/chain/hops.ts";
import type { Entry } from "../../../mesh/chain/journal.ts";
import type { ChainView, HopView, RemainingView } from "../../../mesh/chain/views.ts";
import type { Limits } from "../../../mesh/limits.ts";
import type { MeshBindings } from "../../../mesh/mesh.ts";
import type { SqlValue } from "../../../mesh/sql.ts";

export const bindings = env as unknown as MeshBindings & { readonly HOPLINE_ADMIN_KEY: string };

/** The ledger's methods with the types that its class gives them: an RPC stub says the same at greater length. */
export interface LedgerClient {
  readonly stub: DurableObjectStub<Ledger>;
  exchange(messages: readonly Message[]): Promise<Answer[]>;
  decide(ask: Ask): Promise<Decision>;
  settle(settlement: Settlement): Promise<Answer>;
  watch(chainId: string, hopId: string, alive?: boolean): Promise<HopState>;
  cancel(chainId: string): Promise<ChainView | undefined>;
  read(chainId: string): Promise<ChainView>;
  hops(chainId: string): Promise<HopView[]>;
  remaining(chainId: string, hopId: string): Promise<RemainingView | undefined>;
}

function client(stub: DurableObjectStub<Ledger>): LedgerClient {
  const exchange = (messages: readonly Message[]) => stub.exchange(messages) as Promise<Answer[]>;
  const one = async (message: Message) => (await exchange([message]))[0] as Answer;
  return {
    stub,
    exchange,
    decide: async (ask) => (await one(ask)) as Decision,
    settle: one,
    watch: (chainId, hopId, alive = true) => stub.watch(chainId, hopId, alive) as Promise<HopState>,
    cancel: (chainId) => stub.cancel(chainId) as Promise<ChainView | undefined>,
    read: async (chainId) => {
      const chain = (await stub.read(chainId)) as ChainView | undefined;
      if (chain === undefined) throw new Error(`The ledger has no chain ${chainId}.`);
      return chain;
    },
    hops: (chainId) => stub.hops(chainId, 0) as Promise<HopView[]>,
    remaining: (chainId, hopId) => stub.remaining(chainId, hopId) as Promise<RemainingView | undefined>,
  };
}

/** A ledger of its own, or that of a name; a name's first part is the mesh that it feeds. */
export function freshLedger(name?: string): LedgerClient {
  const { LEDGER } = bindings;
  return client(name === undefined ? LEDGER.get(LEDGER.newUniqueId()) : LEDGER.getByName(name));
}

/** The same object by a new stub: one that its object has failed under stays broken. */
export function again({ stub }: LedgerClient): LedgerClient {
  return client(bindings.LEDGER.get(stub.id));
}

/** The index that a ledger without a name feeds: its mesh is its id. */
export function indexOf({ stub }: LedgerClient) {
  return bindings.INDEX.getByName(stub.id.toString());
}

export const LIMITS: Limits = {
  hops: 50,
  bytes: 1_000_000,
  tokens: 10_000,
  costMicros: 10_000,
  concurrency: 1_000,
  wallMs: 120_000,
};

export function rootCall(limits: Partial<Limits> = {}, policy: Partial<RootCall["policy"]> = {}): RootCall {
  return { principal: "admin", limits: { ...LIMITS, ...limits }, policy: { maxDepth: 8, also: [], ...policy } };
}

let made = 0;

/** Ids that no other call has given. */
export function newChainId(): string {
  return `c${(++made).toString(16).padStart(31, "0")}`;
}
export function newHopId(): string {
  return `b${(++made).toString(16).padStart(15, "0")}`;
}

function askOf(chainId: string, callee: string, more: Partial<Ask>): Ask {
  return {
    type: "ask",
    chainId,
    hopId: newHopId(),
    callee,
    skill: callee,
    address: `builtin:${callee}`,
    inputBytes: 2,
    inputDigest: "digest",
    estimate: { tokens: 0, costMicros: 0 },
    timeoutMs: 60_000,
    ...more,
  };
}

/** The first ask of a chain of its own. */
export function rootAsk(more: Partial<Ask> = {}): Ask {
  return askOf(newChainId(), "root", { root: rootCall(), ...more });
}

export function childAsk(parent: Pick<Ask, "chainId" | "hopId">, callee: string, more: Partial<Ask> = {}): Ask {
  return askOf(parent.chainId, callee, { parentHopId: parent.hopId, ...more });
}

export function settlement(ask: Pick<Ask, "chainId" | "hopId">, more: Partial<Settlement> = {}): Settlement {
  const { chainId, hopId } = ask;
  return {
    type: "settle",
    chainId,
    hopId,
    attempt: 1,
    outcome: "done",
    bytes: 0,
    tokens: 0,
    costMicros: 0,
    ...more,
  };
}

/** A chain whose root hop is open. */
export async function startChain(ledger: LedgerClient, more: Partial<Ask> = {}): Promise<Ask> {
  const root = rootAsk(more);
  const decision = await ledger.decide(root);
  if (decision.verdict !== "admitted") throw new Error(`The root hop was not admitted: ${JSON.stringify(decision)}`);
  return root;
}

export type Row = Record<string, SqlValue>;

/** Rows of any object's database; a ledger's as whoever reads them by its methods finds them. */
export function rows(stub: DurableObjectStub, query: string, ...values: (string | number | null)[]): Promise<Row[]> {
  return runInDurableObject(stub, (object, state) => {
    (object as Partial<Ledger>).hops?.("", 0);
    return [...state.storage.sql.exec<Row>(query, ...values)];
  });
}

/** A hop's status as the object would find it if it started now: in the journal, or else in its row. */
export function statusAtStart({ sql }: DurableObjectStorage, hopId: string): unknown {
  const row = [...sql.exec("SELECT id, status FROM hop WHERE hop_id = ?", hopId)][0];
  let [id, status] = [row?.id, row?.status as unknown];
  for (const { entries } of sql.exec<{ entries: string }>("SELECT entries FROM journal ORDER BY id")) {
    for (const [name, values] of JSON.parse(entries) as Entry[]) {
      const at = (column: string) => values[(name === "+hop" ? NEW_HOP : HOP_COURSE).columns.indexOf(column)];
      if (name === "+hop" && at("hop_id") === hopId) id = at("id") as number;
      if ((name === "+hop" || name === "hop") && at("id") === id) status = at("status");
    }
  }
  return status;
}

/** How many rows a table of the ledger has. */
export async function count({ stub }: LedgerClient, table: string): Promise<number> {
  return Number((await rows(stub, `SELECT COUNT(*) AS n FROM ${table}`))[0]?.n);
}

/** Ends the object in the middle of what it does, as a crash would: what is not written is gone. */
export async function crash(
  { stub }: LedgerClient,
  before: (ledger: Ledger, sql: SqlStorage) => void = () => undefined,
): Promise<void> {
  const crashed = runInDurableObject<Ledger, void>(stub, (ledger, state) => {
    before(ledger, state.storage.sql);
    state.abort("crashed by a test");
  });
  await crashed.catch(() => undefined);
}

/** Asks every 20 ms until `probe` answers; for what the design promises within a time. */
export async function eventually<T>(withinMs: number, probe: () => Promise<T | undefined>): Promise<T> {
  for (const startedAt = Date.now(); ; await scheduler.wait(20)) {
    const found = await probe();
    if (found !== undefined) return found;
    if (Date.now() - startedAt > withinMs) throw new Error(`It has not come within ${withinMs} ms.`);
  }
}
