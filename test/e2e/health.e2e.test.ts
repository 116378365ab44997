// Active health checks of http agents, and agents that are drained: what they refuse, and what they let go on.
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AgentHost, gate, sleep } from "../support/server/agent.ts";
import type { Reply } from "../support/server/client.ts";
import { MeshServer } from "../support/server/mesh.ts";
import { until } from "../support/server/until.ts";

const RULES = { intervalMs: 1_000, timeoutMs: 300, unhealthyAfter: 2, healthyAfter: 2 };

let mesh: MeshServer;
let host: AgentHost;
/** Servers that answer checks, and what else they are asked, as each test says: by the first part of the path. */
let server: Server;
const answers = new Map<string, (response: ServerResponse) => void>();
const checks = new Map<string, number>();
const called = new Map<string, number>();

const well = (response: ServerResponse) => void response.end("fine");
const ill = (response: ServerResponse) => void response.writeHead(503).end();
const hangs = () => undefined;

beforeAll(async () => {
  mesh = await MeshServer.start();
  host = await AgentHost.start(mesh);
  server = createServer((request, response) => {
    request.resume();
    const [, name = ""] = (request.url ?? "").split("/");
    const count = request.method === "GET" ? checks : called;
    count.set(name, (count.get(name) ?? 0) + 1);
    if (request.method === "GET") return answers.get(name)?.(response);
    response.writeHead(200, { "content-type": "application/json" }).end('{"output":"called"}');
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
});
afterAll(async () => {
  server?.closeAllConnections();
  server?.close();
  await host?.close();
  await mesh?.wipe();
});

const urlOf = (name: string) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/${name}/call`;
const registration = (name: string, rules: object | undefined = {}) => ({
  name,
  version: "1.0.0",
  endpoint: {
    kind: "http" as const,
    url: urlOf(name),
    ...(rules === undefined ? {} : { healthCheck: { ...RULES, path: `/${name}/healthz`, ...rules } }),
  },
});

async function checked(name: string, answer: (response: ServerResponse) => void, rules: object = {}): Promise<void> {
  answers.set(name, answer);
  await mesh.client.register(registration(name, rules));
}

interface Health {
  readonly state: string;
  readonly since?: number;
  readonly lastCheckedAt: number | null;
  readonly lastError: string | null;
}
const healthOf = async (name: string) =>
  ((await mesh.client.send(`/v1/agents/${name}`)).body as { health?: Health }).health;
const isFound = (name: string, state: string) =>
  until(`${name} is found ${state}`, async () => (await healthOf(name))?.state === state, 15_000);
/** The registry knows at once what the index found; an isolate follows within half a second. */
const isRefused = (name: string) =>
  until(`${name} is refused`, async () => (await mesh.client.invoke(name, 1)).status === 503, 2_000);

describe("an agent with a health check", () => {
  test("takes no calls while it is unhealthy, and takes them again after it is well", async () => {
    await checked("patient", well);
    await isFound("patient", "healthy");
    expect((await mesh.client.invoke("patient", 1)).result.output).toBe("called");
    expect(await healthOf("patient")).toMatchObject({ lastError: null, lastCheckedAt: expect.any(Number) });

    answers.set("patient", ill);
    await isFound("patient", "unhealthy");
    await isRefused("patient");
    const before = called.get("patient");
    const refused: Reply = await mesh.client.invoke("patient", 1);
    expect(refused.problem).toMatchObject({
      code: "agent_unavailable",
      status: 503,
      retryable: true,
      retryAfterMs: 1_000,
    });
    expect(refused.headers.get("retry-after")).toBe("1");
    expect((await mesh.client.graph(refused.chainId)).hops).toMatchObject([
      { callee: "patient", status: "rejected", code: "agent_unavailable" },
    ]);
    expect(called.get("patient")).toBe(before);
    expect(await healthOf("patient")).toMatchObject({ lastError: "It answered with status 503." });

    answers.set("patient", well);
    await isFound("patient", "healthy");
    const answered = async () => (await mesh.client.invoke("patient", 1)).status === 200;
    await until("it is called again", answered, 2_000);
  });

  test("that is unhealthy is so after a crash of the mesh, which goes on checking it", async () => {
    await checked("survivor", ill);
    await isFound("survivor", "unhealthy");
    await isRefused("survivor");
    await mesh.crash();
    await mesh.restart();
    expect((await mesh.client.invoke("survivor", 1)).problem.code).toBe("agent_unavailable");
    answers.set("survivor", well);
    await isFound("survivor", "healthy");
  });

  test("is not delayed by many that hang", async () => {
    const names = Array.from({ length: 30 }, (_, n) => `hanging-${n}`);
    for (const name of names) answers.set(name, hangs);
    const raw = names.map((name) => JSON.stringify(registration(name))).join("\n");
    const batch = await mesh.client.send("/v1/agents:batch", {
      raw,
      headers: { "content-type": "application/x-ndjson" },
    });
    expect(batch.text.split("\n").filter((line) => line.includes('"registered"'))).toHaveLength(30);
    await checked("among-them", well);
    const from = Date.now();
    await isFound("among-them", "healthy");
    await until(
      "each that hangs is unhealthy",
      async () => {
        const states = await Promise.all(names.map(async (name) => (await healthOf(name))?.state));
        return states.every((state) => state === "unhealthy");
      },
      30_000,
    );
    expect(await healthOf("hanging-0")).toMatchObject({ lastError: "It did not answer within 300 ms." });
    expect(await healthOf("among-them")).toMatchObject({ state: "healthy" });
    // 30 that hang for 0.3 s each, six at a time, are 1.5 s a round: it is asked about once in two.
    const rounds = (Date.now() - from) / 3_000;
    expect(checks.get("among-them")).toBeGreaterThanOrEqual(Math.floor(rounds));
    for (const name of names) await mesh.client.send(`/v1/agents/${name}`, { method: "DELETE" });
  });

  test("is asked no more when it is removed, replaced without a check, or not active", async () => {
    for (const name of ["removed", "unchecked", "drained"]) await checked(name, well);
    for (const name of ["removed", "unchecked", "drained"]) await isFound(name, "healthy");
    await mesh.client.send("/v1/agents/removed", { method: "DELETE" });
    const { name: _, ...unchecked } = {
      ...registration("unchecked"),
      endpoint: { kind: "http", url: urlOf("unchecked") },
    };
    expect((await mesh.client.send("/v1/agents/unchecked", { method: "PUT", body: unchecked })).status).toBe(200);
    expect(
      (await mesh.client.send("/v1/agents/drained", { method: "PATCH", body: { status: "draining" } })).status,
    ).toBe(200);
    await sleep(500);
    const before = ["removed", "unchecked", "drained"].map((name) => checks.get(name));
    await sleep(2_500);
    expect(["removed", "unchecked", "drained"].map((name) => checks.get(name))).toEqual(before);
    expect(await healthOf("unchecked")).toBeUndefined();
    await mesh.client.send("/v1/agents/drained", { method: "PATCH", body: { status: "active" } });
    await until("it is asked again", () => (checks.get("drained") ?? 0) > (before[2] ?? 0), 5_000);
  });

  test("that is registered anew at another place begins anew", async () => {
    await checked("moved", ill);
    await isFound("moved", "unhealthy");
    answers.set("moved-on", well);
    const { name: _, ...body } = { ...registration("moved"), endpoint: registration("moved-on").endpoint };
    const put = await mesh.client.send("/v1/agents/moved", { method: "PUT", body });
    expect(put.body).not.toHaveProperty("health");
    expect((await mesh.client.invoke("moved", 1)).status).toBe(200);
    await isFound("moved", "healthy");
  });

  test("is checked at its own server only, and at most so often as the rules allow", async () => {
    for (const healthCheck of [
      { path: "//127.0.0.1:1/" },
      { path: "/\\127.0.0.1:1/" },
      { path: "http://127.0.0.1:1/" },
      { intervalMs: 10 },
      { timeoutMs: 1 },
      { url: "http://127.0.0.1:1/" },
    ]) {
      const reply = await mesh.client.send("/v1/agents", { body: registration("strange", healthCheck) });
      expect(reply.problem, JSON.stringify(healthCheck)).toMatchObject({ code: "invalid_request" });
    }
    const builtin = { name: "odd", version: "1.0.0", endpoint: { kind: "builtin", healthCheck: {} } };
    expect((await mesh.client.send("/v1/agents", { body: builtin })).problem.code).toBe("invalid_request");
  });

  test("that becomes unhealthy finishes what it has", async () => {
    const held = gate();
    answers.set("worker", well);
    const worker = await host.agent(
      "worker",
      async (_, call) => {
        await held.handler(null, call);
        return (await call.invoke("echo", "still")).result.output;
      },
      { endpoint: { ...registration("worker").endpoint, url: `http://127.0.0.1:${host.port}/worker` } as never },
    );
    // Its checks go to its own server, which knows no such path: it is found unhealthy.
    const running = mesh.client.invoke("worker", null);
    await worker.next().catch(() => undefined);
    await isFound("worker", "unhealthy");
    await isRefused("worker");
    held.open();
    expect((await running).result.output).toBe("still");
  });
});

describe.each(["draining", "quarantined"] as const)("an agent that is %s", (status) => {
  test("finishes what it has, its own calls included, and is refused to all that is new", async () => {
    const name = `${status}-one`;
    const held = gate();
    const agent = await host.agent(name, async (input, call) => {
      if (input === "hold") await held.handler(null, call);
      return (await call.invoke("echo", input)).result.output;
    });
    const other = await host.agent(
      `calls-${status}`,
      async (_, call) => (await call.invoke(name, "nested")).problem.code,
    );
    const reached = agent.next();
    const running = mesh.client.invoke(name, "hold");
    await reached;
    const patched = await mesh.client.send(`/v1/agents/${name}`, { method: "PATCH", body: { status } });
    expect(patched.body).toMatchObject({ name, status });
    const refused = await mesh.client.invoke(name, "new");
    expect(refused.problem).toMatchObject({ code: "agent_unavailable", status: 503 });
    expect((await mesh.client.graph(refused.chainId)).hops).toMatchObject([{ callee: name, status: "rejected" }]);
    expect((await mesh.client.invoke(other.name, null)).result.output).toBe("agent_unavailable");
    held.open();
    expect((await running).result.output).toBe("hold");
    expect(agent.calls).toHaveLength(1);
    await mesh.client.send(`/v1/agents/${name}`, { method: "PATCH", body: { status: "active" } });
    expect((await mesh.client.invoke(name, "again")).result.output).toBe("again");
  });
});

test("a status is changed by its owner or an admin, and only as its writer has seen the agent", async () => {
  const owner = mesh.client.as((await mesh.client.createKey(["register"])).key);
  const other = mesh.client.as((await mesh.client.createKey(["register"])).key);
  const body = { status: "draining" };
  const made = await owner.send("/v1/agents", { body: registration("owned", undefined) });
  const patch = (client: typeof owner, headers = {}) =>
    client.send("/v1/agents/owned", { method: "PATCH", body, headers });
  expect((await patch(other)).problem.code).toBe("insufficient_scope");
  expect((await patch(owner, { "if-match": '"1"' })).problem.code).toBe("precondition_failed");
  const changed = await patch(owner, { "if-match": made.headers.get("etag") ?? "" });
  expect(changed.body).toMatchObject({ status: "draining" });
  expect((await patch(owner)).headers.get("etag")).toBe(changed.headers.get("etag"));
  const stray = await owner.send("/v1/agents/owned", { method: "PATCH", body: { version: "2.0.0" } });
  expect(stray.problem.code).toBe("invalid_request");
  expect((await owner.send("/v1/agents/nobody", { method: "PATCH", body })).problem.code).toBe("agent_not_found");
});
