/** How long single requests take in ledgers of several sizes: one at a time, as one user sees them, the ledgers in turn. */
import { setTimeout as sleep } from "node:timers/promises";
import { quantile, turn } from "../measure.ts";
import { INPUT } from "../scenarios.ts";
import { type Mesh, send } from "../systems.ts";

export interface Latency {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** One kind of request, in each of the ledgers. */
export interface Asked {
  readonly name: string;
  readonly ledgers: readonly Latency[];
}

/** A mesh of its own in the same server: its chains are in a ledger of its own, and its list in an index of its own. */
export interface Ledger {
  readonly mesh: Mesh;
  readonly chains: number;
}

const REQUESTS = 300;
const PAGE = 100;
/** How many chains are read and drawn, from all over the list. */
const IDS = 1_000;
/** The list is at most a second behind. */
const LISTED_MS = 2_000;

/** What is made meanwhile in each of the ledgers. */
export const LATENCY_CHAINS = 2 * REQUESTS;
export const LATENCY_HOPS = (1 + 11) * REQUESTS;

interface Page {
  readonly items: readonly { readonly chainId: string }[];
  readonly nextCursor?: string;
}

interface Listed {
  readonly mesh: Mesh;
  /** The path of its last full page. */
  readonly oldest: string;
  readonly ids: readonly string[];
}

/** Walks a whole list. @throws {Error} when it has not every chain */
async function walk({ mesh, chains }: Ledger): Promise<Listed> {
  const first = `/v1/chains?limit=${PAGE}`;
  const ids: string[] = [];
  let [path, oldest] = [first, first];
  for (;;) {
    const { items, nextCursor } = (await send(mesh, path)) as Page;
    ids.push(...items.map(({ chainId }) => chainId));
    if (items.length === PAGE) oldest = path;
    if (nextCursor === undefined) break;
    path = `${first}&cursor=${encodeURIComponent(nextCursor)}`;
  }
  if (ids.length < chains) throw new Error(`Of ${chains} chains ${ids.length} are listed.`);
  const step = Math.max(1, Math.floor(ids.length / IDS));
  return { mesh, oldest, ids: ids.filter((_, place) => place % step === 0) };
}

type Request = (listed: Listed, place: number) => Promise<unknown>;

/** Ids from all over, not neighbours: what one read brings into memory helps the next no more than it would a user. */
const some = ({ ids }: Listed, place: number) => ids[(place * 7_919) % ids.length] ?? "";

const KINDS: readonly (readonly [string, Request])[] = [
  ["invoke, one hop", ({ mesh }) => send(mesh, mesh.path("leaf"), { input: INPUT })],
  ["invoke, 11 hops", ({ mesh }) => send(mesh, mesh.path("fan"), { input: INPUT })],
  ["read a chain", (listed, place) => send(listed.mesh, `/v1/chains/${some(listed, place)}`)],
  ["graph of a chain", (listed, place) => send(listed.mesh, `/v1/chains/${some(listed, place)}/graph`)],
  [`list, first ${PAGE}`, ({ mesh }) => send(mesh, `/v1/chains?limit=${PAGE}`)],
  [`list, oldest ${PAGE}`, ({ mesh, oldest }) => send(mesh, oldest)],
  ["list, failed ones (none)", ({ mesh }) => send(mesh, `/v1/chains?limit=${PAGE}&status=failed`)],
];

/** @param ledgers in whose order each kind of request is answered for */
export async function latencies(ledgers: readonly Ledger[]): Promise<Asked[]> {
  await sleep(LISTED_MS);
  const listed: Listed[] = [];
  for (const ledger of ledgers) listed.push(await walk(ledger));
  const asked: Asked[] = [];
  for (const [name, request] of KINDS) {
    const took = new Map(listed.map((one) => [one, [] as number[]]));
    for (let place = 0; place < REQUESTS; place++) {
      for (const one of turn(listed, place)) {
        const begin = performance.now();
        await request(one, place);
        took.get(one)?.push(performance.now() - begin);
      }
    }
    const of = (times: readonly number[]) => ({ p50Ms: quantile(times, 0.5), p99Ms: quantile(times, 0.99) });
    asked.push({ name, ledgers: [...took.values()].map(of) });
  }
  return asked;
}
