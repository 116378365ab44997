// @promise chain:refusals-explained
import { beforeAll, describe, expect, test } from "vitest";
import { type AgentHost, type Handler, Raw, type TestAgent, Used } from "../support/server/agent.ts";
import type { GraphHop, Reply } from "../support/server/client.ts";
import { freePort, type MeshServer } from "../support/server/mesh.ts";
import { staged } from "../support/server/staged.ts";

const MiB = 2 ** 20;

let mesh: MeshServer;
let host: AgentHost;
let elsewhere: TestAgent;
let names = 0;

staged((stage) => ({ mesh, host } = stage));
beforeAll(async () => {
  elsewhere = await host.agent("elsewhere", () => "stolen");
});

/** A new agent, called once. */
async function call(
  handler: Handler,
  input: unknown = null,
  more: Parameters<AgentHost["agent"]>[2] = {},
): Promise<{ reply: Reply; agent: TestAgent }> {
  const agent = await host.agent(`agent-${names++}`, handler, more);
  return { reply: await mesh.client.invoke(agent.name, input), agent };
}

async function onlyHop(reply: Reply): Promise<GraphHop> {
  const { hops } = await mesh.client.graph(reply.chainId);
  expect(hops).toHaveLength(1);
  return hops[0] as GraphHop;
}

describe("an http agent receives", () => {
  const skills = [{ id: "first" }, { id: "second" }];

  test("a POST to its URL with the input and the skill, and nothing else", async () => {
    const input = { text: "Grüße, 世界", list: [1, 2.5, null, true], deep: { a: { b: [] } } };
    const { agent } = await call(() => "ok", input, { skills });
    expect(agent.calls).toHaveLength(1);
    const [received] = agent.calls;
    expect([received?.method, received?.url]).toEqual(["POST", `/${agent.name}`]);
    expect(received?.body).toEqual({ input, skill: "first" });
    expect(received?.headers["content-type"]).toBe("application/json");
  });

  test("the skill that was asked for, at the URL that was registered", async () => {
    const agent = await host.agent("skilled", () => "ok");
    const url = `${agent.url}?tenant=7&x=%20`;
    await mesh.client.register({ name: "by-query", version: "1.0.0", endpoint: { kind: "http", url }, skills });
    await mesh.client.invoke("by-query", 1, { skill: "second" });
    expect(agent.calls[0]).toMatchObject({ url: "/skilled?tenant=7&x=%20", body: { input: 1, skill: "second" } });
  });

  test("one skill named as the agent, when it registered none", async () => {
    const { agent } = await call(() => "ok");
    expect(agent.calls[0]?.body).toEqual({ input: null, skill: agent.name });
  });

  test("its hop, its chain, its token and its deadline as headers", async () => {
    const before = Date.now();
    const { reply, agent } = await call(() => "ok", null, { timeoutMs: 20_000 });
    const { chainId, hopId } = reply.result;
    const headers = agent.calls[0]?.headers ?? {};
    expect(headers["hopline-chain"]).toBe(chainId);
    expect(headers["hopline-hop"]).toBe(hopId);
    expect(headers["idempotency-key"]).toBe(hopId);
    expect(headers.traceparent).toMatch(new RegExp(`^00-${chainId}-${hopId}-0[01]$`));
    expect(headers["hopline-token"]).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    const deadline = Number(headers["hopline-deadline"]);
    expect(deadline).toBeGreaterThanOrEqual(before + 20_000);
    expect(deadline).toBeLessThanOrEqual(Date.now() + 20_000);
    expect(chainId).toMatch(/^[0-9a-f]{32}$/);
    expect(hopId).toMatch(/^[0-9a-f]{16}$/);
    expect(reply.headers.get("hopline-chain")).toBe(chainId);
  });

  test("nothing of its caller's: neither its key, nor its cookies, nor its trace", async () => {
    const agent = await host.agent("discreet", () => "ok");
    const trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const headers = { cookie: "session=secret", traceparent: trace, "x-internal": "secret", "idempotency-key": "mine" };
    await mesh.client.invoke("discreet", 1, {}, { headers });
    const received = JSON.stringify(agent.calls[0]?.headers);
    for (const secret of ["secret", "4bf92f3577b34da6", "mine", String(mesh.client.key)]) {
      expect(received).not.toContain(secret);
    }
    expect(agent.calls[0]?.headers.authorization).toBeUndefined();
  });

  test("NUL and lone surrogates unharmed, and they come back unharmed", async () => {
    const input = { text: "a\u0000b\ud800c\udfff", "key\u0000": 1 };
    const { reply, agent } = await call((received) => received, input);
    expect(agent.calls[0]?.input).toEqual(input);
    expect(reply.result.output).toEqual(input);
  });
});

describe("what an http agent answers", () => {
  test("is the output; members that this version does not know are let be", async () => {
    const body = JSON.stringify({ output: { ok: [1, "é"] }, trace: "x", usage: { tokens: 5, model: "m" } });
    const { reply } = await call(() => new Raw(200, body));
    expect(reply.result.output).toEqual({ ok: [1, "é"] });
    expect(reply.result.usage).toMatchObject({ tokens: 5, costMicros: 0 });
  });

  test("may be null", async () => {
    expect((await call(() => new Raw(200, '{"output":null}'))).reply.result.output).toBeNull();
  });

  test.each<[string, Handler, RegExp]>([
    ["that is not JSON", () => new Raw(200, "<html>hello"), /JSON/],
    ["that is empty", () => new Raw(200, ""), /JSON/],
    ["without an output", () => new Raw(200, '{"result":1}'), /output/],
    ["that is a list", () => new Raw(200, "[1]"), /output/],
    ["with a usage below zero", () => new Used(1, { tokens: -5 }), /tokens/],
    ["with a usage in fractions", () => new Used(1, { costMicros: 0.5 }), /costMicros/],
    ["with status 201", () => new Raw(201, '{"output":1}'), /201/],
    ["with status 500", () => new Raw(500, "oops", { "content-type": "text/plain" }), /500/],
    ["of more than 4 MiB", () => "x".repeat(5 * MiB), new RegExp(String(4 * MiB))],
    ["that breaks off", (_, { response }) => void response.writeHead(200).write("{", () => response.destroy()), /./],
    ["by closing the connection", (_, { response }) => void response.destroy(), /connection/i],
  ])("%s is an upstream error, on the record, and is not tried again", async (_, handler, detail) => {
    const { reply, agent } = await call(handler);
    expect(reply.problem).toMatchObject({ code: "upstream_error", status: 502, chainId: reply.chainId });
    expect(reply.problem.detail).toMatch(detail);
    expect(agent.calls).toHaveLength(1);
    expect(await onlyHop(reply)).toMatchObject({ status: "error", code: "upstream_error" });
    expect((await mesh.client.chain(reply.chainId)).status).toBe("failed");
  });

  test("as a problem of RFC 9457 has its detail kept", async () => {
    const body = JSON.stringify({ title: "Full", detail: "The disk is full.", status: 507 });
    const { reply } = await call(() => new Raw(507, body, { "content-type": "application/problem+json" }));
    expect(reply.problem).toMatchObject({ code: "upstream_error", status: 502 });
    expect(reply.problem.detail).toContain("The disk is full.");
    expect((await onlyHop(reply)).detail).toContain("The disk is full.");
  });

  test.each([301, 302, 307, 308])("as a redirect (%i) is an upstream error, and is not followed", async (status) => {
    const known = elsewhere.calls.length;
    const { reply } = await call(() => new Raw(status, "", { location: elsewhere.url }));
    expect(reply.problem).toMatchObject({ code: "upstream_error", status: 502 });
    expect(reply.text).not.toContain("stolen");
    expect(elsewhere.calls).toHaveLength(known);
  });

  test("that does not fit the skill's output schema is an upstream error that names the place", async () => {
    const outputSchema = { type: "object", properties: { n: { type: "integer" } }, required: ["n"] };
    const { reply } = await call(() => ({ n: "one" }), null, { skills: [{ id: "typed", outputSchema }] });
    expect(reply.problem).toMatchObject({ code: "upstream_error", status: 502 });
    expect(reply.problem.detail).toContain("/n");
  });

  test("can't be had where nobody listens: that is an upstream error as well", async () => {
    const url = `http://127.0.0.1:${await freePort()}/`;
    await mesh.client.register({ name: "nobody-there", version: "1.0.0", endpoint: { kind: "http", url } });
    const reply = await mesh.client.invoke("nobody-there", 1);
    expect(reply.problem).toMatchObject({ code: "upstream_error", status: 502 });
  });
});

describe("an agent registered as idempotent", () => {
  const failing = (times: number, status: number): Handler => {
    let left = times;
    return () => (left-- > 0 ? new Raw(status, "{}") : "at last");
  };

  test("is tried again after a passing failure, as the same hop", async () => {
    const { reply, agent } = await call(failing(2, 503), 1, { idempotent: true });
    expect(reply.result.output).toBe("at last");
    expect(new Set(agent.calls.map((received) => received.hopId)).size).toBe(1);
    expect(await onlyHop(reply)).toMatchObject({ status: "done", attempt: 3 });
    expect(reply.result.usage.hops).toBe(3);
  });

  test("is not tried again after a failure of its own", async () => {
    const { reply, agent } = await call(failing(1, 500), 1, { idempotent: true });
    expect(reply.problem.code).toBe("upstream_error");
    expect(agent.calls).toHaveLength(1);
  });

  test("is tried again only as far as the budget goes", async () => {
    const agent = await host.agent("frugal", failing(2, 503), { idempotent: true });
    const reply = await mesh.client.invoke("frugal", 1, { budget: { hops: 2 } });
    expect(reply.problem.code).toBe("upstream_error");
    expect(agent.calls).toHaveLength(2);
  });
});

describe("an address that is not public", () => {
  test.each([
    "http://10.0.0.1/",
    "http://172.16.5.4/",
    "http://192.168.1.1:8080/",
    "http://100.64.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://2852039166/latest/meta-data/",
    "http://0xa9.0xfe.0xa9.0xfe/",
    "http://metadata.google.internal/computeMetadata/v1/",
    "http://0.0.0.0/",
    "http://[::]/",
    "http://[fe80::1]/",
    "http://[fd00::1]/",
    "http://[fd00:ec2::254]/",
    "http://[::ffff:10.0.0.1]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://255.255.255.255/",
    "http://224.0.0.1/",
  ])("is denied at registration: %s", async (url) => {
    const body = { name: "inside", version: "1.0.0", endpoint: { kind: "http", url } };
    const reply = await mesh.client.send("/v1/agents", { body });
    expect(reply.problem).toMatchObject({ code: "egress_denied", status: 403 });
    expect((await mesh.client.send("/v1/agents/inside")).status).toBe(404);
  });

  test.each(["127.0.0.1", "localhost", "LOCALHOST.", "[::1]", "127.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"])(
    "is denied where it is the mesh itself: %s",
    async (hostname) => {
      const url = `http://${hostname}:${mesh.port}/v1/agents/echo/invoke`;
      const body = { name: "inside", version: "1.0.0", endpoint: { kind: "http", url } };
      const reply = await mesh.client.send("/v1/agents", { body });
      expect(reply.problem).toMatchObject({ code: "egress_denied", status: 403 });
    },
  );

  test.each(["file:///etc/passwd", "ftp://example.com/", "javascript:alert(1)", "nonsense", ""])(
    "is no URL of an agent: %j",
    async (url) => {
      const body = { name: "inside", version: "1.0.0", endpoint: { kind: "http", url } };
      const reply = await mesh.client.send("/v1/agents", { body });
      expect(reply.problem).toMatchObject({ code: "invalid_request", status: 400 });
    },
  );
});
