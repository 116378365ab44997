// @promise chain:no-silent-loss
import { describe, expect, test } from "vitest";
import { type AgentCall, type AgentHost, Raw, sleep } from "../support/server/agent.ts";
import type { Problem, Reply } from "../support/server/client.ts";
import type { MeshServer } from "../support/server/mesh.ts";
import { staged } from "../support/server/staged.ts";
import { until } from "../support/server/until.ts";

let mesh: MeshServer;
let host: AgentHost;
let names = 0;

staged((stage) => ({ mesh, host } = stage));

const under = (key: string) => ({ headers: { "idempotency-key": key } });

/** An agent that answers differently each time. */
function counter(more: { status?: number; waitMs?: number } = {}) {
  let count = 0;
  return host.agent(`counter-${names++}`, async () => {
    count += 1;
    await sleep(more.waitMs ?? 0);
    const body = JSON.stringify({ title: "broken", detail: `failure ${count}`, output: count });
    return new Raw(more.status ?? 200, body);
  });
}

describe("requests under one Idempotency-Key", () => {
  test("run once, though ten come at once, and all get the same answer", async () => {
    const agent = await counter({ waitMs: 300 });
    const replies = await Promise.all(
      Array.from({ length: 10 }, () => mesh.client.invoke(agent.name, { n: 1 }, {}, under("ten"))),
    );
    expect(replies.map((reply) => reply.status)).toEqual(Array(10).fill(200));
    expect(new Set(replies.map((reply) => reply.text)).size).toBe(1);
    expect(new Set(replies.map((reply) => reply.chainId)).size).toBe(1);
    expect(agent.calls).toHaveLength(1);
  });

  test("get the recorded answer later, too", async () => {
    const agent = await counter();
    const first = await mesh.client.invoke(agent.name, { n: 1 }, {}, under("later"));
    await sleep(200);
    const again = await mesh.client.invoke(agent.name, { n: 1 }, {}, under("later"));
    expect([again.status, again.text]).toEqual([200, first.text]);
    expect((await mesh.client.chain(first.chainId)).spent.hops).toBe(1);
    expect(agent.calls).toHaveLength(1);
  });

  test("get the recorded error as well, and nothing runs again", async () => {
    const agent = await counter({ status: 500 });
    const first = await mesh.client.invoke(agent.name, 1, {}, under("error"));
    expect(first.problem).toMatchObject({ code: "upstream_error", status: 502 });
    expect(first.problem.detail).toContain("failure 1");
    const again = await mesh.client.invoke(agent.name, 1, {}, under("error"));
    expect([again.status, again.text]).toEqual([502, first.text]);
    expect(again.chainId).toBe(first.chainId);
    expect(agent.calls).toHaveLength(1);
  });

  test.each([
    ["another input", { input: { n: 2 } }],
    ["another budget", { input: { n: 1 }, budget: { hops: 7 } }],
    ["another policy", { input: { n: 1 }, policy: { maxDepth: 3 } }],
  ])("but with %s are in conflict", async (_, body) => {
    const agent = await counter();
    const first = await mesh.client.invoke(agent.name, { n: 1 }, {}, under("conflict"));
    const path = `/v1/agents/${agent.name}/invoke`;
    const other = await mesh.client.send(path, { body, ...under("conflict") });
    expect(other.problem).toMatchObject({ code: "conflict", status: 409 });
    expect(agent.calls).toHaveLength(1);
    // The first answer still stands under the key.
    expect((await mesh.client.invoke(agent.name, { n: 1 }, {}, under("conflict"))).text).toBe(first.text);
  });

  test("of different agents and of different principals are different requests", async () => {
    const [agent, other] = [await counter(), await counter()];
    const { key } = await mesh.client.createKey(["invoke"]);
    const replies = [
      await mesh.client.invoke(agent.name, 1, {}, under("shared")),
      await mesh.client.invoke(other.name, 1, {}, under("shared")),
      await mesh.client.as(key).invoke(agent.name, 1, {}, under("shared")),
    ];
    expect(new Set(replies.map((reply) => reply.result.chainId)).size).toBe(3);
    expect([agent.calls.length, other.calls.length]).toEqual([2, 1]);
  });

  test.each(["", "with space", "x".repeat(256), "ü"])("need a key of visible ASCII: %j is refused", async (key) => {
    const agent = await counter();
    const headers = { "idempotency-key": Buffer.from(key, "utf8").toString("latin1") };
    const { problem } = await mesh.client.invoke(agent.name, 1, {}, { headers });
    expect(problem).toMatchObject({ code: "invalid_request", status: 400 });
    expect(agent.calls).toHaveLength(0);
  });
});

describe("a call that was refused does not pin the key", () => {
  test("at the root: once the agent takes calls again, the same request runs", async () => {
    const agent = await counter();
    const registration = { version: "1.0.0", endpoint: { kind: "http", url: agent.url } };
    const put = (status: string) =>
      mesh.client.send(`/v1/agents/${agent.name}`, { method: "PUT", body: { ...registration, status } });
    await put("quarantined");
    expect((await mesh.client.invoke(agent.name, 1, {}, under("pin"))).problem.code).toBe("agent_unavailable");
    await put("active");
    const ran = await until("the agent takes calls", async () => {
      const reply = await mesh.client.invoke(agent.name, 1, {}, under("pin"));
      return reply.status === 200 && reply;
    });
    expect((await mesh.client.invoke(agent.name, 1, {}, under("pin"))).text).toBe(ran.text);
    expect(agent.calls).toHaveLength(1);
  });

  test("at the root, for its budget: the same key with a larger one runs", async () => {
    const agent = await counter();
    const refused = await mesh.client.invoke(agent.name, 1, { budget: { hops: 0 } }, under("budget"));
    expect(refused.problem.code).toBe("budget_exceeded");
    expect((await mesh.client.invoke(agent.name, 1, {}, under("budget"))).status).toBe(200);
  });

  test("under a hop token: another call under the same key runs", async () => {
    const agent = await counter();
    const { value } = await host.within(async (call) => {
      const refused = await call.invoke(agent.name, 1, { allowance: { hops: 0 } }, under("hop"));
      const ran = await call.invoke(agent.name, 1, {}, under("hop"));
      return [refused, ran].map((reply: Reply) => reply.status);
    });
    expect(value).toEqual([402, 200]);
  });
});

describe("under a hop token the scope of a key", () => {
  test("is the calling hop: a repeated call runs once, and is one hop", async () => {
    const agent = await counter();
    const { value, chain } = await host.within(async (call) => {
      const replies = await Promise.all([1, 1, 1].map((input) => call.invoke(agent.name, input, {}, under("k"))));
      return replies.map((reply) => reply.text);
    });
    expect(new Set(value).size).toBe(1);
    expect(agent.calls).toHaveLength(1);
    expect([chain.spent.hops, chain.hops.done]).toEqual([2, 2]);
  });

  test("does not reach from one calling hop to another, nor to the root", async () => {
    const agent = await counter();
    const script = async (call: AgentCall) => (await call.invoke(agent.name, 1, {}, under("same"))).result.hopId;
    const hops = [(await host.within(script)).value, (await host.within(script)).value];
    hops.push((await mesh.client.invoke(agent.name, 1, {}, under("same"))).result.hopId);
    expect(new Set(hops).size).toBe(3);
    expect(agent.calls).toHaveLength(3);
  });

  test("does not reach from one calling hop to its sibling in the same chain", async () => {
    const agent = await counter();
    const once = async (_: unknown, call: AgentCall) => (await call.invoke(agent.name, 1, {}, under("same"))).status;
    const caller = await host.agent(`caller-${names++}`, once);
    const { chain } = await host.within(async (call) => {
      for (const input of [1, 2]) expect((await call.invoke(caller.name, input)).result.output).toBe(200);
    });
    expect(agent.callsOf(chain.chainId)).toHaveLength(2);
  });

  test("spans agents: another request under it is a conflict, which stands in the lineage", async () => {
    const [agent, other] = [await counter(), await counter()];
    const { value, chain } = await host.within(async (call): Promise<Problem> => {
      await call.invoke(agent.name, 1, {}, under("one"));
      return (await call.invoke(other.name, 1, {}, under("one"))).problem;
    });
    expect(value).toMatchObject({ code: "conflict", status: 409 });
    expect(other.calls).toHaveLength(0);
    const { hops } = await mesh.client.graph(chain.chainId);
    expect(hops.filter((hop) => hop.status === "rejected")).toMatchObject([{ callee: other.name, code: "conflict" }]);
  });
});
