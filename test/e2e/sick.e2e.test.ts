// Callees that are ill in every way: each call of them ends with a clear code in time, and nobody else notices.
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AgentHost, Raw } from "../support/server/agent.ts";
import type { MeshServer } from "../support/server/mesh.ts";
import { type SickHost, serveSick, sickRegistrations } from "../support/server/sick.ts";
import { staged } from "../support/server/staged.ts";

const TIMEOUT_MS = 1_000;
const LOAD_MS = 4_000;
const HEALTHY = 20;

let mesh: MeshServer;
let host: AgentHost;
let sick: SickHost;
staged((stage) => ({ mesh, host } = stage));
beforeAll(async () => {
  sick = await serveSick();
});
afterAll(async () => {
  await sick?.close();
});

const POURED = ["upstream_error", "deadline_exceeded", "agent_unavailable"];

/** What a call of each may end with; an illness that the breaker knows also with `agent_unavailable`. */
const ENDS: Readonly<Record<string, readonly string[]>> = {
  "sick-slow": ["deadline_exceeded", "agent_unavailable"],
  "sick-html-as-json": ["upstream_error"],
  "sick-json-as-stream": ["upstream_error"],
  // A busy machine may need longer for what is too much than the agent has.
  "sick-endless": POURED,
  "sick-wrong-schema": ["upstream_error"],
  "sick-dripping": ["deadline_exceeded", "agent_unavailable"],
  "sick-gigabyte": POURED,
  "sick-bomb": POURED,
  "sick-endless-pieces": ["payload_too_large", ...POURED],
  "sick-cut": ["upstream_error", "agent_unavailable"],
  "sick-flapping": ["done", "upstream_error", "agent_unavailable"],
  "sick-broken": ["upstream_error", "agent_unavailable"],
  "sick-dead": ["upstream_error", "agent_unavailable"],
};

test("twenty healthy agents all answer while each sick one ends with a clear code within its timeout", async () => {
  const healthy = Array.from({ length: HEALTHY }, (_, n) => `well-${n}`);
  for (const name of healthy) await host.agent(name, (input) => input);
  const registrations = sickRegistrations(sick.port, TIMEOUT_MS);
  for (const registration of registrations) await mesh.client.register(registration);
  expect(registrations.map(({ name }) => name).toSorted()).toEqual(Object.keys(ENDS).toSorted());

  const until = Date.now() + LOAD_MS;
  const ends = new Map<string, Set<string>>();
  const ill = registrations.map(async ({ name }) => {
    const seen = new Set<string>();
    ends.set(name, seen);
    while (Date.now() < until) {
      const from = Date.now();
      const reply = await mesh.client.invoke(name, {});
      expect(Date.now() - from, name).toBeLessThan(TIMEOUT_MS + 1_500);
      seen.add(reply.status === 200 ? "done" : reply.problem.code);
      await sleep(50);
    }
  });
  let answered = 0;
  const well = Array.from({ length: 4 }, async (_, loop) => {
    for (let n = loop; Date.now() < until; n++) {
      const reply = await mesh.client.invoke(healthy[n % HEALTHY] ?? "", n);
      expect(reply).toMatchObject({ status: 200, result: { output: n } });
      answered++;
    }
  });
  await Promise.all([...ill, ...well]);
  expect(answered).toBeGreaterThan(HEALTHY * 4);
  for (const [name, seen] of ends) {
    expect(ENDS[name], `${name}: ${[...seen]}`).toEqual(expect.arrayContaining([...seen]));
    if (ENDS[name]?.includes("agent_unavailable") && /broken|dead|flapping/.test(name))
      expect([...seen], name).toContain("agent_unavailable");
  }
});

describe("a circuit breaker", () => {
  test("opens after five failures: calls are refused as recorded hops with Retry-After, and the agent says so", async () => {
    const agent = await host.agent("gone", () => new Raw(503, "{}"));
    for (let n = 0; n < 5; n++) expect((await mesh.client.invoke("gone", n)).problem.code).toBe("upstream_error");
    const refused = await mesh.client.invoke("gone", 6);
    expect(agent.calls).toHaveLength(5);
    expect(refused.problem).toMatchObject({ code: "agent_unavailable", status: 503, retryable: true });
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(1);
    expect(Number(refused.headers.get("retry-after"))).toBeLessThanOrEqual(5);
    expect((await mesh.client.graph(refused.chainId)).hops).toMatchObject([
      { status: "rejected", code: "agent_unavailable", callee: "gone" },
    ]);
    const read = await mesh.client.send("/v1/agents/gone");
    const { breaker } = read.body as { breaker: { state: string; since: number; retryAt: number } };
    expect(breaker).toEqual({ state: "open", since: expect.any(Number), retryAt: breaker.since + 5_000 });
    // Its tag is the registration's: a reader that has it hears of the breaker all the same.
    const tag = read.headers.get("etag") ?? "";
    expect((await mesh.client.send("/v1/agents/gone", { headers: { "if-none-match": tag } })).status).toBe(200);
  });

  test("lets one trial through when its time has come, and closes when that goes well", async () => {
    let well = false;
    const agent = await host.agent("back", (input) => (well ? sleep(300, input) : new Raw(502, "{}")));
    for (let n = 0; n < 5; n++) await mesh.client.invoke("back", n);
    const { breaker } = (await mesh.client.send("/v1/agents/back")).body as { breaker: { retryAt: number } };
    well = true;
    await sleep(breaker.retryAt - Date.now() + 50);
    const all = await Promise.all(Array.from({ length: 4 }, () => mesh.client.invoke("back", "trial")));
    expect(all.map(({ status }) => status).toSorted()).toEqual([200, 503, 503, 503]);
    expect(agent.calls).toHaveLength(6);
    expect((await mesh.client.invoke("back", "again")).status).toBe(200);
    expect((await mesh.client.send("/v1/agents/back")).body).not.toHaveProperty("breaker");
  });

  test("ends the retries of an idempotent agent too: five calls have reached it, however few hops they were", async () => {
    const agent = await host.agent("stubborn", () => new Raw(503, "{}"), { idempotent: true });
    const codes: string[] = [];
    while (!codes.includes("agent_unavailable") && codes.length < 6) {
      codes.push((await mesh.client.invoke("stubborn", codes.length)).problem.code);
    }
    expect(codes.at(-1)).toBe("agent_unavailable");
    expect(codes.length).toBeLessThan(5);
    expect(agent.calls).toHaveLength(5);
  });

  test("lets a flapping idempotent agent answer by its retries, until half of its last calls have failed", async () => {
    let calls = 0;
    const agent = await host.agent("flaps", () => (calls++ % 2 === 0 ? new Raw(502, "{}") : "up"), {
      idempotent: true,
    });
    const ends: string[] = [];
    while (!ends.includes("agent_unavailable") && ends.length < 20) {
      const reply = await mesh.client.invoke("flaps", ends.length);
      ends.push(reply.status === 200 ? "up" : reply.problem.code);
    }
    // Twenty calls are ten hops; the last failure of them opens it, and that hop is not tried again.
    expect(ends).toEqual([
      ...Array.from({ length: ends.length - 2 }, () => "up"),
      "upstream_error",
      "agent_unavailable",
    ]);
    expect(agent.calls.length).toBeGreaterThanOrEqual(20);
    expect(agent.calls.length).toBeLessThanOrEqual(22);
  });

  test("is not what 429 is for: an idempotent agent is asked again when it has said it may be", async () => {
    let calls = 0;
    const busy = () => (calls++ === 0 ? new Raw(429, "{}", { "retry-after": "1" }) : "free");
    const agent = await host.agent("busy-once", busy, { idempotent: true });
    expect((await mesh.client.invoke("busy-once", 1)).result.output).toBe("free");
    const [first, second] = agent.calls;
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(1_000);
  });

  test("is another one when the agent is replaced", async () => {
    await host.agent("repaired", () => new Raw(503, "{}"));
    for (let n = 0; n < 5; n++) await mesh.client.invoke("repaired", n);
    expect((await mesh.client.invoke("repaired", 1)).problem.code).toBe("agent_unavailable");
    const body = { version: "2.0.0", endpoint: { kind: "http", url: `http://127.0.0.1:${host.port}/well-0` } };
    expect((await mesh.client.send("/v1/agents/repaired", { method: "PUT", body })).status).toBe(200);
    expect((await mesh.client.invoke("repaired", 1)).status).toBe(200);
  });

  test("does not heed what is no sign of illness: other failures, 429, and callers that had no time or left", async () => {
    await host.agent("wrong", () => new Raw(500, "{}"));
    await host.agent("crowded", () => new Raw(429, "{}"));
    await host.agent("steady", () => sleep(200, "well"));
    for (let n = 0; n < 7; n++) {
      expect((await mesh.client.invoke("wrong", n)).problem.code).toBe("upstream_error");
      expect((await mesh.client.invoke("crowded", n)).problem.code).toBe("upstream_error");
      const hurried = await mesh.client.invoke("steady", n, { budget: { wallMs: 50 } });
      expect(hurried.problem.code).toBe("deadline_exceeded");
    }
    expect((await mesh.client.invoke("steady", 1)).status).toBe(200);
  });
});
