/**
 * `npm run bench:profile`: where the isolate that runs the mesh spends its time under load. Starts the product with
 * workerd's inspector, loads it, samples it, and prints its time by area and by function.
 */
import { fork } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cpuMs, drive, orderFor } from "./measure.ts";
import { type Folded, fold, type Share } from "./profile/fold.ts";
import { type CpuProfile, Inspector } from "./profile/inspector.ts";
import { readBundle } from "./profile/modules.ts";
import { type Sampled, sampleNative } from "./profile/native.ts";
import { machine, table } from "./report.ts";
import { SHAPES } from "./scenarios.ts";
import { freePort, startAgents, startMesh } from "./systems.ts";

const HELP = `Usage: npm run bench:profile -- [options]

Profiles workerd under the load of one scenario, and prints where the time went. It takes about twenty seconds.

  --agent NAME       leaf (by default), hop-1 (five in a row) or fan (ten at once); with http- before it, in another process
  --connections N    32 by default
  --seconds N        how long it is sampled; 6 by default
  --functions N      how many functions are shown; 30 by default
  --native           also what perf sees of the whole process meanwhile, beneath JavaScript as well; Linux with perf only
  --save FILE        keeps the profile, for DevTools: a .cpuprofile
  --help             this text
`;

const WARM_UP_MS = 3_000;
const INTERVAL_MICROS = 200;
/** What hangs is ended: workerd's inspector can. */
const GIVE_UP_MS = 90_000;

interface Options {
  readonly agent: string;
  readonly connections: number;
  readonly seconds: number;
  readonly native: boolean;
}

interface Taken {
  readonly profile: CpuProfile;
  readonly hops: number;
  /** Of the whole process, threads of the runtime included. */
  readonly cpuMs: number;
  readonly ms: number;
  /** Only where that was asked for. */
  readonly native: readonly Sampled[];
}

async function take(folder: string, { agent, connections, seconds, native }: Options): Promise<Taken> {
  const hops = SHAPES.find((shape) => shape.agent === agent.replace(/^http-/, ""))?.hops ?? 1;
  const inspectorPort = await freePort();
  const mesh = await startMesh(folder, [`--inspector-addr=127.0.0.1:${inspectorPort}`]);
  const load = fork(join(import.meta.dirname, "load.ts"));
  const agents = agent.startsWith("http-") ? await startAgents(mesh, await freePort()) : undefined;
  try {
    const order = { ...orderFor(mesh, agent), connections };
    await drive(load, agent, { ...order, ms: WARM_UP_MS });
    const inspector = await Inspector.connect(inspectorPort);
    let [requests, cpu, ms] = [0, 0, 0];
    const profile = await inspector.profile(INTERVAL_MICROS, async () => {
      const before = cpuMs(mesh.pid);
      ({ requests, ms } = await drive(load, agent, { ...order, ms: seconds * 1_000 }));
      cpu = cpuMs(mesh.pid) - before;
    });
    inspector.close();
    const [seen] = native
      ? // After V8's own profiler has stopped: its signals would be in the picture.
        await Promise.all([
          sampleNative(mesh.pid, seconds, folder),
          drive(load, agent, { ...order, ms: (seconds + 1) * 1_000 }),
        ])
      : [[]];
    return { profile, hops: requests * hops, cpuMs: cpu, ms, native: seen };
  } finally {
    load.disconnect();
    agents?.kill();
    await mesh.stop();
  }
}

function shares(title: string, of: readonly Share[], { busy }: Folded, hops: number): string {
  const rows = of.map(({ name, micros }) => [
    (micros / hops).toFixed(1),
    `${((micros / busy) * 100).toFixed(1)} %`,
    name,
  ]);
  return table(["µs/hop", "of busy", title], rows);
}

function nativeTable(native: readonly Sampled[]): string {
  const all = native.reduce((sum, { samples }) => sum + samples, 0);
  const rows = native.map(({ name, samples }) => [`${((samples / all) * 100).toFixed(1)} %`, name]);
  return table(["of CPU", "the whole process, by what runs"], rows);
}

/** As text: areas whole, functions as many as asked for. */
function show(folded: Folded, hops: number, functions: number): string {
  return [
    shares("area", folded.areas, folded, hops),
    shares("function itself", folded.functions.slice(0, functions), folded, hops),
  ].join("\n\n");
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      agent: { type: "string", default: "leaf" },
      connections: { type: "string", default: "32" },
      seconds: { type: "string", default: "6" },
      functions: { type: "string", default: "30" },
      native: { type: "boolean", default: false },
      save: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return void console.log(HELP);
  const functions = Number(values.functions);
  const folder = mkdtempSync(join(tmpdir(), "hopline-bench-"));
  const { agent, native } = values;
  const options = { agent, native, connections: Number(values.connections), seconds: Number(values.seconds) };
  setTimeout(
    () => {
      console.error("The profile was not there in time.");
      process.exit(1);
    },
    GIVE_UP_MS + 1_000 * options.seconds,
  ).unref();
  try {
    const { profile, hops, cpuMs: cpu, ms, native: seen } = await take(folder, options);
    if (values.save !== undefined) writeFileSync(values.save, JSON.stringify(profile));
    const folded = fold(profile, readBundle(readFileSync(join(folder, "index.js"), "utf8")));
    console.log(`${agent}, ${options.connections} connections: ${Math.round(hops / (ms / 1_000))} hops/s while sampled;
CPU of the process ${((cpu * 1_000) / hops).toFixed(0)} µs/hop; the isolate's thread was busy ${(folded.busy / hops).toFixed(0)} µs/hop, idle ${((folded.idle / (folded.busy + folded.idle)) * 100).toFixed(0)} %
${machine()}

${show(folded, hops, functions)}`);
    if (native) console.log(`\n${nativeTable(seen)}`);
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

await main();
