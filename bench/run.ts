/** `npm run bench`: what a governed hop costs, beside a hand-written floor and the ungoverned call. */
import { fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Compared, compare, type Plan } from "./compare.ts";
import { comparisonTable, depthTable, meetsCpu, meetsThroughput, resultsPage, sizeTable } from "./compare-report.ts";
import { grow, SIZES } from "./growth.ts";
import { measure } from "./measure.ts";
import { PROGRAMS } from "./programs.ts";
import { keep, typed } from "./report.ts";
import { SCENARIOS } from "./scenarios.ts";
import { type Running, startSystems } from "./systems.ts";

const HELP = `Usage: npm run bench -- [options]

Measures the product, the floor and the ungoverned call in turn, prints a table, and keeps it in bench/RESULTS.md.
It takes a quarter of an hour, on a machine that should have nothing else to do.

  --quick        few short rounds, about five minutes: for a first look; writes no file
  --only TEXT    only scenarios whose name contains TEXT, such as builtin, http/chain5, single/32 or growth;
                 several with commas between; writes no file
  --help         this text

The other plans, each a program of its own:

${PROGRAMS.map(({ command, minutes, says }) => `  ${command.padEnd(24)}${minutes.padStart(4)} min  ${says}`).join("\n")}
`;

const PLAN: Plan = { rounds: 7, ms: 1_000, warmUpMs: 4_000 };
const QUICK: Plan = { rounds: 3, ms: 600, warmUpMs: 500 };
const QUICK_SIZES = [10, 100, 1_000];
const DEPTHS = [2, 3, 4, 5, 6, 7, 8];

async function compareAll(running: Running, wanted: (name: string) => boolean, plan: Plan): Promise<Compared[]> {
  const load = fork(join(import.meta.dirname, "load.ts"));
  const scenarios = SCENARIOS.filter(({ name }) => wanted(name));
  const results: Compared[] = [];
  try {
    // A cold process is several times slower than a warm one, and its compiler needs thousands of calls.
    for (const scenario of scenarios) {
      const { kind, shape } = scenario;
      if (scenarios.find((one) => one.kind === kind && one.shape === shape) !== scenario) continue;
      for (const system of running.all) await measure(load, system, { ...scenario, connections: 32 }, plan.warmUpMs);
    }
    for (const scenario of scenarios) {
      const result = await compare(load, running.all, scenario, plan);
      console.error(`${scenario.name}: CPU × ${result.cpu.toFixed(2)}, throughput × ${result.throughput.toFixed(2)}`);
      results.push(result);
    }
  } finally {
    load.disconnect();
  }
  return results;
}

async function growth({ product }: Running, quick: boolean): Promise<string> {
  const points = (quick ? QUICK_SIZES : SIZES).map((before) => ({ before, depth: 2 }));
  const rounds = quick ? 2 : 15;
  // The first chain warms up: a cold process would look like one that gets cheaper as chains grow.
  await grow(product, [{ before: 5_000, depth: 2 }], 1);
  const bySize = await grow(product, points, rounds);
  const byDepth = await grow(
    product,
    DEPTHS.map((depth) => ({ before: 10, depth })),
    rounds,
  );
  return `${sizeTable(bySize)}\n\n${depthTable(byDepth)}`;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: "boolean", default: false },
      only: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return void console.log(HELP);
  const plan = values.quick ? QUICK : PLAN;
  const parts = values.only?.split(",") ?? [""];
  const wanted = (name: string) => parts.some((part) => name.includes(part));
  const folder = mkdtempSync(join(tmpdir(), "hopline-bench-"));
  const running = await startSystems(folder);
  try {
    const results = await compareAll(running, wanted, plan);
    // Afterwards: the comparison begins with databases that are equally small.
    const grown = wanted("growth") ? await growth(running, values.quick) : "";
    const comparison = comparisonTable(results);
    if (results.length > 0) console.log(comparison);
    const met = results.filter((result) => meetsCpu(result) && meetsThroughput(result)).length;
    if (results.length > 0) console.log(`\n${met} of ${results.length} meet both targets.\n`);
    console.log(grown);
    if (values.quick || values.only !== undefined) return;
    keep("RESULTS.md", resultsPage({ command: typed("bench"), plan, comparison, growth: grown }));
  } finally {
    await running.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
