/** Who makes the chains: Hopline with its agents in three places, and Restate as it comes and with one partition. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import type { Order } from "../load.ts";
import { idleShare, orderFor, type Payer } from "../measure.ts";
import { INPUT } from "../scenarios.ts";
import { freePort, type Mesh, send, startAgents, startMesh } from "../systems.ts";
import { type RestateServer, startRestate } from "./server.ts";

export interface Shape {
  readonly name: string;
  /** The agent or service that a request calls; each calls the next, until `hop-5`. */
  readonly first: string;
  readonly hops: number;
}

export const SHAPES: readonly Shape[] = [
  { name: "a→b→c", first: "hop-3", hops: 3 },
  { name: "chain of 5", first: "hop-1", hops: 5 },
];

/** What a subject is held to. */
export type Kind = "builtin" | "http" | "restate";

export interface Subject {
  readonly name: string;
  readonly kind: Kind;
  readonly server: Payer;
  /** The process of its agents or services; none where they run in the server. */
  readonly agents: Payer | undefined;
  readonly order: (first: string) => Omit<Order, "connections">;
  /** Runs one chain. @throws {Error} when its output is not its input, or when not every hop of it was recorded */
  readonly check: (shape: Shape) => Promise<void>;
}

export interface Running {
  readonly subjects: readonly Subject[];
  readonly stop: () => Promise<void>;
}

const IDLE_MS = 3_000;

/** Tells apart "nothing was recorded" from "not yet": settlements are written within milliseconds. */
const SETTLED_MS = 300;

async function invoke({ port, path, headers, body }: Omit<Order, "connections">): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { method: "POST", headers, body });
  const said: unknown = await response.json();
  await sleep(SETTLED_MS);
  return said;
}

function right(name: string, { hops }: Shape, output: unknown, found: number): void {
  if (!isDeepStrictEqual(output, INPUT)) throw new Error(`${name} answered with ${JSON.stringify(output)}`);
  if (found !== hops) throw new Error(`${name}: of a chain of ${hops} hops ${found} were recorded.`);
}

function hopline(mesh: Mesh, name: string, prefix: string, kind: Kind, agents: ChildProcess | undefined): Subject {
  const order = (first: string) => orderFor(mesh, prefix + first);
  return {
    name,
    kind,
    server: { pid: mesh.pid },
    agents: agents && { pid: agents.pid ?? 0 },
    order,
    check: async (shape) => {
      const { chainId, output } = (await invoke(order(shape.first))) as { chainId: string; output: unknown };
      const { hops } = (await send(mesh, `/v1/chains/${chainId}`)) as { hops: { done: number } };
      right(name, shape, output, hops.done);
    },
  };
}

async function restate(server: RestateServer, name: string): Promise<Subject> {
  const order = (first: string) => ({
    port: server.port,
    path: `/${first}/answer`,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(INPUT),
    expect: JSON.stringify(INPUT),
  });
  return {
    name,
    kind: "restate",
    // Raft, gossip and timers go on when nobody calls.
    server: { pid: server.pid, idleShare: await idleShare(server.pid, IDLE_MS) },
    agents: { pid: server.services.pid ?? 0 },
    order,
    check: async (shape) => {
      const before = await server.invocations();
      const output = await invoke(order(shape.first));
      right(name, shape, output, (await server.invocations()) - before);
    },
  };
}

async function startKit(mesh: Mesh): Promise<ChildProcess> {
  const env = { ...process.env, HOPLINE_URL: `http://127.0.0.1:${mesh.port}`, HOPLINE_KEY: mesh.key };
  const child = fork(join(import.meta.dirname, "kit.ts"), { env });
  await once(child, "message");
  return child;
}

/** @param folder an empty folder for the state of all */
export async function startSubjects(folder: string): Promise<Running> {
  const stops: (() => unknown)[] = [];
  const stop = async () => void (await Promise.all(stops.map((end) => end())));
  try {
    const mesh = await startMesh(join(folder, "hopline"));
    stops.push(mesh.stop);
    const plain = await startAgents(mesh, await freePort());
    stops.push(() => plain.kill());
    const kit = await startKit(mesh);
    // A signal would stop its servers gracefully, and leave the process.
    stops.push(() => kit.disconnect());
    const whole = await startRestate(join(folder, "restate"));
    stops.push(whole.stop);
    const one = await startRestate(join(folder, "restate-1"), 1);
    stops.push(one.stop);
    return {
      subjects: [
        hopline(mesh, "Hopline, builtin", "", "builtin", undefined),
        hopline(mesh, "Hopline, http", "http-", "http", plain),
        hopline(mesh, "Hopline, http kit", "kit-", "http", kit),
        await restate(whole, "Restate"),
        await restate(one, "Restate, 1 partition"),
      ],
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
