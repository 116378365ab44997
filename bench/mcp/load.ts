/** The load on MCP servers: a process of its own. Each client makes its next call when it has the answer to the last one. */
import { connect, type EchoClient, type Target } from "./client.ts";

export interface Order {
  readonly target: Target;
  readonly clients: number;
  readonly ms: number;
}

export interface Done {
  readonly calls: number;
  /** From the first call to the last answer. */
  readonly ms: number;
  /** Of single calls. */
  readonly p50Ms: number;
  /** Why it was given up. */
  readonly error?: string;
}

/** Clients stay connected from one order to the next: opening sessions is not what is measured. */
const connected = new Map<string, EchoClient[]>();

async function clientsOf({ target, clients }: Order): Promise<readonly EchoClient[]> {
  const key = JSON.stringify(target);
  const open = connected.get(key) ?? [];
  connected.set(key, open);
  while (open.length < clients) open.push(await connect(target));
  return open.slice(0, clients);
}

/** @returns how long each call took, in milliseconds */
async function closedLoop({ call }: EchoClient, endsAt: number): Promise<number[]> {
  const took: number[] = [];
  for (let now = performance.now(); now < endsAt; ) {
    await call();
    const after = performance.now();
    took.push(after - now);
    now = after;
  }
  return took;
}

async function drive(order: Order): Promise<Done> {
  try {
    const clients = await clientsOf(order);
    const begin = performance.now();
    const took = (await Promise.all(clients.map((client) => closedLoop(client, begin + order.ms)))).flat();
    const ms = performance.now() - begin;
    const sorted = took.toSorted((a, b) => a - b);
    return { calls: took.length, ms, p50Ms: sorted[Math.floor(sorted.length / 2)] ?? Number.NaN };
  } catch (error) {
    return { calls: 0, ms: 0, p50Ms: 0, error: error instanceof Error ? error.message : String(error) };
  }
}

process.on("message", (order: Order) => void drive(order).then((done) => process.send?.(done)));
process.on("disconnect", () => process.exit());
