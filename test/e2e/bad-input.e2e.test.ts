import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AgentCall, type AgentHost, gate, sleep, type TestAgent } from "../support/server/agent.ts";
import type { Client, Reply, SendOptions } from "../support/server/client.ts";
import type { MeshServer } from "../support/server/mesh.ts";
import { staged } from "../support/server/staged.ts";
import { until } from "../support/server/until.ts";

const INVOKE = "/v1/agents/typed/invoke";
/** The index of chains is at most a second behind. */
const INDEX_MS = 1_500;
const LARGE = `{"input":"${"x".repeat(12_000_000)}"}`;

let mesh: MeshServer;
let host: AgentHost;
let typed: TestAgent;

staged((stage) => ({ mesh, host } = stage));
beforeAll(async () => {
  const inputSchema = { type: "object", properties: { n: { type: "integer" } }, required: ["n"] };
  typed = await host.agent("typed", (input) => input, { skills: [{ id: "typed", inputSchema }] });
  await host.agent("leaf", (input) => input);
});

interface Fault {
  readonly path?: string;
  readonly send: SendOptions;
  readonly status: number;
  readonly code: string;
  readonly names?: string;
}

const body = (value: unknown): { send: SendOptions } => ({ send: { body: value } });
const raw = (text: string | Uint8Array<ArrayBuffer>): { send: SendOptions } => ({ send: { raw: text } });
const INVALID = { status: 400, code: "invalid_request" };
const ok = { input: { n: 1 } };

/** Faults of a call: as a hop's own call each is a rejected hop. */
const CALLS: Record<string, Fault> = {
  "broken JSON": { ...raw('{"input":'), ...INVALID },
  "no JSON at all": { ...raw("hello"), ...INVALID },
  "an empty body": { ...raw(""), ...INVALID },
  "bytes that are not UTF-8": { ...raw(Uint8Array.from([0x7b, 0xff, 0x7d])), ...INVALID },
  "a list in place of an object": { ...raw("[]"), ...INVALID },
  "no input": { ...body({}), ...INVALID, names: "input" },
  "an unknown field": { ...body({ ...ok, bugdet: {} }), ...INVALID, names: "bugdet" },
  "an unknown field within": { ...body({ ...ok, policy: { depth: 3 } }), ...INVALID, names: "depth" },
  "20,000 levels of nesting": { ...raw(`{"input":${"[".repeat(20_000)}${"]".repeat(20_000)}}`), ...INVALID },
  "129 levels of nesting": { ...raw(`{"input":${"[".repeat(128)}${"]".repeat(128)}}`), ...INVALID },
  "an allowance below zero": { ...body({ ...ok, allowance: { hops: -1 } }), ...INVALID, names: "hops" },
  "an allowance that is no safe integer": { ...body({ ...ok, allowance: { hops: 1e99 } }), ...INVALID, names: "hops" },
  "an allowance in fractions": { ...body({ ...ok, allowance: { tokens: 1.5 } }), ...INVALID, names: "tokens" },
  "an allowance as text": { ...body({ ...ok, allowance: { wallMs: "1" } }), ...INVALID, names: "wallMs" },
  "a maxDepth above 12": { ...body({ ...ok, policy: { maxDepth: 13 } }), ...INVALID, names: "maxDepth" },
  "a maxDepth of 0": { ...body({ ...ok, policy: { maxDepth: 0 } }), ...INVALID, names: "maxDepth" },
  "an unknown cycle rule": { ...body({ ...ok, policy: { cycle: { rule: "never" } } }), ...INVALID, names: "rule" },
  "0 times": { ...body({ ...ok, policy: { cycle: { rule: "allow", times: 0 } } }), ...INVALID, names: "times" },
  "an unknown agent": {
    path: "/v1/agents/nobody/invoke",
    ...body(ok),
    status: 404,
    code: "agent_not_found",
    names: "nobody",
  },
  "an unknown skill": { ...body({ ...ok, skill: "none" }), status: 404, code: "agent_not_found", names: "none" },
  "an agent that can't have its name": {
    path: "/v1/agents/No%00Name/invoke",
    ...body(ok),
    status: 404,
    code: "agent_not_found",
  },
  "an input that misses a member": { ...body({ input: {} }), status: 422, code: "invalid_input", names: "n" },
  "an input of the wrong type": { ...body({ input: { n: "one" } }), status: 422, code: "invalid_input", names: "/n" },
  "a body of 12 MB": { ...raw(LARGE), status: 413, code: "payload_too_large" },
};

/** Budgets are for root calls; the rest is no call at all. */
const BUDGETS: Record<string, Fault> = Object.fromEntries(
  [
    { hops: -1 },
    { hops: 1e99 },
    { tokens: 1.5 },
    { costMicros: "9" },
    { wallMs: null },
    { bytes: -0.1 },
    { gold: 1 },
  ].map((budget) => [
    `budget ${JSON.stringify(budget)}`,
    { ...body({ ...ok, budget }), ...INVALID, names: Object.keys(budget)[0] ?? "" },
  ]),
);
const NOT_FOUND = { status: 404, code: "not_found" };
const GET = { send: {} };
const REQUESTS: Record<string, Fault> = {
  "nothing at that path": { path: "/v1/nothing", ...GET, ...NOT_FOUND },
  "a made-up chain": { path: `/v1/chains/${"0".repeat(32)}`, ...GET, ...NOT_FOUND },
  "a made-up chain with a good form": { path: `/v1/chains/10${"ab".repeat(15)}`, ...GET, ...NOT_FOUND },
  "the graph of a made-up chain": { path: `/v1/chains/${"f".repeat(32)}/graph`, ...GET, ...NOT_FOUND },
  "the end of a made-up chain": { path: `/v1/chains/${"1".repeat(32)}/cancel`, send: { method: "POST" }, ...NOT_FOUND },
  "a malformed chain id": { path: "/v1/chains/zzz", ...GET, ...INVALID },
  "limit=-3": { path: "/v1/agents?limit=-3", ...GET, ...INVALID, names: "limit" },
  "limit=0": { path: "/v1/chains?limit=0", ...GET, ...INVALID, names: "limit" },
  "limit=many": { path: "/v1/keys?limit=many", ...GET, ...INVALID, names: "limit" },
  "a bad cursor of agents": { path: "/v1/agents?cursor=%00%ff", ...GET, ...INVALID, names: "cursor" },
  "a bad cursor of chains": { path: "/v1/chains?cursor=AAAA", ...GET, ...INVALID, names: "cursor" },
  "an unknown status": { path: "/v1/chains?status=happy", ...GET, ...INVALID, names: "status" },
  "an unknown query parameter": { path: "/v1/chains?stauts=done", ...GET, ...INVALID, names: "stauts" },
  "an unknown agent to read": { path: "/v1/agents/nobody", ...GET, status: 404, code: "agent_not_found" },
  "a bad agent name": {
    path: "/v1/agents",
    ...body({ name: "Bad Name", version: "1.0.0" }),
    ...INVALID,
    names: "name",
  },
  "a NUL in a description": {
    path: "/v1/agents",
    ...body({ name: "nul", version: "1.0.0", description: "\u0000", endpoint: { kind: "builtin" } }),
    ...INVALID,
    names: "description",
  },
  "a bad scope": { path: "/v1/keys", ...body({ name: "k", scopes: ["root"] }), ...INVALID, names: "scopes" },
};

function expectFault(reply: Reply, { status, code, names }: Fault): void {
  expect(reply.problem, reply.text.slice(0, 500)).toMatchObject({ status, code, type: `urn:hopline:problem:${code}` });
  expect(reply.status).toBe(status);
  expect(reply.problem.title).not.toBe("");
  expect(reply.text).not.toMatch(/\bat .*\.[jt]s|stack/);
  if (names !== undefined) expect(reply.problem.detail).toContain(names);
}

const chains = async () =>
  (await mesh.client.all<{ chainId: string }>("/v1/chains?limit=200")).map((one) => one.chainId);

describe("at the root, bad input is a problem with a code, and nothing is recorded", () => {
  let before: string[];
  beforeAll(async () => {
    await mesh.client.invoke("typed", { n: 1 });
    await sleep(INDEX_MS);
    before = await chains();
  });

  test.each(Object.entries({ ...CALLS, ...BUDGETS, ...REQUESTS }))("%s", async (_, fault) => {
    const reply = await mesh.client.send(fault.path ?? INVOKE, fault.send);
    expectFault(reply, fault);
    expect(reply.headers.get("hopline-chain")).toBeNull();
  });

  test.each([
    ["no key", undefined],
    ["a wrong key", "hop_default_000000000000_0000000000000000000000000000000000000000"],
    ["a key of no mesh", "hop_nowhere_000000000000_0000000000000000000000000000000000000000"],
    ["nonsense", "Zm9vOmJhcg=="],
  ])("%s is unauthenticated", async (_, key) => {
    const reply = await mesh.client.as(key).invoke("typed", { n: 1 });
    expectFault(reply, { send: {}, status: 401, code: "unauthenticated" });
    expect(reply.headers.get("hopline-chain")).toBeNull();
  });

  test.each([
    ["PATCH", INVOKE, ["POST"]],
    ["DELETE", "/v1/agents", ["GET", "POST"]],
    ["POST", "/v1/agents/typed", ["GET", "PUT", "DELETE"]],
    ["PUT", "/v1/chains", ["GET"]],
    ["POST", "/healthz", ["GET"]],
  ])("a method that the resource does not have names those it has: %s %s", async (method, path, allowed) => {
    const reply = await mesh.client.send(path, { method });
    expectFault(reply, { send: {}, status: 405, code: "method_not_allowed" });
    const allow = reply.headers.get("allow")?.split(/,\s*/) ?? [];
    expect(allow).toEqual(expect.arrayContaining(allowed));
  });

  test("and the list of chains is what it was", async () => {
    await sleep(INDEX_MS);
    expect(await chains()).toEqual(before);
    expect(typed.calls).toHaveLength(1);
  });
});

test("a body of another type is a 415, which stands as a rejected root hop", async () => {
  const reply = await mesh.client.send(INVOKE, { raw: "{}", headers: { "content-type": "text/plain" } });
  expectFault(reply, { send: {}, status: 415, code: "unsupported_media_type" });
  expect((await mesh.client.graph(reply.chainId)).hops).toMatchObject([{ status: "rejected", callee: "typed" }]);
});

test("eight clients that send 12 MB at once all get their 413", async () => {
  const statuses = await Promise.all(Array.from({ length: 8 }, () => plainPost(INVOKE, LARGE)));
  expect(statuses).toEqual(Array(8).fill(413));
});

/** As a client that writes all it has before it listens, with no cleverness in between. */
function plainPost(path: string, text: string): Promise<number> {
  return new Promise((done, fail) => {
    const headers = { authorization: `Bearer ${mesh.client.key}`, "content-type": "application/json" };
    const sending = request(mesh.url + path, { method: "POST", headers, agent: false }, (response) => {
      response.resume().on("end", () => done(response.statusCode ?? 0));
    });
    sending.on("error", fail);
    sending.end(text);
  });
}

describe("under a hop token the same faults are rejected hops", () => {
  const held = gate();
  let call: AgentCall;
  let client: Client;
  let invoked: Promise<Reply>;

  beforeAll(async () => {
    const agent = await host.agent("holder", held.handler);
    invoked = mesh.client.invoke("holder", null);
    call = await until("the holder runs", () => agent.calls[0]);
    client = call.client;
  });
  afterAll(async () => {
    held.open();
    await invoked;
  });

  const BUDGET: Fault = { ...body({ ...ok, budget: { hops: 1 } }), ...INVALID, names: "budget" };
  const TYPE: Fault = {
    send: { raw: "{}", headers: { "content-type": "text/plain" } },
    status: 415,
    code: "unsupported_media_type",
  };

  test.each(Object.entries({ ...CALLS, "a budget": BUDGET, "another type": TYPE }))("%s", async (_, fault) => {
    const before = (await mesh.client.graph(call.chainId)).hops.length;
    const reply = await client.send(fault.path ?? INVOKE, fault.send);
    expectFault(reply, fault);
    expect(reply.chainId).toBe(call.chainId);
    const { hops } = await mesh.client.graph(call.chainId);
    expect(hops).toHaveLength(before + 1);
    const refused = { status: "rejected", code: fault.code, parentHopId: call.hopId, hopId: reply.problem.hopId };
    expect(hops.at(-1)).toMatchObject(refused);
  });

  test("and the chain has spent nothing on them", async () => {
    const chain = await mesh.client.chain(call.chainId);
    expect(chain.spent.hops).toBe(1);
    expect(chain.hops.rejected).toBeGreaterThanOrEqual(Object.keys(CALLS).length);
    expect((await call.invoke("leaf", "still works")).status).toBe(200);
  });
});
