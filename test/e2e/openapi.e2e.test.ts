/**
 * The document is the contract: requests are made from it, right ones and damaged ones, and every answer is held to it.
 * FUZZ_SEED repeats a run; FUZZ_RUNS multiplies it.
 */
import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AnswerCheck, type Given } from "../support/fuzz/answers.ts";
import { type Document, type Operation, operationsOf } from "../support/fuzz/document.ts";
import { type Request, requestsOf } from "../support/fuzz/requests.ts";
import { AgentHost, Raw, silent } from "../support/server/agent.ts";
import { type Fuzzed, furnish } from "../support/server/fuzz-surroundings.ts";
import { MeshServer } from "../support/server/mesh.ts";
import { until } from "../support/server/until.ts";

const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31);
const TIMES = Number(process.env.FUZZ_RUNS ?? "1");
/** Requests an operation; those with a body have more to get wrong. */
const RUNS: Readonly<Record<string, number>> = {
  invokeAgent: 1_200,
  registerAgent: 500,
  replaceAgent: 500,
  registerAgents: 400,
  changeAgent: 400,
  readHop: 400,
  makeKey: 300,
};
const OTHER_RUNS = 150;
const LARGE = JSON.stringify({ input: "x".repeat(5_000_000) });

let mesh: MeshServer;
let host: AgentHost;
let document: Document;
let check: AnswerCheck;
let around: Fuzzed;
/** How often each status of each operation was answered. */
const seen = new Map<string, number>();
let sent = 0;

beforeAll(async () => {
  console.log(`fuzz: FUZZ_SEED=${seed}`);
  mesh = await MeshServer.start();
  host = await AgentHost.start(mesh);
  document = (await mesh.client.send("/openapi.json")).body as Document;
  check = new AnswerCheck(document);
  around = await furnish(mesh, host);
});
afterAll(async () => {
  around?.letGo();
  await host?.close();
  await mesh?.wipe();
});

function operation(id: string): Operation {
  const found = operationsOf(document).find(({ operationId }) => operationId === id);
  if (found === undefined) throw new Error(`The document has no operation '${id}'.`);
  return found;
}

async function answerTo({ method, path, headers, body }: Request): Promise<Given> {
  const response = await fetch(mesh.url + path, {
    method,
    headers,
    redirect: "manual",
    // As bytes: for a string the client would name a media type of its own.
    ...(body === undefined ? {} : { body: typeof body === "string" ? new TextEncoder().encode(body) : body }),
    signal: AbortSignal.timeout(20_000),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** @throws {Error} when the answer is not one of the document */
async function tried(of: Operation, request: Request): Promise<number> {
  const given = await answerTo(request);
  sent += 1;
  if (request.method === of.method) {
    const key = `${of.operationId} ${given.status}`;
    seen.set(key, (seen.get(key) ?? 0) + 1);
  }
  const fault = check.faultOf(of, request.method, given);
  if (fault !== undefined) throw new Error(`${fault}\n${given.status} ${given.text.slice(0, 1_000)}`);
  return given.status;
}

/** The commands of the page, as a shell takes them apart. */
function commandsOf(page: string): string[][] {
  const blocks = [...page.matchAll(/<code>(curl [^<]*)<\/code>/g)].map(([, text]) => unescaped(text ?? ""));
  const curl = "curl() { printf '%s\\0' \"$@\"; }";
  return blocks.map((command) => {
    const env = { HOPLINE: mesh.url, KEY: String(around.keys[0]), ID: "none" };
    const output = execFileSync("sh", ["-c", `${curl}\n${command}`], { encoding: "utf8", env });
    return output.split("\0").slice(0, -1);
  });
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };

function unescaped(text: string): string {
  return text.replaceAll(/&([a-z]+|#39);/g, (whole, name: string) => ENTITIES[name] ?? whole);
}

describe("the commands on the page", () => {
  test("are right requests, one for every operation", async () => {
    const commands = commandsOf((await mesh.client.send("/docs")).text);
    expect(commands.length).toBe(operationsOf(document).length);
    const statuses: string[] = [];
    for (const [index, words] of commands.entries()) {
      const of = operationsOf(document).at(index) as Operation;
      const given = (flag: string) => words.flatMap((word, place) => (words[place - 1] === flag ? [word] : []));
      const url = words.find((word) => word.startsWith("http")) ?? "";
      const [body] = given("-d");
      const headers = Object.fromEntries(given("-H").map((field) => field.split(": ") as [string, string]));
      const method = given("-X")[0] ?? (body === undefined ? "GET" : "POST");
      expect([method, words[0]]).toEqual([of.method, "-s"]);
      statuses.push(
        `${of.operationId} ${await tried(of, { method, path: url.slice(mesh.url.length), headers, body })}`,
      );
    }
    // Chains and keys of the examples are made up, and the key is no hop token; whatever is wrong with a command would be another status.
    const failed = statuses.filter((status) => !/ 2\d\d$/.test(status));
    const made = [
      "approveTools",
      "readChain",
      "cancelChain",
      "deleteChain",
      "followChain",
      "readChainGraph",
      "revokeKey",
    ];
    expect(failed.toSorted()).toEqual([...made.map((id) => `${id} 404`), "readHop 403"].toSorted());
  });
});

describe("what an agent is sent", () => {
  test("is what the document says, in header fields and body", async () => {
    const agent = await host.agent("told", (input) => input);
    await mesh.client.invoke("told", { hello: "there" });
    const [call] = agent.calls;
    const { parameters = [], requestBody } = document.webhooks.callOfAgent?.post ?? {};
    expect(parameters.length).toBeGreaterThan(5);
    for (const { name, schema } of parameters) {
      const value = call?.headers[name.toLowerCase()];
      expect([name, typeof value, check.faultBy(schema, value)]).toEqual([name, "string", undefined]);
    }
    const unsaid = Object.keys(call?.headers ?? {}).filter((name) => /^hopline-|^trace|^idempotency/.test(name));
    const said = parameters.map(({ name }) => name.toLowerCase());
    expect(unsaid.filter((name) => !said.includes(name))).toEqual([]);
    const schema = requestBody?.content["application/json"]?.schema ?? {};
    expect([check.faultBy(schema, call?.body), check.faultBy(schema, {}) === undefined]).toEqual([undefined, false]);
  });
});

/** Those that take agents and keys away come last. */
const ORDER = [
  ...["readHealth", "readPublicKeys", "readMcpMetadata", "readDescription", "readDocs"],
  ...[
    "invokeAgent",
    "readHop",
    "listAgents",
    "readAgent",
    "listChains",
    "readChain",
    "followChain",
    "readChainGraph",
    "readMeshGraph",
    "listTools",
    "invokeTool",
  ],
  ...[
    "registerAgent",
    "registerAgents",
    "replaceAgent",
    "changeAgent",
    "approveTools",
    "makeKey",
    "listKeys",
    "rotateTokenKeys",
    "cancelChain",
    "deleteChain",
    "removeAgent",
    "revokeKey",
  ],
];

describe("requests made from the document are answered as the document says", () => {
  test.each(ORDER)("%s", async (id) => {
    const of = operation(id);
    const property = fc.asyncProperty(requestsOf(document, of, around), async (request) => {
      await tried(of, request);
    });
    await fc.assert(property, { seed, numRuns: (RUNS[id] ?? OTHER_RUNS) * TIMES, interruptAfterTimeLimit: 60_000 });
  });

  /** A right request of an operation, with the admin key unless another is named. */
  const request = (
    of: Operation,
    path: string,
    more: { bearer?: string; tag?: string; body?: string } = {},
  ): Request => ({
    method: of.method,
    path,
    headers: {
      authorization: `Bearer ${more.bearer ?? around.keys[0]}`,
      ...(more.body === undefined ? {} : { "content-type": "application/json" }),
      ...(more.tag === undefined ? {} : { [of.method === "GET" ? "if-none-match" : "if-match"]: more.tag }),
    },
    body: more.body,
  });

  test("a body that is too large", async () => {
    for (const of of operationsOf(document).filter(({ requestBody }) => requestBody?.content["application/json"])) {
      const path = of.path.replace("{name}", "parrot");
      expect(await tried(of, request(of, path, { body: LARGE })), of.operationId).toBe(413);
    }
  });

  test("a call that would close a loop, or go over its budget, and those of a busy, a slow and a broken agent", async () => {
    const invoke = operation("invokeAgent");
    const body = '{"input":1}';
    const loop = request(invoke, "/v1/agents/keeper/invoke", { bearer: around.token, body });
    expect(await tried(invoke, loop)).toBe(508);
    expect(await tried(invoke, request(invoke, "/v1/agents/busy/invoke", { body }))).toBe(429);
    // One of its own: the others' timeouts may have opened the breaker of the agent that they share.
    await host.agent("unhurried", silent, { timeoutMs: 20 });
    expect(await tried(invoke, request(invoke, "/v1/agents/unhurried/invoke", { body }))).toBe(504);
    await host.agent("broken", () => new Raw(500, "{}"));
    expect(await tried(invoke, request(invoke, "/v1/agents/broken/invoke", { body }))).toBe(502);
    const nothing = request(invoke, "/v1/agents/parrot/invoke", { body: '{"input":1,"budget":{"hops":0}}' });
    expect(await tried(invoke, nothing)).toBe(402);
  });

  test("a graph in a form that there is not", async () => {
    const { chainId } = await mesh.client.invoke("parrot", 1);
    for (const [id, path] of [
      ["readMeshGraph", "/v1/graph"],
      ["readChainGraph", `/v1/chains/${chainId}/graph`],
    ] as const) {
      const asked = request(operation(id), path);
      const picture = { ...asked, headers: { ...asked.headers, accept: "image/png" } };
      expect(await tried(operation(id), picture), id).toBe(406);
    }
  });

  test("what is still as it was, and what is not any more", async () => {
    const path = "/v1/agents/parrot";
    const body = JSON.stringify({ version: "2.0.0", endpoint: { kind: "http", url: around.urls[0] } });
    const tag = (await mesh.client.send(path)).headers.get("etag") ?? "";
    const tries = async (id: string, more: { tag: string; body?: string }) =>
      tried(operation(id), request(operation(id), path, more));
    expect(await tries("readAgent", { tag })).toBe(304);
    expect(await tries("replaceAgent", { tag, body })).toBe(200);
    expect(await tries("readAgent", { tag })).toBe(200);
    expect(await tries("replaceAgent", { tag, body })).toBe(412);
    expect(await tries("changeAgent", { tag, body: '{"status":"draining"}' })).toBe(412);
    expect(await tries("removeAgent", { tag })).toBe(412);
    for (const [id, at] of [
      ["readDescription", "/openapi.json"],
      ["readDocs", "/docs"],
    ] as const) {
      const known = (await mesh.client.send(at)).headers.get("etag") ?? "";
      expect(await tried(operation(id), request(operation(id), at, { tag: known }))).toBe(304);
    }
  });

  test("a key for another request, and a chain that has ended", async () => {
    const [invoke, cancel, remove] = [operation("invokeAgent"), operation("cancelChain"), operation("deleteChain")];
    const path = "/v1/agents/parrot/invoke";
    const call = (body: string) => {
      const made = request(invoke, path, { body });
      return tried(invoke, { ...made, headers: { ...made.headers, "idempotency-key": "the-same" } });
    };
    expect([await call('{"input":1}'), await call('{"input":1}'), await call('{"input":2}')]).toEqual([200, 200, 409]);
    const { chainId } = await mesh.client.invoke("parrot", 1);
    expect(await tried(cancel, request(cancel, `/v1/chains/${chainId}/cancel`))).toBe(409);
    expect(await tried(remove, request(remove, `/v1/chains/${chainId}`))).toBe(204);
    const kept = await host.agent("kept", silent);
    void mesh.client.invoke(kept.name, 1).catch(() => undefined);
    const running = await until("it runs", () => kept.calls[0]);
    expect(await tried(remove, request(remove, `/v1/chains/${running.chainId}`))).toBe(409);
  });

  test("in at least 2,000 requests every operation, and every documented status but 500", () => {
    const operations = operationsOf(document);
    expect(operations.map(({ operationId }) => operationId).toSorted()).toEqual(ORDER.toSorted());
    expect(sent).toBeGreaterThanOrEqual(2_000);
    const documented = operations.flatMap(({ operationId, responses }) =>
      Object.keys(responses).map((status) => `${operationId} ${status}`),
    );
    console.log(`fuzz: ${sent} requests, ${seen.size} of ${documented.length} documented answers met`);
    // A tool is called by the code that calls an agent, whose every answer is met.
    const missed = documented.filter((answer) => !seen.has(answer) && !/ 500$|^invokeTool /.test(answer));
    expect(missed).toEqual([]);
  });
});
