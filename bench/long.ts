/** `npm run bench:long`: what grows with a million hops in one ledger, and what must not. */
import { type ChildProcess, fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { grow, SIZES } from "./growth.ts";
import { bundleSize } from "./long/bundle.ts";
import { LATENCY_HOPS, LATENCY_REQUESTS, latencies } from "./long/latencies.ts";
import { type Grew, type Long, resultsPage, type Seen, tables } from "./long/report.ts";
import { stages } from "./long/stages.ts";
import { bytesByObject, bytesOfAll, memoryOf } from "./long/state.ts";
import { billed, drive, orderFor } from "./measure.ts";
import { Inspector } from "./profile/inspector.ts";
import { keep, typed } from "./report.ts";
import { freePort, type Mesh, startMesh } from "./systems.ts";

const HELP = `Usage: npm run bench:long -- [options]

Runs chains of 11 hops in one ledger until there are a million hops and 100,000 chains, and looks meanwhile at memory,
disk and latencies; then at one chain of 10,000 hops, and at the bundle. Prints tables, and keeps them in
bench/RESULTS-long.md. It takes about ten minutes, on a machine that should have nothing else to do.

  --hops N   1,100,000 by default; with less no file is written
  --heap     also the size of JavaScript's heap after a collection, at each stage
  --help     this text
`;

const HOPS = 1_100_000;
const HOPS_A_CHAIN = 11;
const CONNECTIONS = 32;
const GROWTH_ROUNDS = 3;

interface Run {
  readonly mesh: Mesh;
  readonly load: ChildProcess;
  readonly inspector: Inspector | undefined;
  /** What there is so far. */
  chains: number;
  hops: number;
}

/** Runs chains until there are as many, and looks. */
async function reach(run: Run, chains: number): Promise<Seen> {
  const { mesh, load, inspector } = run;
  const requests = chains - run.chains;
  const order = { ...orderFor(mesh, "fan"), connections: CONNECTIONS, requests };
  const { value: done } = await billed([mesh], () => drive(load, "the mesh", order));
  run.chains += requests;
  run.hops += requests * HOPS_A_CHAIN;
  return {
    chains: run.chains,
    hops: run.hops,
    memory: memoryOf(mesh.pid),
    heapBytes: await inspector?.heapBytes(),
    diskBytes: bytesOfAll(mesh.state),
    hopsPerSecond: (requests * HOPS_A_CHAIN) / (done.ms / 1_000),
  };
}

async function runAll(run: Run, hops: number): Promise<Pick<Long, "seen" | "grew">> {
  const seen: Seen[] = [];
  const grew: Grew[] = [];
  for (const stage of stages(Math.round(hops / HOPS_A_CHAIN))) {
    // The latencies of a stage before have made some chains themselves.
    if (stage.chains > run.chains) seen.push(await reach(run, stage.chains));
    console.error(`${run.hops} hops: ${Math.round(memoryOf(run.mesh.pid).resident / 2 ** 20)} MiB`);
    if (!stage.latencies) continue;
    grew.push({ chains: run.chains, latencies: await latencies(run.mesh, run.chains) });
    run.chains += LATENCY_REQUESTS;
    run.hops += LATENCY_HOPS;
  }
  return { seen, grew };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      hops: { type: "string" },
      heap: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return void console.log(HELP);
  const hops = Number(values.hops ?? HOPS);
  const folder = mkdtempSync(join(tmpdir(), "hopline-bench-"));
  const load = fork(join(import.meta.dirname, "load.ts"));
  try {
    const inspectorPort = await freePort();
    const args = values.heap ? [`--inspector-addr=127.0.0.1:${inspectorPort}`] : [];
    const mesh = await startMesh(folder, args);
    try {
      const inspector = values.heap ? await Inspector.connect(inspectorPort) : undefined;
      const run: Run = { mesh, load, inspector, chains: 0, hops: 0 };
      const { seen, grew } = await runAll(run, hops);
      inspector?.close();
      await mesh.stop();
      const disk = { hops: run.hops, chains: run.chains, bytes: bytesByObject(mesh.state) };
      const admit = await oneChain(hops);
      const long: Long = { seen, grew, disk, admit, bundle: bundleSize() };
      console.log(tables(long));
      if (hops >= HOPS) keep("RESULTS-long.md", resultsPage(typed("bench:long"), long));
    } finally {
      await mesh.stop();
    }
  } finally {
    load.disconnect();
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function oneChain(hops: number) {
  const folder = mkdtempSync(join(tmpdir(), "hopline-bench-"));
  const mesh = await startMesh(folder);
  try {
    const sizes = SIZES.filter((size) => size <= hops);
    // The first chain warms up: a cold process would look like one that gets cheaper as chains grow.
    await grow(mesh, [{ before: 5_000, depth: 2 }], 1);
    return await grow(
      mesh,
      sizes.map((before) => ({ before, depth: 2 })),
      GROWTH_ROUNDS,
    );
  } finally {
    await mesh.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

await main();
