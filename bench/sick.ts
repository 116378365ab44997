/**
 * What sick agents cost the healthy ones: `npm run bench:sick`. Twenty http agents are called over four connections on
 * bare workerd, alone and with five sick ones beside them, each called all the time; which comes first alternates from
 * round to round. The sick ones live in a thread of their own, as they would on another machine.
 */
import { parseArgs } from "node:util";
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { AgentHost } from "../test/support/server/agent.ts";
import { MeshServer } from "../test/support/server/mesh.ts";
import { serveSick, sickRegistrations } from "../test/support/server/sick.ts";
import { turn } from "./measure.ts";
import { keep, typed } from "./report.ts";
import { type Round, resultsPage, summary } from "./sick-report.ts";

const HELP = `Usage: npm run bench:sick -- [options]

Calls 20 healthy agents with and without 5 sick ones beside them, prints a table, and keeps it in bench/RESULTS-sick.md.
It takes about a minute and a half, on a machine that should have nothing else to do.

  --seconds N   how long each half of a round is; 5 by default
  --rounds N    6 by default; with less, or shorter ones, no file is written
  --help        this text
`;

const HEALTHY = 20;
const CONNECTIONS = 4;
const SECONDS = 5;
const ROUNDS = 6;
const WARM_UP_MS = 3_000;
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

async function sickThread(): Promise<{ port: number; end: () => Promise<unknown> }> {
  const worker = new Worker(new URL(import.meta.url));
  const port = await new Promise<number>((done, fail) => worker.once("message", done).once("error", fail));
  return { port, end: () => worker.terminate() };
}

async function measure(rounds: number, ms: number): Promise<Round[]> {
  const mesh = await MeshServer.start();
  const host = await AgentHost.start(mesh);
  const sick = await sickThread();
  try {
    for (let n = 0; n < HEALTHY; n++) await host.agent(`well-${n}`, (input) => input);
    for (const one of sickRegistrations(sick.port, TIMEOUT_MS)) await mesh.client.register(one);
    await load(mesh, WARM_UP_MS, false);
    // The breakers of the sick open for the first time here: each round begins as a mesh that knows them.
    await load(mesh, WARM_UP_MS, true);
    const taken: Round[] = [];
    for (let round = 0; round < rounds; round++) {
      const times = { alone: [] as number[], beside: [] as number[] };
      for (const half of turn(["alone", "beside"] as const, round))
        times[half] = await load(mesh, ms, half === "beside");
      taken.push(times);
    }
    return taken;
  } finally {
    await host.close();
    await sick.end();
    await mesh.wipe();
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { seconds: { type: "string" }, rounds: { type: "string" }, help: { type: "boolean", default: false } },
  });
  if (values.help) return void console.log(HELP);
  const [seconds, rounds] = [Number(values.seconds ?? SECONDS), Number(values.rounds ?? ROUNDS)];
  const taken = await measure(rounds, seconds * 1_000);
  console.log(summary(taken));
  if (seconds < SECONDS || rounds < ROUNDS) return;
  keep("RESULTS-sick.md", resultsPage({ command: typed("bench:sick"), seconds, rounds: taken }));
}

if (isMainThread) await main();
else parentPort?.postMessage((await serveSick()).port);
