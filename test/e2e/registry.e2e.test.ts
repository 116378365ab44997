import { beforeAll, describe, expect, test } from "vitest";
import type { AgentHost } from "../support/server/agent.ts";
import type { Agent, Client, Page } from "../support/server/client.ts";
import type { MeshServer } from "../support/server/mesh.ts";
import { staged } from "../support/server/staged.ts";
import { until } from "../support/server/until.ts";

let mesh: MeshServer;
let host: AgentHost;

staged((stage) => ({ mesh, host } = stage));

const registration = (name: string, more: Record<string, unknown> = {}) => ({
  name,
  version: "1.0.0",
  endpoint: { kind: "http" as const, url: `http://127.0.0.1:${host.port}/${name}` },
  ...more,
});
const at = (name: string) => `/v1/agents/${name}`;
const put = (client: Client, name: string, more: Record<string, unknown>, headers: Record<string, string> = {}) =>
  client.send(at(name), { method: "PUT", body: registration(name, more), headers });
const remove = (client: Client, name: string, headers: Record<string, string> = {}) =>
  client.send(at(name), { method: "DELETE", headers });
const etagOf = async (name: string) => (await mesh.client.send(at(name))).headers.get("etag") ?? "";

describe("an agent", () => {
  test("is registered, with its defaults filled in, and callable at once", async () => {
    await host.agent("elsewhere", () => "hello");
    const endpoint = { kind: "http" as const, url: `http://127.0.0.1:${host.port}/elsewhere` };
    const reply = await mesh.client.register({ name: "fresh", version: "1.0.0", endpoint });
    expect(reply.body).toMatchObject({ name: "fresh", endpoint, timeoutMs: 60_000, maxConcurrency: 100 });
    expect(reply.body).toMatchObject({ idempotent: false, estimate: { tokens: 0, costMicros: 0 } });
    expect(reply.body).toMatchObject({ skills: [{ id: "fresh" }] });
    expect(reply.headers.get("etag")).toBe(await etagOf("fresh"));
    expect((await mesh.client.invoke("fresh", 1)).result.output).toBe("hello");
  });

  test("is registered once: an existing name is a conflict, and stays as it was", async () => {
    await mesh.client.register(registration("taken"));
    const again = await mesh.client.send("/v1/agents", { body: registration("taken", { version: "9.9.9" }) });
    expect(again.problem).toMatchObject({ code: "conflict", status: 409 });
    expect((await mesh.client.send(at("taken"))).body).toMatchObject({ version: "1.0.0" });
  });

  test("is not sent again to who has it: 304 for its ETag", async () => {
    await mesh.client.register(registration("cached"));
    const etag = await etagOf("cached");
    const same = await mesh.client.send(at("cached"), { headers: { "if-none-match": etag } });
    expect([same.status, same.text]).toEqual([304, ""]);
    await put(mesh.client, "cached", { version: "1.1.0" });
    const changed = await mesh.client.send(at("cached"), { headers: { "if-none-match": etag } });
    expect(changed.body).toMatchObject({ version: "1.1.0" });
    expect(changed.headers.get("etag")).not.toBe(etag);
  });

  test("is replaced and removed only as its writer has seen it: a stale If-Match is 412", async () => {
    await mesh.client.register(registration("raced"));
    const seen = { "if-match": await etagOf("raced") };
    const first = await put(mesh.client, "raced", { version: "2.0.0" }, seen);
    expect(first.body).toMatchObject({ name: "raced", version: "2.0.0" });
    const second = await put(mesh.client, "raced", { version: "3.0.0" }, seen);
    expect(second.problem).toMatchObject({ code: "precondition_failed", status: 412 });
    expect((await remove(mesh.client, "raced", seen)).problem.status).toBe(412);
    expect((await mesh.client.send(at("raced"))).body).toMatchObject({ version: "2.0.0" });
    expect((await remove(mesh.client, "raced", { "if-match": await etagOf("raced") })).status).toBe(204);
  });

  test("that is removed is gone within a second, and its name is free", async () => {
    const agent = await host.agent("leaving", () => "bye");
    expect((await mesh.client.invoke("leaving", 1)).status).toBe(200);
    expect((await remove(mesh.client, "leaving")).status).toBe(204);
    const gone = async () => (await mesh.client.invoke("leaving", 1)).status === 404;
    await until("it can't be called", gone, 1_000);
    expect((await mesh.client.send(at("leaving"))).problem.code).toBe("agent_not_found");
    expect((await remove(mesh.client, "leaving")).problem).toMatchObject({ code: "agent_not_found", status: 404 });
    const known = agent.calls.length;
    await mesh.client.register(registration("leaving"));
    expect((await mesh.client.invoke("leaving", 1)).status).toBe(200);
    expect(agent.calls).toHaveLength(known + 1);
  });

  test("that is replaced is called as it is now within a second", async () => {
    await host.agent("old-place", () => "old");
    await host.agent("new-place", () => "new");
    expect((await mesh.client.invoke("old-place", 1)).result.output).toBe("old");
    const endpoint = { kind: "http", url: `http://127.0.0.1:${host.port}/new-place` };
    await put(mesh.client, "old-place", { endpoint });
    const moved = async () => (await mesh.client.invoke("old-place", 1)).result.output === "new";
    await until("the new place is called", moved, 1_000);
  });

  test("in quarantine refuses within a second, on the record, and takes calls again afterwards", async () => {
    const agent = await host.agent("suspect", () => "ok");
    expect((await mesh.client.invoke("suspect", 1)).status).toBe(200);
    expect((await put(mesh.client, "suspect", { status: "quarantined" })).status).toBe(200);
    const refusal = async () => {
      const reply = await mesh.client.invoke("suspect", 1);
      return reply.status !== 200 && reply;
    };
    const refused = await until("calls are refused", refusal, 1_000);
    expect(refused.problem).toMatchObject({ code: "agent_unavailable", status: 503 });
    const { hops } = await mesh.client.graph(refused.chainId);
    expect(hops).toMatchObject([{ status: "rejected", code: "agent_unavailable", callee: "suspect" }]);
    const known = agent.calls.length;
    await mesh.client.invoke("suspect", 1);
    expect(agent.calls).toHaveLength(known);
    await put(mesh.client, "suspect", { status: "active" });
    await until("calls are taken", async () => (await mesh.client.invoke("suspect", 1)).status === 200, 1_000);
  });
});

describe("the list of 120 agents", () => {
  const names = Array.from({ length: 120 }, (_, place) => `fleet-${String(place).padStart(3, "0")}`);
  beforeAll(async () => {
    const skill = (place: number) => ({ id: place % 2 === 0 ? "translate" : "transcribe", tags: ["fleet"] });
    const described = (place: number) => `Handles ${place < 70 ? "invoices" : "passports"} of the fleet.`;
    for (const [place, name] of names.entries()) {
      await mesh.client.register(registration(name, { description: described(place), skills: [skill(place)] }));
    }
  });

  test("comes in pages that hold each of them exactly once", async () => {
    const first = (await mesh.client.send("/v1/agents?limit=50")).body as Page<Agent>;
    expect(first.items).toHaveLength(50);
    expect(first.nextCursor).toBeTypeOf("string");
    const all = (await mesh.client.all<Agent>("/v1/agents?limit=50")).map((agent) => agent.name);
    expect(new Set(all).size).toBe(all.length);
    expect(all.filter((name) => name.startsWith("fleet-"))).toEqual(names);
  });

  test.each([
    ["q=passports", 50],
    ["q=handles%20invoices", 70],
    ["q=invoices%20passports", 0],
    ["skill=translate", 60],
    ["skill=translate&q=passports", 25],
    ["skill=none", 0],
    ["kind=builtin&q=fleet", 0],
    ["kind=http&q=fleet", 120],
  ])("is searched by %s, page by page: %i are found", async (query, count) => {
    const found = (await mesh.client.all<Agent>(`/v1/agents?${query}&limit=20`)).map((agent) => agent.name);
    expect(found).toHaveLength(count);
    expect(new Set(found).size).toBe(count);
  });

  test("is searched by kind, and knows the agents that ship", async () => {
    const builtins = await mesh.client.all<Agent>("/v1/agents?kind=builtin");
    expect(builtins.map((agent) => agent.name)).toContain("echo");
    expect(builtins.every((agent) => agent.endpoint.kind === "builtin")).toBe(true);
  });

  test("takes words that are no query of the search engine for words", async () => {
    for (const q of ['"', "a AND", "NEAR(", "*", "fleet-000 OR", "'; DROP TABLE agent; --"]) {
      const reply = await mesh.client.send(`/v1/agents?q=${encodeURIComponent(q)}`);
      expect(reply.status, q).toBe(200);
    }
  });
});

describe("a key", () => {
  test("is shown once, listed without its secret, and refused within a second of its revocation", async () => {
    const { keyId, key } = await mesh.client.createKey(["invoke", "read"]);
    expect(key).toMatch(new RegExp(`^hop_default_${keyId}_`));
    const client = mesh.client.as(key);
    expect((await client.invoke("echo", 1)).status).toBe(200);
    const listed = await mesh.client.all<{ keyId: string; scopes: string[] }>("/v1/keys");
    expect(listed.find((one) => one.keyId === keyId)).toMatchObject({ scopes: ["invoke", "read"] });
    expect(JSON.stringify(listed)).not.toContain(key.split("_").at(-1));
    expect((await mesh.client.send(`/v1/keys/${keyId}`, { method: "DELETE" })).status).toBe(204);
    const refused = async () => (await client.invoke("echo", 1)).status === 401;
    await until("the key is refused", refused, 1_000);
    expect((await client.send("/v1/chains")).problem.code).toBe("unauthenticated");
    expect((await mesh.client.send(`/v1/keys/${keyId}`, { method: "DELETE" })).problem.code).toBe("not_found");
  });

  test("that expires is refused from then on", async () => {
    const { key } = await mesh.client.createKey(["invoke"], { expiresAt: Date.now() + 700 });
    const client = mesh.client.as(key);
    expect((await client.invoke("echo", 1)).status).toBe(200);
    const refused = async () => (await client.invoke("echo", 1)).status === 401;
    await until("the key has expired", refused, 1_500);
  });

  test.each<[string, string[]]>([
    ["invoke", ["POST /v1/agents/echo/invoke"]],
    ["read", ["GET /v1/agents", "GET /v1/agents/echo", "GET /v1/chains", "GET /v1/graph"]],
    ["register", ["POST /v1/agents"]],
    [
      "admin",
      [
        "POST /v1/agents/echo/invoke",
        "GET /v1/agents",
        "GET /v1/agents/echo",
        "GET /v1/chains",
        "GET /v1/graph",
        "POST /v1/agents",
        "GET /v1/keys",
        "POST /v1/keys",
      ],
    ],
  ])("with scope %s may do that, and nothing else", async (scope, allowed) => {
    const client = mesh.client.as((await mesh.client.createKey([scope])).key);
    const bodies: Record<string, unknown> = {
      "POST /v1/agents/echo/invoke": { input: 1 },
      "GET /v1/agents": undefined,
      "GET /v1/agents/echo": undefined,
      "GET /v1/chains": undefined,
      "GET /v1/graph": undefined,
      "GET /v1/keys": undefined,
      "POST /v1/agents": registration(`by-${scope}`),
      "POST /v1/keys": { name: "k", scopes: ["read"] },
    };
    for (const [call, body] of Object.entries(bodies)) {
      const [method = "", path = ""] = call.split(" ");
      const reply = await client.send(path, { method, body });
      if (allowed.includes(call)) expect(reply.status, call).toBeLessThan(300);
      else expect(reply.problem, call).toMatchObject({ code: "insufficient_scope", status: 403 });
    }
  });

  test("with scope register changes its own agents, and nobody else's", async () => {
    const [mine, other] = await Promise.all([1, 2].map(async () => (await mesh.client.createKey(["register"])).key));
    const client = mesh.client.as(mine);
    await client.register(registration("owned"));
    await mesh.client.register(registration("of-the-admin"));
    for (const [stranger, name] of [
      [mesh.client.as(other), "owned"],
      [client, "of-the-admin"],
      [client, "echo"],
    ] as const) {
      expect((await put(stranger, name, {})).problem).toMatchObject({ code: "insufficient_scope", status: 403 });
      expect((await remove(stranger, name)).problem).toMatchObject({ code: "insufficient_scope", status: 403 });
    }
    expect((await put(client, "owned", { version: "1.0.1" })).status).toBe(200);
    // An admin's change does not take it from its owner.
    expect((await put(mesh.client, "owned", { version: "1.0.2" })).status).toBe(200);
    expect((await put(client, "owned", { version: "1.0.3" })).status).toBe(200);
    expect((await remove(client, "owned")).status).toBe(204);
  });
});
