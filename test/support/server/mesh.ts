/** The server as a user starts it: `npm start` in a process group of its own, on a free port, with its own data. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Client } from "./client.ts";
import { until } from "./until.ts";

const ROOT = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
export const ADMIN_KEY = `hop_admin_${"k".repeat(40)}`;

/** The first start bundles the Worker. */
const START_MS = 60_000;
const STOP_MS = 8_000;

export interface MeshOptions {
  readonly port?: number;
  readonly data?: string;
  /** Further environment; `undefined` takes a variable away. */
  readonly env?: Record<string, string | undefined>;
}

/** One run of `npm start`, whether or not it comes up. */
export interface Run {
  /** The leader of the process group. */
  readonly pid: number;
  readonly log: () => string;
  readonly ended: Promise<number | null>;
  /** To the whole group, as a terminal does. */
  readonly kill: (signal: NodeJS.Signals) => void;
}

export interface Process {
  readonly pid: number;
  readonly command: string;
}

/** Processes of a group that still run; zombies are dead. */
export function groupOf(pgid: number): Process[] {
  return execFileSync("ps", ["-A", "-o", "pid=,pgid=,stat=,args="], { encoding: "utf8", maxBuffer: 2 ** 24 })
    .split("\n")
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [])
    .filter(([, , group, state]) => Number(group) === pgid && !state?.startsWith("Z"))
    .map(([, pid, , , command]) => ({ pid: Number(pid), command: command ?? "" }));
}

export function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once("error", fail);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => done(port));
    });
  });
}

export function newDataFolder(): string {
  return mkdtempSync(join(tmpdir(), "hopline-e2e-"));
}

const running = new Set<number>();
process.once("exit", () => {
  for (const pid of running) signalGroup(pid, "SIGKILL");
});

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group has ended.
  }
}

/** Starts without waiting: for starts that are meant to fail. */
export function run(env: Record<string, string | undefined>): Run {
  const child: ChildProcess = spawn("npm", ["start", "--silent"], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error("npm could not be started.");
  running.add(pid);
  let log = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (data: Buffer) => (log += data.toString()));
  const ended = new Promise<number | null>((done) => child.on("close", (code) => done(code)));
  return { pid, log: () => log, ended, kill: (signal) => signalGroup(pid, signal) };
}

/** A started server. `crash` and `stop` end it; `restart` starts it again on the same port and data. */
export class MeshServer {
  readonly url: string;
  readonly port: number;
  readonly data: string;
  /** With the admin key. */
  readonly client: Client;
  readonly #env: Record<string, string | undefined>;
  #run: Run | undefined;

  private constructor(port: number, data: string, env: Record<string, string | undefined>) {
    this.port = port;
    this.data = data;
    this.url = `http://127.0.0.1:${port}`;
    this.client = new Client(this.url, ADMIN_KEY);
    this.#env = { PORT: String(port), HOPLINE_DATA: data, HOPLINE_ADMIN_KEY: ADMIN_KEY, HOST: undefined, ...env };
  }

  static async start({ port, data, env = {} }: MeshOptions = {}): Promise<MeshServer> {
    const mesh = new MeshServer(port ?? (await freePort()), data ?? newDataFolder(), env);
    await mesh.restart();
    return mesh;
  }

  get run(): Run {
    if (this.#run === undefined) throw new Error("The server is not running.");
    return this.#run;
  }

  /** @throws {Error} with the server's log, when it does not come up */
  async restart(): Promise<void> {
    const started = run(this.#env);
    this.#run = started;
    let code: number | null | undefined;
    void started.ended.then((ended) => (code = ended));
    await until(
      "the server is up",
      async () => {
        if (code !== undefined) throw new Error(`npm start ended with ${code}: ${started.log()}`);
        return (await this.client.send("/healthz").catch(() => undefined))?.status === 200;
      },
      START_MS,
    );
  }

  /** kill -9 of every process, and nothing before it. */
  async crash(): Promise<void> {
    this.run.kill("SIGKILL");
    await this.#gone();
  }

  async stop(): Promise<void> {
    if (this.#run === undefined) return;
    this.#run.kill("SIGTERM");
    await Promise.race([this.#run.ended, sleep(STOP_MS)]);
    this.#run.kill("SIGKILL");
    await this.#gone();
  }

  async #gone(): Promise<void> {
    const { pid } = this.run;
    await until("every process of the server has ended", () => groupOf(pid).length === 0);
    running.delete(pid);
    this.#run = undefined;
  }

  /** Ends the server and removes its data. */
  async wipe(): Promise<void> {
    await this.stop();
    rmSync(this.data, { recursive: true, force: true });
  }
}
