/** Registering many agents at once, as a client does it: NDJSON in, a result a line out. */
import { request } from "node:http";
import { describe, expect, test } from "vitest";
import type { AgentHost } from "../support/server/agent.ts";
import type { Client, Problem } from "../support/server/client.ts";
import { freePort, type MeshServer } from "../support/server/mesh.ts";
import { staged } from "../support/server/staged.ts";
import { until } from "../support/server/until.ts";

let mesh: MeshServer;
let host: AgentHost;

staged((stage) => ({ mesh, host } = stage));

interface Result {
  readonly line: number;
  readonly name?: string;
  readonly status: number;
  readonly outcome: string;
  readonly revision?: number;
  readonly problem?: Problem;
}

const NDJSON = { "content-type": "application/x-ndjson" };
const agent = (name: string, more: Record<string, unknown> = {}) => ({
  name,
  version: "1.0.0",
  endpoint: { kind: "http", url: `http://127.0.0.1:${host.port}/${name}` },
  ...more,
});

function resultsIn(text: string): Result[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Result);
}

async function batch(lines: readonly unknown[], { client = mesh.client, query = "" } = {}): Promise<Result[]> {
  const raw = lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n");
  const reply = await client.send(`/v1/agents:batch${query}`, { raw, headers: NDJSON });
  expect([reply.status, reply.headers.get("content-type")]).toEqual([200, "application/x-ndjson"]);
  return resultsIn(reply.text);
}

const read = async (name: string, client: Client = mesh.client) =>
  (await client.send(`/v1/agents/${name}`)).body as Record<string, unknown>;

describe("a batch", () => {
  test("registers each line, which is found, listed and callable at once", async () => {
    await host.agent("first-of-many", () => "here");
    await mesh.client.send("/v1/agents/first-of-many", { method: "DELETE" });
    const results = await batch([agent("first-of-many"), agent("second-of-many", { description: "quixotic" })]);
    expect(results).toMatchObject([
      { line: 1, name: "first-of-many", status: 201, outcome: "registered" },
      { line: 2, name: "second-of-many", status: 201, outcome: "registered" },
    ]);
    expect((await mesh.client.invoke("first-of-many", 1)).result.output).toBe("here");
    expect((await mesh.client.send("/v1/agents?q=quixotic")).body).toMatchObject({
      items: [{ name: "second-of-many" }],
    });
    const { revision, owner, skills } = await read("second-of-many");
    expect([revision, owner, skills]).toMatchObject([results[1]?.revision, "admin", [{ id: "second-of-many" }]]);
  });

  test("refuses a bad line alone, and says which and why", async () => {
    const results = await batch([
      agent("good-one"),
      "{not json",
      agent("Bad Name"),
      "",
      agent("no-version", { version: "one" }),
      agent("private", { endpoint: { kind: "http", url: "http://169.254.169.254/" } }),
      agent("odd-schema", { skills: [{ id: "a", inputSchema: { $ref: "#/none" } }] }),
      "null",
      agent("good-one", { version: "2.0.0" }),
      `{"name":"large","x":"${"x".repeat(300_000)}"}`,
      agent("good-two"),
    ]);
    expect(results.map(({ line, status }) => [line, status])).toEqual([
      [1, 201],
      [2, 400],
      [3, 400],
      [5, 400],
      [6, 403],
      [7, 400],
      [8, 400],
      [9, 409],
      [10, 413],
      [11, 201],
    ]);
    const refused = results.filter(({ status }) => status >= 400);
    for (const { problem, outcome, status } of refused) {
      expect([outcome, problem?.status, problem?.type]).toEqual([
        "refused",
        status,
        `urn:hopline:problem:${problem?.code}`,
      ]);
    }
    const details = refused.map(({ problem }) => problem?.detail ?? "");
    const says = [
      /not valid JSON/,
      /\/name: must be/,
      /\/version/,
      /may not be reached/,
      /#\/none/,
      /The line/,
      /good-one/,
    ];
    for (const [place, what] of says.entries()) expect(details[place]).toMatch(what);
  });

  test("that was cut off can be sent again: what is there already is unchanged, what is new comes in", async () => {
    const many = Array.from({ length: 450 }, (_, n) => agent(`again-${n}`, { labels: { n: String(n) } }));
    const before = await batch(many.slice(0, 300));
    const after = await batch(many);
    expect(after.slice(0, 300).every(({ outcome, status }) => outcome === "unchanged" && status === 200)).toBe(true);
    expect(after.slice(0, 300).map(({ revision }) => revision)).toEqual(before.map(({ revision }) => revision));
    expect(after.slice(300).every(({ outcome }) => outcome === "registered")).toBe(true);
  });

  test("replaces what is there only when it is asked to, and only what its sender may change", async () => {
    const owner = mesh.client.as((await mesh.client.createKey(["register", "read"])).key);
    const other = mesh.client.as((await mesh.client.createKey(["register"])).key);
    const old = agent("exchanged");
    const next = agent("exchanged", { version: "2.0.0" });
    expect(await batch([old], { client: owner })).toMatchObject([{ outcome: "registered" }]);
    expect(await batch([next], { client: owner })).toMatchObject([{ status: 409, problem: { code: "conflict" } }]);
    const foreign = await batch([next, old], { client: other, query: "?replace=true" });
    expect(foreign).toMatchObject([
      { problem: { code: "insufficient_scope" } },
      { problem: { code: "insufficient_scope" } },
    ]);
    expect(await batch([old], { client: other })).toMatchObject([{ problem: { code: "conflict" } }]);
    expect(await batch([next], { client: owner, query: "?replace=true" })).toMatchObject([{ outcome: "replaced" }]);
    expect(await read("exchanged", owner)).toMatchObject({ version: "2.0.0" });
  });

  test("asks for the scope of a registration, and for its own media type", async () => {
    const reader = mesh.client.as((await mesh.client.createKey(["read", "invoke"])).key);
    const raw = JSON.stringify(agent("never"));
    const refused = await reader.send("/v1/agents:batch", { raw, headers: NDJSON });
    expect(refused.problem).toMatchObject({ code: "insufficient_scope" });
    const json = await mesh.client.send("/v1/agents:batch", { raw });
    expect(json.problem).toMatchObject({ code: "unsupported_media_type", status: 415 });
    const stray = await mesh.client.send("/v1/agents:batch?replace=perhaps", { raw, headers: NDJSON });
    expect(stray.problem.code).toBe("invalid_request");
    expect((await mesh.client.send("/v1/agents:batch")).problem).toMatchObject({ code: "method_not_allowed" });
    expect((await mesh.client.send("/v1/agents/never")).status).toBe(404);
  });

  test("tells results while lines are still to come", async () => {
    const told: string[] = [];
    const sent = request(`${mesh.url}/v1/agents:batch`, {
      method: "POST",
      headers: { ...NDJSON, authorization: `Bearer ${mesh.client.key}` },
    });
    sent.on("response", (answer) => answer.setEncoding("utf8").on("data", (text: string) => told.push(text)));
    const ended = new Promise<void>((done) => sent.on("close", () => done()));
    for (let n = 0; n < 250; n++) sent.write(`${JSON.stringify(agent(`early-${n}`))}\n`);
    await until("the first lines are answered", () => resultsIn(told.join("").replace(/[^\n]*$/, "")).length >= 200);
    expect((await read("early-0")).version).toBe("1.0.0");
    sent.end(JSON.stringify(agent("late")));
    await ended;
    expect(resultsIn(told.join("")).map(({ line }) => line)).toEqual(Array.from({ length: 251 }, (_, n) => n + 1));
  });

  test("with a line of an MCP server knows what that one says of itself when the answer ends", async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}/mcp`;
    const results = await batch([{ name: "silent-server", version: "1.0.0", endpoint: { kind: "mcp", url } }]);
    expect(results).toMatchObject([{ outcome: "registered" }]);
    const { upstream } = await read("silent-server");
    expect((upstream as { lastError: string }).lastError).toBeTypeOf("string");
  });

  test("of more lines than one may have is taken up to there, whatever its client reads meanwhile", {
    timeout: 240_000,
  }, async () => {
    // Refused lines are the cheap ones: what is looked at is the bound.
    const raw = `{}\n`.repeat(100_002);
    const reply = await mesh.client.send("/v1/agents:batch", { raw, headers: NDJSON });
    const results = resultsIn(reply.text);
    expect(results.length).toBe(100_001);
    expect(results.at(-1)).toMatchObject({ line: 100_001, status: 413, problem: { code: "payload_too_large" } });
    expect(results.every(({ status }) => status >= 400)).toBe(true);
  });
});
