/**
 * How long `GET /v1/graph` takes at 2,000 edges, on bare workerd, as a client sees it: `node bench/graph.ts`.
 * First after a minute of calls; then as if all of them had been made in every minute, hour and day of a week, once with
 * nothing in memory and then again.
 */
import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { keptFrom, MINUTE_MS, minuteOf, SPANS } from "../mesh/index/spans.ts";
import { build } from "../scripts/serve/build.ts";
import { median } from "./measure.ts";
import { freePort, startWorkerd } from "./systems.ts";

const AGENTS = 45;
const READS = 20;
const HOUR_MS = 60 * MINUTE_MS;
const KEY = "k".repeat(40);
const headers = { authorization: `Bearer ${KEY}`, "content-type": "application/json" };

/** A mesh in which all agents call each other every minute for a week: what its index would then hold. */
function repeatForAWeek(state: string): void {
  const folder = join(state, "hopline-MeshIndex");
  const file = readdirSync(folder).find((name) => name.endsWith(".sqlite") && name !== "metadata.sqlite") ?? "";
  const database = new DatabaseSync(join(folder, file));
  const columns = "caller, callee, calls, errors, rejections, latency, tokens, cost, first_at, last_at";
  const now = Date.now();
  database.exec(
    `CREATE TEMP TABLE minute AS SELECT ${columns} FROM edge WHERE span = 1 GROUP BY caller, callee; DELETE FROM edge`,
  );
  const insert = database.prepare(`INSERT INTO edge (span, start, ${columns}) SELECT ?, ?, ${columns} FROM minute`);
  for (const span of SPANS) {
    for (let start = keptFrom(span, now); start < minuteOf(now); start += span.minutes) insert.run(span.minutes, start);
  }
  database.prepare("UPDATE rolled SET start = ?, caller = '', callee = ''").run(minuteOf(now));
  database.close();
}

async function read(url: string): Promise<{ ms: number; edges: number; kilobytes: number }> {
  const startedAt = performance.now();
  const response = await fetch(url, { headers });
  const text = await response.text();
  const ms = performance.now() - startedAt;
  const edges = url.includes("format=") ? 0 : (JSON.parse(text) as { edges: unknown[] }).edges.length;
  return { ms, edges, kilobytes: Math.round(text.length / 1024) };
}

async function report(what: string, url: string): Promise<void> {
  const first = await read(url);
  const again: number[] = [];
  for (let times = 0; times < READS; times++) again.push((await read(url)).ms);
  const edges = first.edges === 0 ? "" : `, ${first.edges} edges`;
  console.log(
    `${what.padEnd(34)} first ${first.ms.toFixed(1).padStart(7)} ms, then ${median(again).toFixed(1).padStart(6)} ms (slowest ${Math.max(...again).toFixed(1)} ms)${edges}, ${first.kilobytes} kB`,
  );
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "hopline-bench-"));
  const bundle = build("bench/worker/graph.ts", ["bench/worker/graph.ts"]);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const options = { port, env: { ...process.env, HOPLINE_ADMIN_KEY: KEY } };
  const start = () => startWorkerd(folder, (to) => cpSync(bundle, to), options);
  let workerd = await start();
  try {
    for (let round = 0; round < 5; round++) {
      for (let place = 0; place < AGENTS; place++) {
        const body = JSON.stringify({ input: "all" });
        const response = await fetch(`${url}/v1/agents/agent-${place}/invoke`, { method: "POST", headers, body });
        if (!response.ok) throw new Error(await response.text());
        await response.text();
      }
    }
    await sleep(1_500);
    await report("a minute of calls", `${url}/v1/graph`);
    for (const format of ["mermaid", "dot", "svg"]) await report(`  as ${format}`, `${url}/v1/graph?format=${format}`);
    workerd.stop();
    await workerd.ended;
    repeatForAWeek(join(folder, "state"));
    workerd = await start();
    for (const [what, ageMs] of [
      ["busy for a week: all of it", 8 * 24 * HOUR_MS],
      ["  the last two days", 48 * HOUR_MS],
      ["  the last day", 24 * HOUR_MS],
      ["  the last hour", HOUR_MS],
    ] as const) {
      await report(what, `${url}/v1/graph?since=${Date.now() - ageMs}`);
    }
  } finally {
    workerd.stop();
    await workerd.ended;
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
