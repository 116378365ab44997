/** Finds a running mesh, or starts one on a data folder that is thrown away. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export interface Server {
  readonly url: string;
  readonly key: string;
  /** Whether it runs for this demo alone. */
  readonly isOurs: boolean;
  stop(): Promise<void>;
}

/** Something that the user can put right: its message is shown without a stack. */
export class DemoError extends Error {
  override readonly name = "DemoError";
}

/** The first start installs and builds. */
const START_TIMEOUT_MS = 180_000;
const STOP_TIMEOUT_MS = 10_000;
const OUTPUT_CHARS = 4_000;

export async function findServer(root: string, env: NodeJS.ProcessEnv): Promise<Server | undefined> {
  const data = env.HOPLINE_DATA ?? join(root, ".hopline");
  const givenUrl = env.HOPLINE_URL;
  const givenKey = env.HOPLINE_KEY ?? env.HOPLINE_ADMIN_KEY;
  const url = givenUrl ?? (await runningUrl(join(data, "server.json")));
  if (url === undefined) return undefined;
  const server = { url: url.replace(/\/+$/, ""), isOurs: false, stop: async () => {} };
  if (!(await isHealthy(server.url))) {
    if (givenUrl === undefined) return undefined;
    throw new DemoError(`No mesh answers at ${server.url}/healthz (from HOPLINE_URL).`);
  }
  const key = givenKey ?? (await readText(join(data, "admin-key")));
  if (key === undefined) throw new DemoError(`A mesh runs at ${server.url}; set HOPLINE_KEY to use it.`);
  return { ...server, key };
}

/** The file outlives a server that was killed, so its process has to be there still. */
async function runningUrl(file: string): Promise<string | undefined> {
  const text = await readText(file);
  if (text === undefined) return undefined;
  try {
    const { url, pid } = JSON.parse(text) as { url?: unknown; pid?: unknown };
    if (typeof url !== "string" || typeof pid !== "number") return undefined;
    process.kill(pid, 0);
    return url;
  } catch {
    return undefined;
  }
}

async function readText(file: string): Promise<string | undefined> {
  return existsSync(file) ? (await readFile(file, "utf8")).trim() : undefined;
}

/** @param signal gives up waiting, and leaves nothing behind. */
export async function startServer(root: string, env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<Server> {
  const data = await mkdtemp(join(tmpdir(), "hopline-demo-"));
  const port = await freePort();
  const key = `demo_${randomBytes(24).toString("hex")}`;
  const child = spawn(process.execPath, [join(root, "scripts", "start.mjs")], {
    cwd: root,
    env: { ...env, HOST: "127.0.0.1", PORT: String(port), HOPLINE_DATA: data, HOPLINE_ADMIN_KEY: key },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-OUTPUT_CHARS);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  child.on("error", (error) => keep(Buffer.from(error.message)));
  const stop = async (): Promise<void> => {
    await end(child);
    await rm(data, { recursive: true, force: true, maxRetries: 5 });
  };
  const url = `http://127.0.0.1:${port}`;
  const deadlineMs = Date.now() + START_TIMEOUT_MS;
  while (!(await isHealthy(url))) {
    const isOver = hasEnded(child) || Date.now() > deadlineMs;
    if (isOver || signal.aborted) await stop();
    signal.throwIfAborted();
    if (isOver) {
      throw new DemoError(`The server did not start. Its last words:\n${output.trim() || "(none)"}`);
    }
    await sleep(100);
  }
  return { url, key, isOurs: true, stop };
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

/** Asks it to end, and after a while no longer asks. */
async function end(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const inTime = await Promise.race([ended.then(() => true), sleep(STOP_TIMEOUT_MS, false, { ref: false })]);
  if (!inTime) child.kill("SIGKILL");
  await ended;
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(2_000) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string") throw new DemoError("No free port was found on 127.0.0.1.");
  return address.port;
}
