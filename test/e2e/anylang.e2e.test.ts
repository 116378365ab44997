/** Agents in any language: what docs/protocol.md says, held by a TypeScript and a Python agent in real processes. */
import { generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AgentHost, sleep } from "../support/server/agent.ts";
import { AgentProcess } from "../support/server/anylang/process.ts";
import type { Problem, Result } from "../support/server/client.ts";
import { EventReader } from "../support/server/events.ts";
import type { MeshServer } from "../support/server/mesh.ts";
import { staged } from "../support/server/staged.ts";
import { until } from "../support/server/until.ts";

const AGENTS = ["typed", "pythonic"] as const;
type Name = (typeof AGENTS)[number];

let mesh: MeshServer;
let host: AgentHost;
const agents = new Map<string, AgentProcess>();

const agent = (name: Name): AgentProcess => {
  const found = agents.get(name);
  if (found === undefined) throw new Error(`${name} was not started.`);
  return found;
};
const use = (name: Name, skill: string, input: unknown = null) => mesh.client.invoke(name, input, { skill });
const post = (url: string, headers: Record<string, string>) =>
  fetch(url, { method: "POST", headers: { "content-type": "application/json", ...headers }, body: '{"input":null}' });

staged((stage) => ({ mesh, host } = stage));
beforeAll(async () => {
  for (const name of AGENTS) agents.set(name, await AgentProcess.start(mesh, name));
});
afterAll(async () => {
  for (const process of agents.values()) await process.stop();
});

test("a chain goes through TypeScript, Python and a builtin agent, and its graph shows the path", async () => {
  const { result } = await use("typed", "greet", { name: "Ada" });
  expect(result.output).toBe("typed: pythonic: Ada");
  expect(result.usage).toMatchObject({ hops: 3, tokens: 7, costMicros: 5 });
  const { hops } = await mesh.client.graph(result.chainId);
  expect(hops.map(({ path, skill, status }) => [path.join(" → "), skill, status])).toEqual([
    ["typed", "greet", "done"],
    ["typed → pythonic", "greet", "done"],
    ["typed → pythonic → echo", "echo", "done"],
  ]);
});

test.each(["greeter", "greeter-py"] as const)("the example %s registers itself, and greets", async (name) => {
  const example = await AgentProcess.start(mesh, name, { PORT: "0" });
  try {
    expect((await mesh.client.invoke(name, { name: "Ada" })).result.output).toBe("Hello Ada");
  } finally {
    await example.stop();
  }
});

test("the least agent of docs/protocol.md runs as it stands", async () => {
  const least = await AgentProcess.least(mesh);
  try {
    await mesh.client.register({ name: "least", version: "1.0.0", endpoint: { kind: "http", url: least.url } });
    const { result } = await mesh.client.invoke("least", "Ada");
    expect(result.output).toBe("Hello Ada");
    expect((await mesh.client.graph(result.chainId)).hops[1]?.path).toEqual(["least", "echo"]);
  } finally {
    await least.stop();
  }
});

describe.each(AGENTS)("%s", (name) => {
  const other = name === "typed" ? "pythonic" : "typed";

  test("says what it is at GET /, and is registered with its schemas", async () => {
    const card = (await (await fetch(agent(name).url)).json()) as { name: string; skills: { id: string }[] };
    expect(card).toMatchObject({ name, version: "1.0.0" });
    const greet = card.skills.find(({ id }) => id === "greet");
    expect(greet).toMatchObject({ inputSchema: { type: "object", required: ["name"] } });
    const stored = (await mesh.client.send(`/v1/agents/${name}`)).body as { skills: unknown[] };
    expect(stored.skills).toContainEqual(expect.objectContaining(greet));
  });

  test("refuses who has no token, and who made one up", async () => {
    const { url } = agent(name);
    const none = await post(url, {});
    expect([none.status, none.headers.get("content-type")]).toEqual([401, "application/problem+json"]);
    expect(await none.json()).toMatchObject({ code: "token_invalid" });

    const { privateKey } = await generateKeyPair("EdDSA");
    const { keys } = (await mesh.client.send("/.well-known/jwks.json")).body as { keys: { kid: string }[] };
    const [place, hop] = ["0".repeat(32), "1".repeat(16)];
    const forged = await new SignJWT({ txn: place })
      .setProtectedHeader({ alg: "EdDSA", typ: "hop+jwt", kid: keys[0]?.kid ?? "" })
      .setAudience("default")
      .setSubject(name)
      .setJti(hop)
      .setExpirationTime("1 minute")
      .sign(privateKey);
    const refused = await post(url, { "hopline-token": forged, "hopline-chain": place, "hopline-hop": hop });
    expect(refused.status).toBe(401);
    expect(await refused.json()).toMatchObject({ code: "token_invalid" });
  });

  test("refuses a real token of another agent", async () => {
    const { value } = await host.within(async (call) => {
      const headers = { "hopline-token": call.token, "hopline-chain": call.chainId, "hopline-hop": call.hopId };
      const refused = await post(agent(name).url, headers);
      return { status: refused.status, problem: (await refused.json()) as Problem };
    });
    expect(value.status).toBe(401);
    expect(value.problem.detail).toContain(`not for '${name}'`);
  });

  test("is cancelled by the end of the connection", async () => {
    const invoked = use(name, "wait");
    const chainId = await until("it waits", async () => {
      const { items } = (await mesh.client.send(`/v1/chains?status=running&agent=${name}`)).body as {
        items: { chainId: string }[];
      };
      return items.map((chain) => chain.chainId).find((id) => agent(name).logged(id).includes("waiting"));
    });
    await mesh.client.cancel(chainId);
    expect((await invoked).problem.code).toBe("chain_cancelled");
    await until("its handler hears it", () => agent(name).logged(chainId).includes("aborted"), 2_000);
  });

  test("is cancelled by its deadline", async () => {
    const { problem } = await mesh.client.invoke(name, null, { skill: "wait", budget: { wallMs: 800 } });
    expect(problem).toMatchObject({ status: 504, code: "deadline_exceeded" });
    const chainId = problem.chainId ?? "";
    await until("its handler hears it", () => agent(name).logged(chainId).includes("aborted"), 2_000);
  });

  test("gives its pieces to a caller that streams, before its answer", async () => {
    const stream = await EventReader.open(mesh.client, `/v1/agents/${name}/invoke`, {
      body: { input: null, skill: "pieces" },
    });
    await until("the first piece came", () => stream.of("chunk").length === 1);
    expect(stream.of("result")).toEqual([]);
    expect(await stream.ended).toBe("ended");
    expect(stream.of("chunk")).toEqual([{ piece: 1 }, "two\n\nlines"]);
    expect((stream.of("result") as Result[])[0]?.output).toBe("whole");
  });

  test("says within the stream why there is no answer after its pieces", async () => {
    const { problem } = await use(name, "pieces", "fail");
    expect(problem).toMatchObject({ status: 502, code: "upstream_error" });
    expect(problem.detail).toContain("no third piece");
  });

  test(`hears the pieces of ${other}`, async () => {
    const { output } = (await use(name, "listen")).result;
    expect(output).toEqual({ heard: [{ piece: 1 }, "two\n\nlines"], output: "whole" });
  });

  test("calls a tool by its name", async () => {
    const { result } = await use(name, "tool", "hammer");
    expect(result.output).toEqual({ input: "hammer" });
    expect((await mesh.client.graph(result.chainId)).hops[1]?.path).toEqual([name, "echo"]);
  });

  test("serves on when the mesh's keys rotate", async () => {
    // It has the keys of now, the next one included; that of the second rotation it must ask for.
    expect((await use(name, "once")).status).toBe(200);
    await sleep(2_100);
    for (const _ of [1, 2]) {
      const rotated = await mesh.client.send("/v1/token-keys/rotate", { method: "POST" });
      expect(rotated.status).toBe(200);
      expect((await use(name, "once")).result.output).toBe(true);
    }
  });

  test("learns why the mesh refused a call", async () => {
    const { output } = (await use(name, "refused")).result;
    expect(output).toMatchObject({ code: "cycle_detected", path: [name, name] });
  });

  test("repeats a call under its idempotency key without a second hop", async () => {
    const { result } = await use(name, "once");
    expect(result.output).toBe(true);
    expect((await mesh.client.graph(result.chainId)).hops).toHaveLength(2);
  });

  test("gets no input that does not fit, and the caller learns why", async () => {
    const { problem } = await use(name, "greet", { name: 5 });
    expect(problem).toMatchObject({ status: 422, code: "invalid_input", errors: [{ pointer: "/name" }] });
  });
});

test.each(AGENTS)("%s knows how deep it stands, and what its budget and its caller's allowance leave", async (name) => {
  const other = name === "typed" ? "pythonic" : "typed";
  const policy = { maxDepth: 5 };
  const { result } = await mesh.client.invoke(name, other, { skill: "left", budget: { hops: 10, tokens: 50 }, policy });
  const bytes = expect.any(Number);
  const rest = { tokens: 50, costMicros: expect.any(Number), concurrency: expect.any(Number), bytes };
  expect(result.output).toEqual([
    { depth: 1, left: { ...rest, hops: 9, depth: 4 } },
    [{ depth: 2, left: { ...rest, hops: 2, depth: 3 } }],
  ]);
});

test("what is left is told to the holder of a hop token alone, and not once the hop has ended", async () => {
  const { value } = await host.within(async (call) => {
    const { token, chainId, hopId } = call;
    return { token, chainId, hopId, left: (await call.client.send("/v1/hop")).body };
  });
  const { chainId, hopId } = value;
  expect(value.left).toMatchObject({ chainId, hopId, remaining: { hops: 99, depth: 7 } });
  expect((await mesh.client.as(value.token).send("/v1/hop")).problem).toMatchObject({ code: "token_invalid" });
  expect((await mesh.client.send("/v1/hop")).problem).toMatchObject({ code: "insufficient_scope", status: 403 });
});

test("a call that is aborted alone cancels its callee, and its caller goes on", async () => {
  const { result } = await use("typed", "leave");
  expect(result.output).toBe("TimeoutError");
  await until("the callee hears it", () => agent("pythonic").logged(result.chainId).includes("aborted"));
});

test("the TypeScript agent explains an input that the mesh let through", async () => {
  await mesh.client.send("/v1/agents/typed", {
    method: "PUT",
    body: { version: "1.0.0", endpoint: { kind: "http", url: agent("typed").url } },
  });
  const { problem } = await mesh.client.invoke("typed", { name: 5 });
  expect(problem).toMatchObject({ status: 502, code: "upstream_error" });
  expect(problem.detail).toMatch(/status 422.*\/name/);
});

describe.each(AGENTS)("a stop of %s", (name) => {
  test("lets the call that runs finish, and refuses the rest with 503 until then", async () => {
    await agent(name).stop();
    const again = await AgentProcess.start(mesh, name);
    agents.set(name, again);
    const invoked = use(name, "nap");
    await until("it naps", () => again.logged("").includes("napping"));
    again.signal("SIGTERM");
    await sleep(200);
    const { problem } = await use(name, "nap");
    expect(problem).toMatchObject({ status: 502, code: "upstream_error" });
    expect(problem.detail).toContain("503");
    const looked = await fetch(again.url, { headers: { connection: "close" } });
    expect([looked.status, looked.headers.get("retry-after")]).toEqual([503, "1"]);
    expect((await invoked).result.output).toBe("rested");
    expect(await again.ended).toBe(0);
    expect(again.logged("")).toEqual(["napping"]);
  });

  test("an agent that requires its key calls on with it", async () => {
    const { key } = await mesh.client.createKey(["agent"], { agent: name });
    const keyed = await AgentProcess.start(mesh, name, { AGENT_KEY: key });
    agents.set(name, keyed);
    const stored = (await mesh.client.send(`/v1/agents/${name}`)).body;
    expect(stored).toMatchObject({ requireKey: true });
    expect((await use(name, "once")).result.output).toBe(true);
  });
});
