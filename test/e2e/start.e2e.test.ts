import { existsSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { AgentHost } from "../support/server/agent.ts";
import { ADMIN_KEY, freePort, groupOf, MeshServer, newDataFolder, type Run, run } from "../support/server/mesh.ts";
import { until } from "../support/server/until.ts";

const folders: string[] = [];
const servers: MeshServer[] = [];

beforeAll(async () => {
  // The first start bundles the Worker; those that are measured find the bundle.
  await (await start()).wipe();
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server.wipe();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

async function start(options: Parameters<typeof MeshServer.start>[0] = {}): Promise<MeshServer> {
  const server = await MeshServer.start(options);
  servers.push(server);
  return server;
}

function newFolder(): string {
  const folder = newDataFolder();
  folders.push(folder);
  return folder;
}

/** A start that is meant to fail: how it ended, and what it said. */
async function failed(env: Record<string, string | undefined>): Promise<{ code: number | null; log: string }> {
  const data = newFolder();
  const one = run({ PORT: String(await freePort()), HOPLINE_DATA: data, HOPLINE_ADMIN_KEY: ADMIN_KEY, ...env });
  const code = await Promise.race([one.ended, sleep(20_000, undefined)]);
  one.kill("SIGKILL");
  if (code === undefined) throw new Error(`It did not end: ${one.log()}`);
  await gone(one);
  expect(one.log()).not.toMatch(/\n\s+at /);
  return { code, log: one.log() };
}

function gone({ pid }: Run, withinMs = 5_000): Promise<true> {
  return until("no process of the group is left", () => groupOf(pid).length === 0 || undefined, withinMs);
}

function canListen(port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.once("error", () => done(false));
    server.listen(port, "127.0.0.1", () => server.close(() => done(true)));
  });
}

describe("a start that can't succeed says why, and ends with code 1", () => {
  test("where the port is taken", async () => {
    const server = createServer();
    const port = await freePort();
    await new Promise<void>((done) => server.listen(port, "127.0.0.1", done));
    const { code, log } = await failed({ PORT: String(port) });
    await new Promise((done) => server.close(done));
    expect(code).toBe(1);
    expect(log).toMatch(new RegExp(`port ${port}.* taken`, "i"));
  });

  test("where another server uses the data folder, which goes on undisturbed", async () => {
    const first = await start();
    const { code, log } = await failed({ HOPLINE_DATA: first.data });
    expect(code).toBe(1);
    expect(log).toContain(first.data);
    expect(log).toContain("in use");
    expect((await first.client.invoke("echo", "still here")).result.output).toBe("still here");
  });

  test.each(["http", "0", "-1", "65536", "80.5", "8787x", ""])("where PORT is %j", async (port) => {
    const { code, log } = await failed({ PORT: port });
    expect(code).toBe(1);
    expect(log).toMatch(/PORT must be .*1 to 65535/);
  });

  test("where the admin key is too short", async () => {
    const { code, log } = await failed({ HOPLINE_ADMIN_KEY: "short" });
    expect(code).toBe(1);
    expect(log).toMatch(/HOPLINE_ADMIN_KEY .*32/);
  });
});

describe("a second start on the same data", () => {
  test("finds agents, keys and chains again", async () => {
    const server = await start();
    const host = await AgentHost.start(server);
    await host.agent("kept", (input) => input, { description: "Stays." });
    const { key } = await server.client.createKey(["invoke", "read"]);
    const { chainId } = (await server.client.as(key).invoke("kept", { a: 1 })).result;
    const graph = await server.client.graph(chainId);
    await server.stop();
    await server.restart();
    const client = server.client.as(key);
    expect((await client.send("/v1/agents/kept")).body).toMatchObject({ name: "kept", description: "Stays." });
    expect((await client.invoke("kept", "again")).result.output).toBe("again");
    expect(await client.chain(chainId)).toMatchObject({ status: "done", spent: { hops: 1 } });
    expect(await client.graph(chainId)).toEqual(graph);
    const listed = async () =>
      (await client.all<{ chainId: string }>("/v1/chains")).some((one) => one.chainId === chainId);
    await until("the chain is listed", listed);
    await host.close();
  });

  test("keeps the admin key that the first one made, printed and for the owner's eyes only", async () => {
    const server = await start({ env: { HOPLINE_ADMIN_KEY: undefined } });
    const printed = await until("the key is printed", () => /admin key\s+(\S+)/.exec(server.run.log())?.[1]);
    expect(printed.length).toBeGreaterThanOrEqual(32);
    expect(statSync(join(server.data, "admin-key")).mode & 0o077).toBe(0);
    expect((await server.client.as(printed).invoke("echo", 1)).status).toBe(200);
    expect((await server.client.invoke("echo", 1)).status).toBe(401);
    await server.stop();
    await server.restart();
    expect((await server.client.as(printed).invoke("echo", 1)).status).toBe(200);
  });

  test("after kill -9 needs no cleaning up", async () => {
    const server = await start();
    const { chainId } = (await server.client.invoke("echo", 1)).result;
    await server.crash();
    await server.restart();
    expect((await server.client.chain(chainId)).spent.hops).toBe(1);
  });
});

describe("nothing is left behind", () => {
  test.each(["SIGTERM", "SIGINT"] as const)("after %s to the group, as a terminal sends it", async (signal) => {
    const server = await start();
    const { run } = server;
    run.kill(signal);
    await gone(run);
    expect(await canListen(server.port)).toBe(true);
    expect(existsSync(join(server.data, "server.json"))).toBe(false);
  });

  test("after SIGTERM to `npm start` alone, as a supervisor sends it", async () => {
    const server = await start();
    const { run } = server;
    process.kill(run.pid, "SIGTERM");
    await gone(run);
    expect(await canListen(server.port)).toBe(true);
  });

  test.each(["scripts/start.mjs", "scripts/serve.ts"])("after SIGTERM to %s alone", async (script) => {
    const server = await start();
    const { run } = server;
    process.kill(processOf(run, script), "SIGTERM");
    await gone(run);
    expect(await canListen(server.port)).toBe(true);
  });

  test("of workerd when scripts/serve.ts is killed with -9", async () => {
    const server = await start();
    const { run } = server;
    expect(groupOf(run.pid).some(({ command }) => command.includes("workerd"))).toBe(true);
    process.kill(processOf(run, "scripts/serve.ts"), "SIGKILL");
    await gone(run);
    expect(await canListen(server.port)).toBe(true);
    await server.restart();
    expect((await server.client.invoke("echo", 1)).status).toBe(200);
  });

  test("when workerd itself dies: the start ends as well, with an error", async () => {
    const server = await start();
    const { run } = server;
    process.kill(processOf(run, "bin/workerd"), "SIGKILL");
    expect(await run.ended).not.toBe(0);
    await gone(run);
  });

  test("while a call is running: SIGTERM does not wait for it", async () => {
    const server = await start();
    const host = await AgentHost.start(server);
    const agent = await host.agent("slow", () => sleep(30_000));
    const invoked = server.client.invoke("slow", 1).catch(() => "broken");
    await until("the agent runs", () => agent.calls[0]);
    const { run } = server;
    run.kill("SIGTERM");
    await gone(run, 8_000);
    expect(await invoked).toBe("broken");
    await host.close();
  });
});

function processOf({ pid }: Run, part: string): number {
  const found = groupOf(pid).filter(({ command }) => command.includes(part) && !command.startsWith("sh "));
  // npm's shell names the script as well; the process itself comes last.
  const last = found.at(-1);
  if (last === undefined) throw new Error(`No process of the group runs ${part}.`);
  return last.pid;
}
