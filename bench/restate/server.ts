/** Restate's server from npm on loopback, alone in its cluster, with a folder and a service process of its own. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { runServer } from "../../scripts/serve/workerd.ts";
import { freePort } from "../systems.ts";

export interface RestateServer {
  readonly pid: number;
  /** Of its ingress, where calls come in. */
  readonly port: number;
  /** The process that runs the services. */
  readonly services: ChildProcess;
  /** How many invocations its journal knows. */
  readonly invocations: () => Promise<number>;
  readonly stop: () => Promise<void>;
}

const START_MS = 30_000;

function binary(): string {
  const fromHere = createRequire(import.meta.url);
  const fromServer = createRequire(fromHere.resolve("@restatedev/restate-server/package.json"));
  return fromServer.resolve(`@restatedev/restate-server-${process.platform}-${process.arch}/bin/restate-server`);
}

/**
 * Its defaults, but for addresses, names and what would speak to others. It looks for a newer release once at its start,
 * which no setting prevents; `octocrab=off` leaves unsaid that it could not.
 */
function configuration(options: { folder: string; partitions: number | undefined; ports: Ports }): string {
  const { folder, partitions, ports } = options;
  return `cluster-name = "bench"
node-name = "bench"
base-dir = ${JSON.stringify(join(folder, "data"))}
listen-mode = "tcp"
bind-ip = "127.0.0.1"
advertised-host = "127.0.0.1"
bind-port = ${ports.fabric}
disable-telemetry = true
log-filter = "error,octocrab=off"
log-disable-ansi-codes = true
${partitions === undefined ? "" : `default-num-partitions = ${partitions}\n`}
[admin]
bind-address = "127.0.0.1:${ports.admin}"
disable-web-ui = true

[ingress]
bind-address = "127.0.0.1:${ports.ingress}"
`;
}

interface Ports {
  readonly fabric: number;
  readonly admin: number;
  readonly ingress: number;
}

/** Tries until it answers well. @throws {Error} with the last failure when that takes too long */
async function retried<T>(alive: () => boolean, attempt: () => Promise<T>): Promise<T> {
  for (const giveUpAt = Date.now() + START_MS; ; await sleep(100)) {
    try {
      return await attempt();
    } catch (error) {
      if (!alive() || Date.now() > giveUpAt) throw error;
    }
  }
}

async function post(url: string, body: unknown): Promise<unknown> {
  const headers = { "content-type": "application/json", accept: "application/json" };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return response.json();
}

/** @param partitions as it comes (24) when undefined; they can be set only for a new cluster */
export async function startRestate(folder: string, partitions?: number): Promise<RestateServer> {
  mkdirSync(folder, { recursive: true });
  const ports: Ports = { fabric: await freePort(), admin: await freePort(), ingress: await freePort() };
  const servicesPort = await freePort();
  const file = join(folder, "restate.toml");
  writeFileSync(file, configuration({ folder, partitions, ports }));
  const services = fork(join(import.meta.dirname, "services.ts"), [String(servicesPort)]);
  await once(services, "message");
  const env = { ...process.env, DO_NOT_TRACK: "1" };
  const server = runServer(binary(), ["--config-file", file, "--no-logo"], env);
  const stop = async () => {
    services.kill();
    server.stop();
    await server.ended;
  };
  try {
    const admin = `http://127.0.0.1:${ports.admin}`;
    await retried(server.alive, () => post(`${admin}/deployments`, { uri: `http://127.0.0.1:${servicesPort}` }));
    // The first call succeeds when the partitions have their leaders.
    await retried(server.alive, () => post(`http://127.0.0.1:${ports.ingress}/hop-1/answer`, null));
    const invocations = async () => {
      const said = await post(`${admin}/query`, { query: "SELECT COUNT(*) AS n FROM sys_invocation" });
      return (said as { rows: { n: number }[] }).rows[0]?.n ?? 0;
    };
    return { pid: server.pid, port: ports.ingress, services, invocations, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
