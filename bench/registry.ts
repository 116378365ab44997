/**
 * What a registry of 100,000 agents costs beside one of 1,000, in one run: `node bench/registry.ts`. All agents come in
 * through POST /v1/agents:batch. Writes RESULTS-registry.md.
 */
import { type ChildProcess, fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "../scripts/serve/build.ts";
import { cpuMs } from "./measure.ts";
import { REGISTERED, REGISTERED_BEFORE, registrationOf } from "./registry/agents.ts";
import { type Asked, QUESTIONS } from "./registry/asked.ts";
import { type Answered, resultsPage, type Taken, type Uploaded } from "./registry/report.ts";
import { freePort, startWorkerd } from "./systems.ts";

/** Requests of a question at each size, after those that warm up. */
const REQUESTS = Number(process.env.BENCH_REQUESTS ?? 300);
const WARM_UP = 50;

const folder = mkdtempSync(join(tmpdir(), "hopline-bench-registry-"));
const [port, agentsPort] = [await freePort(), await freePort()];
const key = `hop_bench_${randomBytes(24).toString("hex")}`;
const bundle = build();
const connections = new Agent({ keepAlive: true, maxSockets: 1 });

interface Said {
  readonly status: number;
  readonly text: string;
}

function send({ method, path, body, headers = {} }: Asked): Promise<Said> {
  return new Promise((resolve, reject) => {
    const given = {
      authorization: `Bearer ${key}`,
      ...(body === undefined
        ? {}
        : { "content-type": "application/json", "content-length": String(Buffer.byteLength(body)) }),
      ...headers,
    };
    const sent = request({ host: "127.0.0.1", port, path, method, agent: connections, headers: given }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (piece: string) => (text += piece));
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, text })).on("error", reject);
    });
    sent.on("error", reject).end(body);
  });
}

/** Sends lines as they are made, and counts what comes back. */
async function upload(from: number, to: number): Promise<Uploaded> {
  const begin = performance.now();
  const sent = request({
    host: "127.0.0.1",
    port,
    path: "/v1/agents:batch",
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/x-ndjson" },
  });
  const answered = once(sent, "response");
  let bytes = 0;
  for (let n = from; n < to; n++) {
    const line = `${JSON.stringify(registrationOf(n, `http://127.0.0.1:${agentsPort}`))}\n`;
    bytes += line.length;
    if (!sent.write(line)) await once(sent, "drain");
  }
  sent.end();
  const [answer] = (await answered) as [NodeJS.ReadableStream & { statusCode: number }];
  let text = "";
  for await (const piece of answer) text += String(piece);
  const lines = text.split("\n").filter((line) => line !== "");
  const refused = lines.find((line) => !line.includes('"outcome":"registered"'));
  if (refused !== undefined || lines.length !== to - from) throw new Error(`A line was refused: ${refused}`);
  return { agents: to - from, bytes, ms: performance.now() - begin };
}

/** Every question in turn, request by request: what the machine does meanwhile falls on all alike. */
async function ask(agents: number, pid: number): Promise<Answered[]> {
  const all: Answered[] = [];
  for (const { name, ask } of QUESTIONS) {
    const times: number[] = [];
    let cpu = 0;
    let bytes = 0;
    for (let n = -WARM_UP; n < REQUESTS; n++) {
      if (n === 0) cpu = cpuMs(pid);
      // The golden ratio's multiples are spread evenly, and no two are alike.
      const asked = ask(agents, ((n + WARM_UP + 1) * 0.618_033_988_75) % 1);
      const begin = performance.now();
      const { status, text } = await send(asked);
      const ms = performance.now() - begin;
      if (status !== (name.endsWith("not there") ? 404 : 200))
        throw new Error(`${name}: ${status} ${text.slice(0, 500)}`);
      if (n < 0) continue;
      times.push(ms);
      bytes += text.length;
    }
    all.push({ name, times, cpuMs: (cpuMs(pid) - cpu) / REQUESTS, bytes: bytes / REQUESTS });
    process.stderr.write(`${agents} agents, ${name}\n`);
  }
  return all;
}

function sizeOf(path: string): number {
  if (!statSync(path).isDirectory()) return statSync(path).size;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}

function memoryOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1_024;
}

const hosts: ChildProcess = fork(join(import.meta.dirname, "agents.ts"), [String(agentsPort), "", ""]);
await once(hosts, "message");
const mesh = await startWorkerd(folder, (to) => cpSync(bundle, to), {
  port,
  env: { ...process.env, HOPLINE_ADMIN_KEY: key },
});
try {
  const taken: Taken[] = [];
  let before = 0;
  for (const agents of [REGISTERED_BEFORE, REGISTERED]) {
    const uploaded = await upload(before, agents);
    process.stderr.write(`${agents} agents are registered\n`);
    before = agents;
    const answered = await ask(agents, mesh.pid);
    taken.push({
      agents,
      uploaded,
      answered,
      diskBytes: sizeOf(join(folder, "state")),
      memoryBytes: memoryOf(mesh.pid),
    });
  }
  const page = resultsPage(taken, REQUESTS);
  if (process.env.BENCH_PRINT === undefined) writeFileSync(join(import.meta.dirname, "RESULTS-registry.md"), page);
  console.log(page);
} finally {
  connections.destroy();
  hosts.kill();
  mesh.stop();
  await mesh.ended;
  rmSync(folder, { recursive: true, force: true });
}
