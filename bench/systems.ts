/** The systems under measurement, each as its own workerd process on a folder of its own, and the http agents' process. */
import { type ChildProcess, fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { build } from "../scripts/serve/build.ts";
import { runWorkerd, type Workerd } from "../scripts/serve/workerd.ts";
import { workerdConfig } from "../scripts/serve/workerd-config.ts";
import { AGENTS } from "./scenarios.ts";

export interface System {
  readonly name: "product" | "floor" | "ungoverned";
  readonly port: number;
  /** Of the workerd process. The floor's also serves the ungoverned calls. */
  readonly pid: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly path: (agent: string) => string;
}

export interface Running {
  readonly product: System;
  readonly all: readonly System[];
  readonly stop: () => Promise<void>;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

export async function startWorkerd(
  folder: string,
  script: (to: string) => void,
  options: {
    port: number;
    env: NodeJS.ProcessEnv;
    objects?: Record<string, string>;
    settings?: Record<string, string>;
    args?: readonly string[];
  },
): Promise<Workerd> {
  const { env, args = [], ...rest } = options;
  const state = join(folder, "state");
  mkdirSync(state, { recursive: true });
  script(join(folder, "index.js"));
  const config = join(folder, "workerd.capnp");
  writeFileSync(config, workerdConfig({ host: "127.0.0.1", state, allowLoopback: true, ...rest }));
  const workerd = runWorkerd(config, env, { args });
  while (workerd.alive()) {
    if (await fetch(`http://127.0.0.1:${rest.port}/healthz`).catch(() => undefined)) return workerd;
    await sleep(50);
  }
  throw new Error("workerd has ended. What it said stands above.");
}

/** The workers of bench/floor import nothing that a bundler would have to find: wrangler's own compiler takes their types away. */
export function compileWorker(file: string): (to: string) => void {
  const wrangler = createRequire(createRequire(import.meta.url).resolve("wrangler/package.json"));
  const { transformSync } = wrangler("esbuild") as {
    transformSync(source: string, options: { loader: "ts"; target: string }): { code: string };
  };
  const source = readFileSync(join(import.meta.dirname, "floor", file), "utf8");
  return (to) => writeFileSync(to, transformSync(source, { loader: "ts", target: "es2024" }).code);
}

/** The product with the agents of bench/worker/index.ts. */
export interface Mesh extends System {
  readonly key: string;
  /** Where its databases are. */
  readonly state: string;
  readonly stop: () => Promise<unknown>;
}

const JSON_TYPE = { "content-type": "application/json" };

/**
 * @param folder of its state
 * @param args further ones of workerd
 */
export async function startMesh(folder: string, args: readonly string[] = []): Promise<Mesh> {
  const port = await freePort();
  const key = process.env.HOPLINE_ADMIN_KEY ?? `hop_bench_${randomBytes(24).toString("hex")}`;
  const env = { ...process.env, HOPLINE_ADMIN_KEY: key };
  const bundle = build("bench/worker/index.ts", ["bench/worker"]);
  const workerd = await startWorkerd(folder, (to) => cpSync(bundle, to), { port, env, args });
  const stop = () => {
    workerd.stop();
    return workerd.ended;
  };
  return {
    name: "product",
    port,
    pid: workerd.pid,
    headers: { ...JSON_TYPE, authorization: `Bearer ${key}` },
    path: (agent) => `/v1/agents/${agent}/invoke`,
    key,
    state: join(folder, "state"),
    stop,
  };
}

/** Sends to a mesh as its admin. @throws {Error} with the path and the mesh's words when it refuses */
export async function send(mesh: Pick<System, "port" | "headers">, path: string, body?: unknown): Promise<unknown> {
  const options = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  const response = await fetch(`http://127.0.0.1:${mesh.port}${path}`, { headers: mesh.headers, ...options });
  if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
  return response.json();
}

/** Starts the http agents in a process of their own, and registers them. */
export async function startAgents(mesh: Mesh, port: number, floorPort?: number): Promise<ChildProcess> {
  const urls = [mesh.port, floorPort ?? mesh.port].map((at) => `http://127.0.0.1:${at}`);
  const child = fork(join(import.meta.dirname, "agents.ts"), [String(port), ...urls]);
  await once(child, "message");
  for (const agent of AGENTS) {
    await send(mesh, "/v1/agents", {
      name: `http-${agent}`,
      version: "1.0.0",
      endpoint: { kind: "http", url: `http://127.0.0.1:${port}/product/${agent}` },
      maxConcurrency: 10_000,
    });
  }
  return child;
}

/** @param folder an empty folder for the state of all */
export async function startSystems(folder: string): Promise<Running> {
  const [floorPort, agentsPort] = [await freePort(), await freePort()];
  const product = await startMesh(join(folder, "product"));
  const floor = await startWorkerd(join(folder, "floor"), compileWorker("worker.ts"), {
    port: floorPort,
    env: { ...process.env, HOPLINE_ADMIN_KEY: product.key },
    objects: { FLOOR: "FloorLedger" },
    settings: { AGENTS_URL: `http://127.0.0.1:${agentsPort}` },
  });
  const agents = await startAgents(product, agentsPort, floorPort);
  const beside = { port: floorPort, pid: floor.pid, headers: JSON_TYPE };
  return {
    product,
    all: [
      product,
      { ...beside, name: "floor", path: (agent) => `/invoke/${agent}` },
      { ...beside, name: "ungoverned", path: (agent) => `/ungoverned/${agent}` },
    ],
    stop: async () => {
      agents.kill();
      floor.stop();
      await Promise.all([product.stop(), floor.ended]);
    },
  };
}
