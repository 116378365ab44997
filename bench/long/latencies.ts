/** How long single requests take in a mesh that has many chains, one after the other, as one user sees them. */
import { setTimeout as sleep } from "node:timers/promises";
import { quantile } from "../measure.ts";
import { INPUT } from "../scenarios.ts";
import { type Mesh, send } from "../systems.ts";

export interface Latency {
  readonly name: string;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const REQUESTS = 200;
/** Chains and hops that measuring them makes. */
export const LATENCY_REQUESTS = 2 * REQUESTS;
export const LATENCY_HOPS = (1 + 11) * REQUESTS;
const PAGE = 100;
/** How many chains are read and drawn, from all over the list. */
const IDS = 1_000;
/** The list is at most a second behind. */
const LISTED_MS = 2_000;

interface Page {
  readonly items: readonly { readonly chainId: string }[];
  readonly nextCursor?: string;
}

async function timed(name: string, request: (place: number) => Promise<unknown>): Promise<Latency> {
  const took: number[] = [];
  for (let place = 0; place < REQUESTS; place++) {
    const begin = performance.now();
    await request(place);
    took.push(performance.now() - begin);
  }
  return { name, p50Ms: quantile(took, 0.5), p99Ms: quantile(took, 0.99) };
}

/** Walks the whole list. @returns the path of its last full page, and ids from all over it */
async function walk(
  mesh: Mesh,
): Promise<{ readonly last: string; readonly ids: readonly string[]; readonly chains: number }> {
  const first = `/v1/chains?limit=${PAGE}`;
  const ids: string[] = [];
  let [path, last, chains] = [first, first, 0];
  for (;;) {
    const { items, nextCursor } = (await send(mesh, path)) as Page;
    ids.push(...items.map(({ chainId }) => chainId));
    chains += items.length;
    if (items.length === PAGE) last = path;
    if (nextCursor === undefined) break;
    path = `${first}&cursor=${encodeURIComponent(nextCursor)}`;
  }
  const step = Math.max(1, Math.floor(ids.length / IDS));
  return { last, ids: ids.filter((_, place) => place % step === 0), chains };
}

/** @param chains how many there are @throws {Error} when some of them are not listed */
export async function latencies(mesh: Mesh, chains: number): Promise<Latency[]> {
  await sleep(LISTED_MS);
  const { last, ids, chains: listed } = await walk(mesh);
  if (listed < chains) throw new Error(`Of ${chains} chains ${listed} are listed.`);
  // Ids from all over, not neighbours: what one read brings into memory helps the next no more than it would a user.
  const some = (place: number) => ids[(place * 7_919) % ids.length] ?? "";
  return [
    await timed("invoke, one hop", () => send(mesh, mesh.path("leaf"), { input: INPUT })),
    await timed("invoke, 11 hops", () => send(mesh, mesh.path("fan"), { input: INPUT })),
    await timed("read a chain", (place) => send(mesh, `/v1/chains/${some(place)}`)),
    await timed("graph of a chain", (place) => send(mesh, `/v1/chains/${some(place)}/graph`)),
    await timed(`list, first ${PAGE}`, () => send(mesh, `/v1/chains?limit=${PAGE}`)),
    await timed(`list, oldest ${PAGE}`, () => send(mesh, last)),
    await timed("list, failed ones (none)", () => send(mesh, `/v1/chains?limit=${PAGE}&status=failed`)),
  ];
}
