/** What is measured, each as processes of its own before one upstream; of other people's proxies those that start without a network. */
import { type ChildProcess, fork, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { build } from "../../scripts/serve/build.ts";
import type { Workerd } from "../../scripts/serve/workerd.ts";
import { compileWorker, freePort, startWorkerd } from "../systems.ts";
import { connect, type Target } from "./client.ts";

export interface Subject extends Target {
  readonly name: string;
  /** What stands where, for the reader of the table. */
  readonly how: string;
  /** Whether its calls reach the upstream over HTTP, where they are counted. */
  readonly counted: boolean;
}

export interface Started {
  readonly subjects: readonly Subject[];
  /** HTTP requests that have reached the upstream so far. */
  readonly requests: () => Promise<number>;
  readonly stop: () => Promise<void>;
}

const UPSTREAM = join(import.meta.dirname, "upstream.ts");
const START_MS = 30_000;
const ATTEMPT_MS = 3_000;

/** The program that a package installs under its own name. */
function programOf(name: string): string {
  const path = join(import.meta.dirname, "..", "..", "node_modules", name, "package.json");
  const { bin } = createRequire(import.meta.url)(path) as { bin: Record<string, string> };
  return join(dirname(path), bin[name] ?? "");
}

async function echoOnce(target: Target): Promise<void> {
  const client = await connect(target);
  await client.call().finally(client.close);
}

/** A proxy that is still starting may take a request and never answer it. */
async function within(ms: number, work: Promise<void>): Promise<void> {
  const late = sleep(ms, undefined, { ref: false }).then(() => Promise.reject(new Error(`No answer in ${ms} ms.`)));
  await Promise.race([work, late]);
}

/** Starts a proxy from npm with a home of its own, so that it reads and leaves nothing elsewhere. */
async function startProxy(
  folder: string,
  name: string,
  args: readonly string[],
  target: Target,
): Promise<ChildProcess> {
  const home = join(folder, name);
  mkdirSync(home, { recursive: true });
  const env = { ...process.env, HOME: home, XDG_CONFIG_HOME: home, XDG_DATA_HOME: home, XDG_STATE_HOME: home };
  const child = spawn(process.execPath, [programOf(name), ...args], { env, stdio: "ignore" });
  for (const giveUpAt = Date.now() + START_MS; ; await sleep(200)) {
    if (child.exitCode !== null) throw new Error(`${name} has ended with ${child.exitCode}.`);
    try {
      await within(ATTEMPT_MS, echoOnce(target));
      return child;
    } catch (error) {
      if (Date.now() < giveUpAt) continue;
      child.kill();
      throw error;
    }
  }
}

async function register(port: number, key: string, upstreamUrl: string): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/v1/agents`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({
      name: "up",
      version: "1.0.0",
      endpoint: { kind: "mcp", url: upstreamUrl },
      maxConcurrency: 10_000,
    }),
  });
  if (!response.ok) throw new Error(`The upstream could not be registered: ${await response.text()}`);
}

function stopped(workerd: Workerd): Promise<unknown> {
  workerd.stop();
  return workerd.ended;
}

/** @param folder an empty folder for the state of all */
export async function startSubjects(folder: string): Promise<Started> {
  const [upstreamPort, meshPort, passPort] = [await freePort(), await freePort(), await freePort()];
  const [floorPort, hubPort] = [await freePort(), await freePort()];
  const [gatewayPort, proxyPort] = [await freePort(), await freePort()];
  const at = (port: number) => `http://127.0.0.1:${port}`;
  const key = `hop_bench_${randomBytes(24).toString("hex")}`;
  const env = { ...process.env, HOPLINE_ADMIN_KEY: key };
  const stops: (() => Promise<unknown>)[] = [];
  const stop = async () => void (await Promise.all(stops.map((end) => end())));
  const ends = (child: ChildProcess) => {
    stops.push(async () => {
      if (child.exitCode !== null) return;
      const ended = once(child, "exit");
      child.kill();
      const killed = setTimeout(() => child.kill("SIGKILL"), 2_000);
      await ended;
      clearTimeout(killed);
    });
  };
  try {
    const upstream = fork(UPSTREAM, [String(upstreamPort)]);
    ends(upstream);
    await once(upstream, "message");
    const upstreamUrl = `${at(upstreamPort)}/mcp`;
    const bundle = build();
    const runMesh = { port: meshPort, env };
    const mesh = await startWorkerd(join(folder, "mesh"), (to) => cpSync(bundle, to), runMesh);
    stops.push(() => stopped(mesh));
    const runPass = { port: passPort, env, objects: {}, settings: { UPSTREAM_URL: at(upstreamPort) } };
    const pass = await startWorkerd(join(folder, "pass"), compileWorker("pass.ts"), runPass);
    stops.push(() => stopped(pass));
    const runFloor = { port: floorPort, env, objects: { FLOOR: "FloorLedger" }, settings: runPass.settings };
    const floor = await startWorkerd(join(folder, "floor"), compileWorker("worker.ts"), runFloor);
    stops.push(() => stopped(floor));
    await register(meshPort, key, upstreamUrl);

    const echo = { speaks: "sessions", headers: {}, tool: "echo" } as const;
    const straight = { ...echo, name: "straight", how: "no proxy", url: upstreamUrl, counted: true };
    const through = {
      ...echo,
      name: "pass-through",
      how: "workerd, forwards",
      url: `${at(passPort)}/mcp`,
      counted: true,
    };
    const recorded = {
      ...echo,
      name: "floor",
      how: "the pass-through, with one durable write before it goes on and a note after it; nothing is decided or checked",
      url: `${at(floorPort)}/through/mcp`,
      counted: true,
    };
    const own = {
      url: `${at(meshPort)}/mcp`,
      headers: { authorization: `Bearer ${key}` },
      tool: "up__echo",
      counted: true,
    };
    const session = { ...own, speaks: "sessions", name: "mesh", how: "2025-11-25, a session a client" } as const;
    const stateless = { ...own, speaks: "stateless", name: "mesh, stateless", how: "2026-07-28" } as const;
    const hub: Subject = {
      name: "mcp-hub",
      how: "clients over HTTP+SSE, upstream over Streamable HTTP",
      speaks: "sse",
      url: `${at(hubPort)}/mcp`,
      headers: {},
      tool: "up__echo",
      counted: true,
    };
    const bridged = { ...echo, counted: false };
    const gateway: Subject = {
      ...bridged,
      name: "supergateway",
      how: "stateful, the upstream over stdio, a process a session",
      url: `${at(gatewayPort)}/mcp`,
    };
    const proxy: Subject = {
      ...bridged,
      name: "mcp-proxy",
      how: "sessions, the upstream over stdio, one process",
      url: `${at(proxyPort)}/mcp`,
    };

    const config = join(folder, "mcp-hub.json");
    writeFileSync(config, JSON.stringify({ mcpServers: { up: { url: upstreamUrl } } }));
    ends(await startProxy(folder, "mcp-hub", ["--port", String(hubPort), "--config", config], hub));
    const stdio = [process.execPath, UPSTREAM, "--stdio"];
    const gatewayArgs = ["--stdio", stdio.join(" "), "--outputTransport", "streamableHttp", "--stateful"];
    const quietly = ["--port", String(gatewayPort), "--logLevel", "none"];
    ends(await startProxy(folder, "supergateway", [...gatewayArgs, ...quietly], gateway));
    const proxyArgs = ["--host", "127.0.0.1", "--port", String(proxyPort), "--server", "stream", "--", ...stdio];
    ends(await startProxy(folder, "mcp-proxy", proxyArgs, proxy));

    const requests = async () => Number(await (await fetch(`${at(upstreamPort)}/requests`)).text());
    return { subjects: [straight, through, recorded, session, stateless, hub, gateway, proxy], requests, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
