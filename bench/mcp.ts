/**
 * A tool call over MCP: straight to its server, through a bare pass-through on workerd, through the mesh, and through MCP
 * proxies from npm, in one run: `npm run bench:mcp`. `--quick` runs one short round and writes nothing down.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Done, Order } from "./mcp/load.ts";
import { CLIENTS, type Plan, type Row, resultsPage, resultsTable, targetLines } from "./mcp/report.ts";
import { type Started, type Subject, startSubjects } from "./mcp/subjects.ts";
import { median } from "./measure.ts";

const PLAN: Plan = { rounds: 5, ms: 1_500, warmUpMs: 2_500 };
const QUICK: Plan = { rounds: 1, ms: 700, warmUpMs: 1_000 };

interface Measured {
  readonly p50Ms: number;
  readonly addedMs: number;
  readonly callsPerSecond: number;
}

async function measure(load: ChildProcess, target: Subject, clients: number, ms: number): Promise<Done> {
  load.send({ target, clients, ms } satisfies Order);
  const [done] = (await once(load, "message")) as [Done];
  if (done.error !== undefined) throw new Error(`${target.name}, ${clients} clients: ${done.error}`);
  return done;
}

/** All subjects once, at one number of clients. */
async function round(load: ChildProcess, order: readonly Subject[], clients: number, ms: number) {
  const done = new Map<string, Done>();
  for (const subject of order) done.set(subject.name, await measure(load, subject, clients, ms));
  const straight = done.get("straight")?.p50Ms ?? Number.NaN;
  return (name: string): Measured => {
    const { calls = 0, ms: took = 0, p50Ms = Number.NaN } = done.get(name) ?? {};
    return { p50Ms, addedMs: p50Ms - straight, callsPerSecond: calls / (took / 1_000) };
  };
}

/** How many requests reach the upstream for a call when everything is warm. */
async function requestsPerCall(load: ChildProcess, { requests }: Started, subject: Subject) {
  if (!subject.counted) return undefined;
  const before = await requests();
  const { calls } = await measure(load, subject, 1, 200);
  return ((await requests()) - before) / calls;
}

async function measureAll(load: ChildProcess, started: Started, plan: Plan): Promise<Row[]> {
  const { subjects } = started;
  // A cold process is several times slower than a warm one.
  for (const subject of subjects) await measure(load, subject, Math.max(...CLIENTS), plan.warmUpMs);
  const taken: { readonly clients: number; readonly of: (name: string) => Measured }[] = [];
  for (let place = 0; place < plan.rounds; place++) {
    // Whoever comes first in a round is somebody else in the next.
    const first = place % subjects.length;
    const order = [...subjects.slice(first), ...subjects.slice(0, first)];
    for (const clients of CLIENTS) taken.push({ clients, of: await round(load, order, clients, plan.ms) });
  }
  const rows: Row[] = [];
  for (const subject of subjects) {
    const middle = (clients: number): Measured => {
      const rounds = taken.filter((one) => one.clients === clients).map(({ of }) => of(subject.name));
      const of = (figure: keyof Measured) => median(rounds.map((one) => one[figure]));
      return { p50Ms: of("p50Ms"), addedMs: of("addedMs"), callsPerSecond: of("callsPerSecond") };
    };
    const byClients = Object.fromEntries(CLIENTS.map((clients) => [clients, middle(clients)]));
    rows.push({ subject, byClients, requestsPerCall: await requestsPerCall(load, started, subject) });
  }
  return rows;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { quick: { type: "boolean", default: false } } });
  const plan = values.quick ? QUICK : PLAN;
  const folder = mkdtempSync(join(tmpdir(), "hopline-bench-mcp-"));
  const load = fork(join(import.meta.dirname, "mcp", "load.ts"));
  try {
    const started = await startSubjects(folder);
    try {
      const rows = await measureAll(load, started, plan);
      console.log(`${resultsTable(rows)}\n\n${targetLines(rows).join("\n")}`);
      if (!values.quick) writeFileSync(join(import.meta.dirname, "RESULTS-mcp.md"), resultsPage(rows, plan));
    } finally {
      await started.stop();
    }
  } finally {
    load.disconnect();
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

await main();
