/**
 * What sick agents cost the healthy ones: `node bench/sick.ts [SECONDS]`. Twenty http agents are called over four
 * connections on bare workerd, without and then with five sick ones beside them, each called all the time; rounds
 * alternate. The sick ones live in a thread of their own, as they would on another machine.
 */
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { AgentHost } from "../test/support/server/agent.ts";
import { MeshServer } from "../test/support/server/mesh.ts";
import { serveSick, sickRegistrations } from "../test/support/server/sick.ts";

const HEALTHY = 20;
const CONNECTIONS = 4;
const ROUNDS = 3;
const TARGET = 2;
const TIMEOUT_MS = 1_000;
/** Between two calls of a sick agent by one caller, in milliseconds. */
const PAUSE_MS = 20;
const SICK = ["sick-slow", "sick-dead", "sick-endless", "sick-dripping", "sick-flapping"];

async function load(mesh: MeshServer, ms: number, sick: boolean): Promise<number[]> {
  const until = Date.now() + ms;
  const times: number[] = [];
  const healthy = Array.from({ length: CONNECTIONS }, async (_, connection) => {
    for (let n = connection; Date.now() < until; n++) {
      const from = performance.now();
      const { status } = await mesh.client.invoke(`well-${n % HEALTHY}`, n);
      if (status !== 200) throw new Error(`A healthy agent was answered with ${status}.`);
      times.push(performance.now() - from);
    }
  });
  const ill = (sick ? SICK : []).map(async (name) => {
    while (Date.now() < until) {
      await mesh.client.invoke(name, {});
      await new Promise((done) => setTimeout(done, PAUSE_MS));
    }
  });
  await Promise.all([...healthy, ...ill]);
  return times;
}

function quantile(times: readonly number[], part: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

async function sickThread(): Promise<{ port: number; end: () => Promise<unknown> }> {
  const worker = new Worker(new URL(import.meta.url));
  const port = await new Promise<number>((done, fail) => worker.once("message", done).once("error", fail));
  return { port, end: () => worker.terminate() };
}

async function main(seconds: number): Promise<void> {
  const mesh = await MeshServer.start();
  const host = await AgentHost.start(mesh);
  const sick = await sickThread();
  try {
    for (let n = 0; n < HEALTHY; n++) await host.agent(`well-${n}`, (input) => input);
    for (const one of sickRegistrations(sick.port, TIMEOUT_MS)) await mesh.client.register(one);
    await load(mesh, 2_000, false);
    const without: number[] = [];
    const beside: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      without.push(...(await load(mesh, seconds * 1_000, false)));
      beside.push(...(await load(mesh, seconds * 1_000, true)));
    }
    const row = (name: string, times: number[]) =>
      console.log(
        `${name.padEnd(18)} ${String(times.length).padStart(7)} calls   p50 ${quantile(times, 0.5).toFixed(2)} ms   p99 ${quantile(times, 0.99).toFixed(2)} ms`,
      );
    row("healthy alone", without);
    row("beside the sick", beside);
    const ratio = quantile(beside, 0.99) / quantile(without, 0.99);
    console.log(`p99 ratio ${ratio.toFixed(2)} (target: at most ${TARGET})`);
  } finally {
    await host.close();
    await sick.end();
    await mesh.wipe();
  }
}

if (isMainThread) await main(Number(process.argv[2] ?? "5"));
else parentPort?.postMessage((await serveSick()).port);
