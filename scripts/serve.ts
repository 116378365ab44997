/** Builds the Worker and serves it on bare workerd, with its state in the data folder. */
import { randomBytes } from "node:crypto";
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { tokenKeyDays } from "../mesh/identity/token-keys.ts";
import { build } from "./serve/build.ts";
import { runWorkerd } from "./serve/workerd.ts";
import { workerdConfig } from "./serve/workerd-config.ts";

const HELP = `Usage: npm start

Serves the mesh on workerd, with all state durable in the data folder.

  PORT               the port (8787)
  HOST               the address to listen on (127.0.0.1)
  HOPLINE_DATA       the data folder (.hopline)
  HOPLINE_OWN_HOSTS  further names by which the mesh is reached, with commas between (behind a proxy: its names)
  HOPLINE_ADMIN_KEY  the first key, at least 32 characters (made at the first start, kept in the data folder)
  HOPLINE_TOKEN_KEY_DAYS  how many days one key of hop tokens signs (30)
`;

class StartError extends Error {}

interface Options {
  readonly host: string;
  readonly port: number;
  readonly data: string;
}

function readOptions(): Options {
  const port = Number(process.env.PORT ?? "8787");
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new StartError(`PORT must be a whole number from 1 to 65535; it is '${process.env.PORT}'.`);
  }
  return { host: process.env.HOST ?? "127.0.0.1", port, data: resolve(process.env.HOPLINE_DATA ?? ".hopline") };
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function readAdminKey(data: string): string {
  const file = join(data, "admin-key");
  const given = process.env.HOPLINE_ADMIN_KEY;
  if (given !== undefined && given.length < 32)
    throw new StartError("HOPLINE_ADMIN_KEY must have at least 32 characters.");
  if (given !== undefined) return given;
  if (!existsSync(file)) writeFileSync(file, `hop_admin_${randomBytes(24).toString("hex")}\n`, { mode: 0o600 });
  chmodSync(file, 0o600);
  return readFileSync(file, "utf8").trim();
}

/** Settings that go to the Worker as they are, checked before it starts. */
function readSettings(): Record<string, string> {
  const days = process.env.HOPLINE_TOKEN_KEY_DAYS;
  try {
    return { HOPLINE_TOKEN_KEY_DAYS: String(tokenKeyDays(days)) };
  } catch (error) {
    throw new StartError(`${(error as Error).message} It is '${days}'.`);
  }
}

/** Two servers on one data folder would spoil each other's databases. */
function takeData(data: string): void {
  mkdirSync(data, { recursive: true });
  const file = join(data, "server.json");
  if (!existsSync(file)) return;
  const { pid, url } = JSON.parse(readFileSync(file, "utf8")) as { pid: number; url: string };
  const command = existsSync(`/proc/${pid}/cmdline`) ? readFileSync(`/proc/${pid}/cmdline`, "utf8") : "";
  if (command.includes("workerd") && command.includes(data)) {
    throw new StartError(
      `The data folder ${data} is in use by the server at ${url} (process ${pid}). Stop it, or set HOPLINE_DATA.`,
    );
  }
}

async function checkPort(host: string, port: number): Promise<void> {
  const probe = createServer();
  const error = await new Promise<NodeJS.ErrnoException | undefined>((done) => {
    probe.once("error", done);
    probe.listen(port, host, () => probe.close(() => done(undefined)));
  });
  if (error?.code === "EADDRINUSE")
    throw new StartError(
      `Port ${port} on ${host} is taken. Stop what listens there, or choose another: PORT=8788 npm start`,
    );
  if (error !== undefined) throw new StartError(`Can't listen on ${host}:${port}: ${error.message}`);
}

async function ready(url: string, alive: () => boolean): Promise<boolean> {
  while (alive()) {
    try {
      if ((await fetch(`${url}/healthz`)).ok) return true;
    } catch {
      await sleep(50);
    }
  }
  return false;
}

function banner(url: string, { host, data }: Options, key: string): string {
  const exposed = isLoopback(host)
    ? ""
    : `\n  Warning: ${host} is not a loopback address. Whoever reaches this port and has a key can run your agents;
  keys travel in clear text: put TLS in front. Agents on loopback and private addresses are refused.\n`;
  return `
hopline is ready on ${url}
  data       ${data}
  admin key  ${key}
  console    ${url}/#key=${encodeURIComponent(key)}
${exposed}
Try it:

  curl -s ${url}/v1/agents/echo/invoke \\
    -H 'Authorization: Bearer ${key}' \\
    -H 'Content-Type: application/json' \\
    -d '{"input": "hello"}'
`;
}

async function main(): Promise<void> {
  if (process.argv.includes("--help")) return void console.log(HELP);
  const options = readOptions();
  const { host, port, data } = options;
  await checkPort(host, port);
  takeData(data);
  const adminKey = readAdminKey(data);
  const settings = readSettings();
  const bundle = build();
  const state = join(data, "state");
  const server = join(data, "server");
  rmSync(server, { recursive: true, force: true });
  mkdirSync(state, { recursive: true });
  mkdirSync(server, { recursive: true });
  cpSync(bundle, join(server, "index.js"));
  writeFileSync(
    join(server, "workerd.capnp"),
    workerdConfig({
      host,
      port,
      state,
      allowLoopback: isLoopback(host),
      ownHosts: process.env.HOPLINE_OWN_HOSTS,
      settings,
    }),
  );
  const url = `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
  const workerd = runWorkerd(join(server, "workerd.capnp"), { ...process.env, HOPLINE_ADMIN_KEY: adminKey });
  // The command line sends the admin key to the address in this file: it is the owner's alone, as the key is.
  rmSync(join(data, "server.json"), { force: true });
  writeFileSync(join(data, "server.json"), JSON.stringify({ url, pid: workerd.pid }), { mode: 0o600 });
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => workerd.stop());
  if (await ready(url.replace("0.0.0.0", "127.0.0.1"), workerd.alive)) console.log(banner(url, options, adminKey));
  const code = await workerd.ended;
  rmSync(join(data, "server.json"), { force: true });
  process.exit(code);
}

main().catch((error: unknown) => {
  console.error(error instanceof StartError ? `hopline: ${error.message}` : error);
  process.exit(1);
});
