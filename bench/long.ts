/** `npm run bench:long`: what grows with a million hops in one ledger, and what must not. */
import { type ChildProcess, fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { grow, SIZES } from "./growth.ts";
import { bundleSize } from "./long/bundle.ts";
import { LATENCY_CHAINS, LATENCY_HOPS, type Ledger, latencies } from "./long/latencies.ts";
import { type Long, resultsPage, type Seen, tables } from "./long/report.ts";
import { ledgerSizes, stages } from "./long/stages.ts";
import { bytesByObject, bytesOfAll, memoryOf } from "./long/state.ts";
import { billed, drive, orderFor } from "./measure.ts";
import { Inspector } from "./profile/inspector.ts";
import { keep, typed } from "./report.ts";
import { freePort, type Mesh, send, startMesh } from "./systems.ts";

const HELP = `Usage: npm run bench:long -- [options]

Runs chains of 11 hops: in two small ledgers of 1,000 and 10,000 chains, then in one of 100,000, and looks meanwhile at
memory and disk. Then it times requests in all three, one chain of 10,000 hops, and weighs the bundle. Prints tables,
and keeps them in bench/RESULTS-long.md. It takes about eight minutes, on a machine that should have nothing else to do.

  --hops N   of the large ledger, 1,100,000 by default; with less no file is written
  --heap     also the size of JavaScript's heap after a collection, at each stage
  --help     this text
`;

const HOPS = 1_100_000;
const HOPS_A_CHAIN = 11;
const CONNECTIONS = 32;
const GROWTH_ROUNDS = 3;

interface Run {
  readonly load: ChildProcess;
  readonly inspector: Inspector | undefined;
  /** What there is so far, in all ledgers. */
  chains: number;
  hops: number;
}

/** Runs some chains, and looks. */
async function fill(run: Run, mesh: Mesh, requests: number): Promise<Seen> {
  const { load, inspector } = run;
  const order = { ...orderFor(mesh, "fan"), connections: CONNECTIONS, requests };
  const { value: done } = await billed([mesh], () => drive(load, "the mesh", order));
  run.chains += requests;
  run.hops += requests * HOPS_A_CHAIN;
  const memory = memoryOf(mesh.pid);
  console.error(`${run.hops} hops: ${Math.round(memory.resident / 2 ** 20)} MiB`);
  return {
    chains: run.chains,
    hops: run.hops,
    memory,
    heapBytes: await inspector?.heapBytes(),
    diskBytes: bytesOfAll(mesh.state),
    hopsPerSecond: (requests * HOPS_A_CHAIN) / (done.ms / 1_000),
  };
}

/** A mesh of its own in the same server. */
async function another(mesh: Mesh, name: string): Promise<Mesh> {
  const { key } = (await send(mesh, "/v1/keys", { name, scopes: ["invoke", "read"], mesh: name })) as { key: string };
  return { ...mesh, headers: { ...mesh.headers, authorization: `Bearer ${key}` } };
}

async function runAll(run: Run, mesh: Mesh, hops: number): Promise<Pick<Long, "seen" | "ledgers" | "asked">> {
  const sizes = ledgerSizes(hops / HOPS_A_CHAIN);
  const seen: Seen[] = [];
  const ledgers: Ledger[] = [];
  for (const [place, chains] of sizes.entries()) {
    const ledger = { mesh: await another(mesh, `long-${place}`), chains };
    const looks = chains === Math.max(...sizes) ? stages(chains) : [chains];
    for (const [look, until] of looks.entries())
      seen.push(await fill(run, ledger.mesh, until - (looks[look - 1] ?? 0)));
    ledgers.push(ledger);
  }
  const asked = await latencies(ledgers);
  run.chains += ledgers.length * LATENCY_CHAINS;
  run.hops += ledgers.length * LATENCY_HOPS;
  return { seen, ledgers: sizes, asked };
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
      const run: Run = { load, inspector, chains: 0, hops: 0 };
      const grown = await runAll(run, mesh, hops);
      inspector?.close();
      await mesh.stop();
      const disk = { hops: run.hops, chains: run.chains, bytes: bytesByObject(mesh.state) };
      const admit = await oneChain(hops);
      const long: Long = { ...grown, disk, admit, bundle: bundleSize() };
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
