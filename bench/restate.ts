/** `npm run bench:restate`: chains of agents through Hopline, and of services through Restate, in one run. */
import { type ChildProcess, fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { billed, drive, turn } from "./measure.ts";
import { keep, typed } from "./report.ts";
import { type Measured, resultsPage, resultsTable, type Scenario, verdicts } from "./restate/report.ts";
import { type Running, SHAPES, type Shape, type Subject, startSubjects } from "./restate/subjects.ts";
import { CONNECTIONS } from "./scenarios.ts";

const HELP = `Usage: npm run bench:restate -- [options]

Measures chains through Hopline and through Restate in turn, prints a table, and keeps it in bench/RESULTS-restate.md.
It takes about seven minutes, on a machine that should have nothing else to do.

  --quick   one short round, about a minute: for a first look; writes no file
  --help    this text
`;

interface Plan {
  readonly rounds: number;
  readonly ms: number;
  readonly warmUpMs: number;
}

const PLAN: Plan = { rounds: 3, ms: 2_500, warmUpMs: 4_000 };
const QUICK: Plan = { rounds: 1, ms: 800, warmUpMs: 1_000 };

async function measure(load: ChildProcess, subject: Subject, at: { shape: Shape; connections: number; ms: number }) {
  const { shape, connections, ms } = at;
  const order = { ...subject.order(shape.first), connections, ms };
  const payers = subject.agents === undefined ? [subject.server] : [subject.server, subject.agents];
  const { value: done, cpuMs } = await billed(payers, () => drive(load, `${subject.name}, ${shape.name}`, order));
  const [server = Number.NaN, agents = 0] = cpuMs;
  return {
    chainsPerSecond: done.requests / (done.ms / 1_000),
    p50Ms: done.p50Ms,
    p99Ms: done.p99Ms,
    serverCpuMs: server / done.requests,
    agentsCpuMs: agents / done.requests,
  };
}

async function measureAll(load: ChildProcess, subjects: readonly Subject[], plan: Plan): Promise<Scenario[]> {
  const { rounds, ms, warmUpMs } = plan;
  for (const shape of SHAPES) {
    for (const subject of subjects) {
      await subject.check(shape);
      await measure(load, subject, { shape, connections: Math.max(...CONNECTIONS), ms: warmUpMs });
    }
  }
  const scenarios: Scenario[] = [];
  for (const shape of SHAPES) {
    for (const connections of CONNECTIONS) {
      const taken = new Map(subjects.map((subject) => [subject, [] as Measured[]]));
      for (let round = 0; round < rounds; round++) {
        for (const subject of turn(subjects, round)) {
          taken.get(subject)?.push(await measure(load, subject, { shape, connections, ms }));
        }
      }
      const named = [...taken].map(([{ name, kind }, all]) => ({ name, kind, rounds: all }));
      scenarios.push({ shape, connections, taken: named });
      console.error(`${shape.name}, ${connections} connections: measured`);
    }
  }
  return scenarios;
}

function versions(): string {
  const require = createRequire(import.meta.url);
  const of = (name: string) => (require(`${name}/package.json`) as { version: string }).version;
  return `restate-server ${of("@restatedev/restate-server")}, restate-sdk ${of("@restatedev/restate-sdk")}`;
}

function idle({ subjects }: Running): string[] {
  return subjects.flatMap(({ name, server: { idleShare } }) =>
    idleShare === undefined ? [] : [`${name} ${(idleShare * 100).toFixed(1)} % of a core`],
  );
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { quick: { type: "boolean", default: false }, help: { type: "boolean", default: false } },
  });
  if (values.help) return void console.log(HELP);
  const plan = values.quick ? QUICK : PLAN;
  const folder = mkdtempSync(join(tmpdir(), "hopline-bench-"));
  const load = fork(join(import.meta.dirname, "load.ts"));
  try {
    const running = await startSubjects(folder);
    try {
      const scenarios = await measureAll(load, running.subjects, plan);
      console.log(`${resultsTable(scenarios)}\n\n${verdicts(scenarios).join("\n")}`);
      if (values.quick) return;
      const page = { command: typed("bench:restate"), versions: versions(), plan, scenarios, idle: idle(running) };
      keep("RESULTS-restate.md", resultsPage(page));
    } finally {
      await running.stop();
    }
  } finally {
    load.disconnect();
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

await main();
