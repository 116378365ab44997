// @promise chain:no-cycle-no-depth
// @promise chain:refusals-explained
import { beforeAll, describe, expect, test } from "vitest";
import { type AgentHost, type Handler, relay, type TestAgent } from "../support/server/agent.ts";
import type { GraphHop, Problem, Reply, Result } from "../support/server/client.ts";
import type { MeshServer } from "../support/server/mesh.ts";
import { staged } from "../support/server/staged.ts";

let mesh: MeshServer;
let host: AgentHost;
const agents = new Map<string, TestAgent>();

staged((stage) => ({ mesh, host } = stage));
beforeAll(async () => {
  await add("planner", relay("researcher"));
  await add("researcher", relay("planner"));
  await add("narcissus", relay("narcissus"));
});

async function add(...[name, handler, more]: Parameters<AgentHost["agent"]>): Promise<TestAgent> {
  const agent = await host.agent(name, handler, more);
  agents.set(name, agent);
  return agent;
}

/** What the innermost of a row of relays was answered. */
function innermost(reply: Reply): Problem | Result {
  let body = reply.result as Problem | Result;
  for (;;) {
    const output = "output" in body ? (body.output as { body?: Problem | Result } | null) : null;
    if (output?.body === undefined) return body;
    body = output.body;
  }
}

function problemWithin(reply: Reply): Problem {
  const body = innermost(reply);
  if (!("code" in body)) throw new Error(`Nothing was refused: ${reply.text}`);
  return body;
}

async function refusedHop(reply: Reply): Promise<GraphHop> {
  const { hops } = await mesh.client.graph(reply.result.chainId);
  const refused = hops.filter((hop) => hop.status === "rejected");
  expect(refused).toHaveLength(1);
  return refused[0] as GraphHop;
}

function reached(name: string, reply: Reply): number {
  return agents.get(name)?.callsOf(reply.result.chainId).length ?? 0;
}

describe("an agent that comes round", () => {
  test("is refused with 508, and the problem names the whole path of the loop", async () => {
    const reply = await mesh.client.invoke("planner", { topic: "loops" });
    const problem = problemWithin(reply);
    expect(problem).toMatchObject({ code: "cycle_detected", status: 508, retryable: false });
    expect(problem.type).toBe("urn:hopline:problem:cycle_detected");
    expect(problem.path).toEqual(["planner", "researcher", "planner"]);
    expect(problem.detail).toContain("planner → researcher → planner");
    expect(problem.chainId).toBe(reply.result.chainId);
    expect(reached("planner", reply)).toBe(1);
  });

  test("stands in the graph as a rejected hop with its path, and the chain goes on", async () => {
    const reply = await mesh.client.invoke("planner", { topic: "graph" });
    const refused = await refusedHop(reply);
    expect(refused).toMatchObject({ code: "cycle_detected", depth: 3, caller: "researcher", callee: "planner" });
    expect(refused.path).toEqual(["planner", "researcher", "planner"]);
    expect(refused.hopId).toBe(problemWithin(reply).hopId);
    const { hops, edges, status } = await mesh.client.graph(reply.result.chainId);
    expect(status).toBe("done");
    expect(hops.filter((hop) => hop.status === "done")).toHaveLength(2);
    expect(edges).toContainEqual({ from: "researcher", to: "planner", calls: 1, rejected: 1, errors: 0 });
  });

  test("is known by its name where its URL has changed meanwhile", async () => {
    const url = `http://127.0.0.1:${host.port}/moved`;
    await add("shifty", async (input, call) => {
      const body = { version: "2.0.0", endpoint: { kind: "http", url } };
      expect((await mesh.client.send("/v1/agents/shifty", { method: "PUT", body })).status).toBe(200);
      return { body: (await call.invoke("shifty", input)).json };
    });
    expect(problemWithin(await mesh.client.invoke("shifty", 1)).path).toEqual(["shifty", "shifty"]);
  });

  test("may not call itself", async () => {
    const reply = await mesh.client.invoke("narcissus", null);
    expect(problemWithin(reply).path).toEqual(["narcissus", "narcissus"]);
    expect(reached("narcissus", reply)).toBe(1);
  });

  test.each([
    ["the same URL", (port: number) => `http://127.0.0.1:${port}/origin-0`],
    ["localhost for 127.0.0.1", (port: number) => `http://localhost:${port}/origin-1`],
    ["another spelling of the address", (port: number) => `http://127.1:${port}/origin-2`],
    ["a fragment", (port: number) => `http://127.0.0.1:${port}/origin-3#elsewhere`],
    ["dots in the path", (port: number) => `http://127.0.0.1:${port}/x/../origin-4`],
    ["capitals and a root dot", (port: number) => `http://LOCALHOST.:${port}/origin-5`],
  ])("is known under another name with %s", async (_, urlOf) => {
    const url = urlOf(host.port);
    const name = /origin-\d/.exec(url)?.[0] ?? "";
    await add(name, relay(`alias-of-${name}`));
    const endpoint = { kind: "http", url } as const;
    await mesh.client.register({ name: `alias-of-${name}`, version: "1.0.0", endpoint });
    const reply = await mesh.client.invoke(name, "who is there");
    expect(problemWithin(reply)).toMatchObject({ code: "cycle_detected", path: [name, `alias-of-${name}`] });
    expect(reached(name, reply)).toBe(1);
  });
});

describe("the rule `allow`", () => {
  test("with times 2 lets an agent stand twice on a path, and refuses the third", async () => {
    const reply = await mesh.client.invoke("planner", 1, { policy: { cycle: { rule: "allow", times: 2 } } });
    const path = ["planner", "researcher", "planner", "researcher", "planner"];
    expect(problemWithin(reply)).toMatchObject({ code: "cycle_detected", path });
    expect((await refusedHop(reply)).path).toEqual(path);
    expect([reached("planner", reply), reached("researcher", reply)]).toEqual([2, 2]);
  });

  test("with times 1 is `deny`", async () => {
    const reply = await mesh.client.invoke("planner", 1, { policy: { cycle: { rule: "allow", times: 1 } } });
    expect(problemWithin(reply).path).toEqual(["planner", "researcher", "planner"]);
  });

  test("of an agent holds where the root call set none", async () => {
    await add("recursive", relay("recursive"), { cycle: { rule: "allow", times: 3 } });
    const reply = await mesh.client.invoke("recursive", 1);
    expect(problemWithin(reply).path).toEqual(Array(4).fill("recursive"));
  });
});

describe("the rule `progress`", () => {
  const progress = { policy: { cycle: { rule: "progress" as const } } };
  /** Calls itself with what comes after its input. */
  const step = (name: string, after: Record<string, unknown>): Handler => {
    return async (input, call) => {
      const next = after[JSON.stringify(input)];
      if (next === undefined) return "arrived";
      const reply = await call.invoke(name, next);
      return { status: reply.status, body: reply.json };
    };
  };

  test("lets an agent return with another input", async () => {
    await add("refiner", step("refiner", { "1": 2, "2": 3 }));
    const reply = await mesh.client.invoke("refiner", 1, progress);
    expect(innermost(reply)).toMatchObject({ output: "arrived" });
    expect(reached("refiner", reply)).toBe(3);
  });

  test("compares with every earlier visit, not only the last", async () => {
    await add("pendulum", step("pendulum", { "1": 2, "2": 3, "3": 1 }));
    const reply = await mesh.client.invoke("pendulum", 1, progress);
    expect(problemWithin(reply)).toMatchObject({ code: "cycle_detected", path: Array(4).fill("pendulum") });
    expect(reached("pendulum", reply)).toBe(3);
  });

  test("takes the same input in another order of its keys for the same", async () => {
    await add("shuffler", step("shuffler", { '{"a":1,"b":2}': { b: 2, a: 1 } }));
    const reply = await mesh.client.invoke("shuffler", { a: 1, b: 2 }, progress);
    expect(problemWithin(reply).code).toBe("cycle_detected");
  });

  test("does not lift the depth", async () => {
    await add("counter", async (input, call) => {
      const reply = await call.invoke("counter", Number(input) + 1);
      return { status: reply.status, body: reply.json };
    });
    const reply = await mesh.client.invoke("counter", 0, progress);
    expect(problemWithin(reply)).toMatchObject({ code: "depth_exceeded", limit: 8, actual: 9 });
  });
});

describe("depth", () => {
  const names = Array.from({ length: 13 }, (_, level) => `level-${level + 1}`);
  beforeAll(async () => {
    for (const [level, name] of names.entries()) await add(name, relay(names[level + 1] ?? "nobody"));
    await add("leaf", (input) => input);
    await add("fan", async (_, call) => {
      const calls = Array.from({ length: 12 }, (_, place) => call.invoke("leaf", place));
      return (await Promise.all(calls)).map((reply) => reply.status);
    });
  });

  test("12 admits twelve levels and refuses the thirteenth", async () => {
    const reply = await mesh.client.invoke("level-1", "down", { policy: { maxDepth: 12 } });
    expect(problemWithin(reply)).toMatchObject({ code: "depth_exceeded", status: 508, limit: 12, actual: 13 });
    const { hops } = await mesh.client.graph(reply.result.chainId);
    expect(hops.filter((hop) => hop.status === "done").map((hop) => hop.depth)).toEqual(
      names.slice(1).map((_, i) => i + 1),
    );
    expect(await refusedHop(reply)).toMatchObject({ depth: 13, code: "depth_exceeded", path: names });
    expect(reached("level-12", reply)).toBe(1);
    expect(reached("level-13", reply)).toBe(0);
  });

  test("above 12 is not a depth that a chain may have", async () => {
    const reply = await mesh.client.invoke("leaf", 1, { policy: { maxDepth: 13 } });
    expect(reply.problem).toMatchObject({ code: "invalid_request", status: 400 });
  });

  test("is 8 when the root call says nothing", async () => {
    expect(problemWithin(await mesh.client.invoke("level-1", 1))).toMatchObject({ limit: 8, actual: 9 });
  });

  test("is not the number of siblings: twelve of them stand at depth 2", async () => {
    const reply = await mesh.client.invoke("fan", null, { policy: { maxDepth: 2 } });
    expect(reply.result.output).toEqual(Array(12).fill(200));
    const { hops } = await mesh.client.graph(reply.result.chainId);
    expect(hops.map((hop) => hop.depth)).toEqual([1, ...Array<number>(12).fill(2)]);
  });
});

describe("a call within a chain only tightens", () => {
  test("a greater maxDepth changes nothing", async () => {
    await add("digger", relay("level-1", { policy: { maxDepth: 12 } }));
    const reply = await mesh.client.invoke("digger", 1, { policy: { maxDepth: 2 } });
    expect(problemWithin(reply)).toMatchObject({ code: "depth_exceeded", limit: 2, actual: 3 });
    const flat = await mesh.client.invoke("digger", 1, { policy: { maxDepth: 1 } });
    expect(problemWithin(flat)).toMatchObject({ code: "depth_exceeded", limit: 1, actual: 2 });
  });

  test("a smaller maxDepth holds for all below the call, and for nothing beside it", async () => {
    await add("modest", async (input, call) => {
      const within = await call.invoke("level-1", input, { policy: { maxDepth: 3 } });
      const beside = await call.invoke("level-1", input);
      return { body: (input === "within" ? within : beside).json };
    });
    expect(problemWithin(await mesh.client.invoke("modest", "within"))).toMatchObject({ limit: 3, actual: 4 });
    expect(innermost(await mesh.client.invoke("modest", "beside"))).toMatchObject({ limit: 8, actual: 9 });
  });

  test("a looser cycle rule changes nothing", async () => {
    await add("looser", relay("looser", { policy: { cycle: { rule: "allow", times: 5 } } }));
    expect(problemWithin(await mesh.client.invoke("looser", 1)).path).toEqual(["looser", "looser"]);
  });

  test("a stricter cycle rule holds for all below the call", async () => {
    const loose = { policy: { cycle: { rule: "allow" as const, times: 5 } } };
    await add("repeater", relay("repeater"));
    await add("warden", relay("repeater", { policy: { cycle: { rule: "deny" } } }));
    const reply = await mesh.client.invoke("warden", 1, loose);
    expect(problemWithin(reply).path).toEqual(["warden", "repeater", "repeater"]);
  });

  test("a stricter cycle rule holds for the call itself", async () => {
    await add("stricter", relay("stricter", { policy: { cycle: { rule: "allow", times: 2 } } }));
    const reply = await mesh.client.invoke("stricter", 1, { policy: { cycle: { rule: "allow", times: 5 } } });
    expect(problemWithin(reply).path).toEqual(Array(3).fill("stricter"));
  });

  test("`budget` with a hop token is an invalid request, and stands in the lineage", async () => {
    await add("grabber", relay("leaf", { budget: { hops: 100_000 } }));
    const reply = await mesh.client.invoke("grabber", 1);
    expect(problemWithin(reply)).toMatchObject({ code: "invalid_request", status: 400 });
    expect(problemWithin(reply).detail).toContain("budget");
    expect(await refusedHop(reply)).toMatchObject({ callee: "leaf", code: "invalid_request" });
    expect(reached("leaf", reply)).toBe(0);
  });
});
