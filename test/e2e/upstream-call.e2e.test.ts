/** What a server hears of a call when the mesh knows it already, and what becomes of whatever it answers. */
import { once } from "node:events";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { connectOld } from "../support/server/mcp.ts";
import { ADMIN_KEY, MeshServer } from "../support/server/mesh.ts";
import { until } from "../support/server/until.ts";
import { Upstream } from "../support/server/upstream.ts";

interface Heard {
  readonly headers: IncomingHttpHeaders;
  readonly message: { readonly id: string; readonly method: string; readonly params: Record<string, unknown> };
}
type Answer = (response: ServerResponse, heard: Heard) => void;

let mesh: MeshServer;
let raw: Upstream;
let modern: Upstream;
/** What the raw server answers to a call, and what it has heard since the test began. */
let answer: Answer;
let heard: Heard[] = [];
/** What it gives to whoever comes back for the rest of a stream. */
let resumed: (request: IncomingMessage, response: ServerResponse) => void;

const TOOL = { name: "say", inputSchema: { type: "object" } };
const RESULT = { content: [{ type: "text", text: "hi" }] };
const OPENED: Record<string, unknown> = {
  initialize: {
    protocolVersion: "2025-11-25",
    capabilities: { tools: {} },
    serverInfo: { name: "raw", version: "1.0.0" },
  },
  "tools/list": { tools: [TOOL] },
};

/** A server of 2025-11-25 by hand. */
async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method === "GET" && request.headers["last-event-id"] !== undefined) return resumed(request, response);
  if (request.method !== "POST") return void response.writeHead(405).end();
  const message = JSON.parse(await text(request)) as Heard["message"];
  const one = { headers: request.headers, message };
  heard.push(one);
  const { id, method } = message;
  if (method === "tools/call") return answer(response, one);
  if (id === undefined || method === undefined) return void response.writeHead(202).end();
  const result = OPENED[method];
  const reply = result === undefined ? { error: { code: -32_601, message: "not here" } } : { result };
  const opened = method === "initialize" ? { "mcp-session-id": "s1" } : {};
  response.writeHead(200, { "content-type": "application/json", ...opened });
  response.end(JSON.stringify({ jsonrpc: "2.0", id, ...reply }));
}

beforeAll(async () => {
  mesh = await MeshServer.start();
  raw = await Upstream.raw((request, response) => void serve(request, response));
  modern = await Upstream.modern({
    where: {
      inputSchema: { properties: { to: { type: "string", "x-mcp-header": "To" } } },
      run: () => RESULT,
    },
  });
  for (const [name, { url }] of [
    ["raw", raw],
    ["modern", modern],
  ] as const) {
    await mesh.client.send("/v1/agents", { body: { name, version: "1.0.0", endpoint: { kind: "mcp", url } } });
  }
});
beforeEach(() => {
  heard = [];
});
afterAll(async () => {
  await raw?.close();
  await modern?.close();
  await mesh?.wipe();
});

const say = () => mesh.client.send("/v1/tools/raw__say/invoke", { body: { input: { to: "Ada" } } });
const resultOf = ({ message }: Heard, result: unknown = RESULT) => ({ jsonrpc: "2.0", id: message.id, result });
const json = (response: ServerResponse, body: unknown, status = 200) =>
  void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
const eventOf = (message: unknown) => `event: message\ndata: ${JSON.stringify(message)}\n\n`;
const stream = (response: ServerResponse) => {
  response.writeHead(200, { "content-type": "text/event-stream" });
  return (message: unknown) => response.write(eventOf(message));
};

test("a call in a session is one request that names it, with an id of its own", async () => {
  answer = (response, one) => json(response, resultOf(one));
  const { chainId } = await say();
  await say();
  const [first, second] = heard;
  expect(heard).toHaveLength(2);
  expect(first?.headers).toMatchObject({ "mcp-session-id": "s1", "mcp-protocol-version": "2025-11-25" });
  expect(first?.headers).not.toHaveProperty("mcp-method");
  expect(first?.message.params).toMatchObject({ name: "say", arguments: { to: "Ada" } });
  expect(JSON.stringify(first?.message.params._meta)).toContain(chainId);
  expect(second?.message.id).not.toBe(first?.message.id);
});

test("a server of 2026-07-28 has an argument as a header that it wants so, in whatever letters", async () => {
  for (const to of ["Ada", "Grüße"]) {
    const { result } = await mesh.client.send("/v1/tools/modern__where/invoke", { body: { input: { to } } });
    expect(result.output).toMatchObject(RESULT);
  }
  expect(modern.calls.map(({ headers }) => headers["mcp-param-to"])).toEqual([
    "Ada",
    `=?base64?${Buffer.from("Grüße").toString("base64")}?=`,
  ]);
});

test("an answer in a stream is taken when it comes, though the stream stays open", async () => {
  answer = (response, one) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(`id: 1\nretry: 10\ndata: \n\n${eventOf(resultOf(one))}`);
  };
  expect((await say()).result.output).toMatchObject(RESULT);
});

test("an answer whose stream is closed midway is fetched from where it goes on", async () => {
  const comes: unknown[] = [];
  answer = (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end("id: first\nretry: 10\ndata: \n\n");
  };
  resumed = ({ headers }, response) => {
    comes.push(headers["last-event-id"]);
    const called = heard[0] as Heard;
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(comes.length === 1 ? ": not yet\n\n" : `id: second\n${eventOf(resultOf(called))}`);
  };
  expect((await say()).result.output).toMatchObject(RESULT);
  expect(comes).toEqual(["first", "first"]);
});

test("an answer may come with others in one body", async () => {
  answer = (response, one) => json(response, [{ jsonrpc: "2.0", method: "notifications/message" }, resultOf(one)]);
  expect((await say()).result.output).toMatchObject(RESULT);
});

test("progress of the call and log messages reach the client, that of other calls does not", async () => {
  answer = (response, one) => {
    const send = stream(response);
    const { progressToken } = one.message.params._meta as { progressToken: unknown };
    send({ jsonrpc: "2.0", method: "notifications/progress", params: { progressToken: "another", progress: 7 } });
    send({ jsonrpc: "2.0", method: "notifications/progress", params: { progressToken, progress: 1, total: 2 } });
    send(resultOf(one));
    response.end();
  };
  const { client } = await connectOld(mesh.url, ADMIN_KEY);
  try {
    const told: unknown[] = [];
    const onprogress = (progress: unknown) => told.push(progress);
    await client.callTool({ name: "raw__say", arguments: {} }, undefined, { onprogress });
    expect(told).toEqual([{ progress: 1, total: 2 }]);
  } finally {
    await client.close();
  }
});

test("what a server asks of a client that can't be asked is refused, and a ping is answered", async () => {
  const answers = () => heard.filter(({ message }) => message.method === undefined).map(({ message }) => message);
  answer = async (response, one) => {
    const send = stream(response);
    send({ jsonrpc: "2.0", id: 5, method: "elicitation/create", params: { message: "Who?" } });
    send({ jsonrpc: "2.0", id: 6, method: "ping" });
    await until("both were answered", () => answers().length === 2);
    send(resultOf(one));
  };
  expect((await say()).result.output).toMatchObject(RESULT);
  expect(answers()).toContainEqual({ jsonrpc: "2.0", id: 5, error: expect.objectContaining({ code: -32_601 }) });
  expect(answers()).toContainEqual({ jsonrpc: "2.0", id: 6, result: {} });
});

test("a call that is cancelled is cancelled at its server, by its id and by closing the connection", async () => {
  let closed: Promise<unknown> | undefined;
  answer = (response) => {
    closed = once(response, "close");
  };
  const { client } = await connectOld(mesh.url, ADMIN_KEY);
  try {
    const stop = new AbortController();
    const call = client.callTool({ name: "raw__say", arguments: {} }, undefined, { signal: stop.signal });
    call.catch(() => undefined);
    await until("the call has arrived", () => closed !== undefined);
    stop.abort();
    await closed;
    await until("it was cancelled", () => heard.at(-1)?.message.method === "notifications/cancelled");
    const called = heard.find(({ message }) => message.method === "tools/call");
    expect(heard.at(-1)?.message.params.requestId).toBe(called?.message.id);
  } finally {
    await client.close();
  }
});

test.each<[string, Answer, string]>([
  [
    "an error of the protocol's",
    (response, { message }) =>
      json(response, { jsonrpc: "2.0", id: message.id, error: { code: -32_602, message: "nope" } }),
    "nope",
  ],
  ["a redirect", (response) => void response.writeHead(307, { location: "http://127.0.0.1:1/" }).end(), "307"],
  [
    "an answer to somebody else",
    (response) => json(response, { jsonrpc: "2.0", id: "x", result: RESULT }),
    "not one to",
  ],
  ["an answer that is no JSON", (response) => void response.writeHead(200).end("<p>hi</p>"), "no JSON"],
  ["a result that is no object", (response, one) => json(response, resultOf(one, "hi")), "no object"],
  [
    "content that is none",
    (response, one) => json(response, resultOf(one, { content: [{ type: "text" }] })),
    "not one of",
  ],
  [
    "a stream that ends without an answer",
    (response) => void response.writeHead(200, { "content-type": "text/event-stream" }).end(": bye\n\n"),
    "without one",
  ],
  [
    "a stream that ends and can't be taken up again",
    (response) => {
      resumed = (_, again) => void again.writeHead(405).end();
      response.writeHead(200, { "content-type": "text/event-stream" }).end("id: first\ndata: \n\n");
    },
    "cut off",
  ],
  [
    "an answer without end",
    (response) => {
      response.writeHead(200, { "content-type": "application/json" });
      const more = () => {
        while (!response.destroyed && response.write("x".repeat(65_536)));
      };
      response.on("drain", more);
      more();
    },
    "more than",
  ],
  [
    "a result that nests too deep",
    (response, { message }) => {
      const deep = `${"[".repeat(200)}${"]".repeat(200)}`;
      const result = `{"content":[{"type":"text","text":"hi"}],"structuredContent":{"a":${deep}}}`;
      response.writeHead(200, { "content-type": "application/json" });
      response.end(`{"jsonrpc":"2.0","id":"${message.id}","result":${result}}`);
    },
    "nests deeper",
  ],
])("%s is the server's failure, and says so", async (_, given, words) => {
  answer = given;
  const { problem } = await say();
  expect(problem).toMatchObject({ status: 502, code: "upstream_error" });
  expect(problem.detail).toContain(words);
  expect(problem.detail).toContain("'raw'");
});
