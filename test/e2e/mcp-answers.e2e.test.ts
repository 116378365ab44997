/** In which form a tool call is answered: JSON when it ends soon and has nothing else to say, a stream otherwise. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ADMIN_KEY, MeshServer } from "../support/server/mesh.ts";
import { until } from "../support/server/until.ts";
import { type Tools, Upstream } from "../support/server/upstream.ts";

const text = (said: string) => ({ content: [{ type: "text", text: said }] });
const TOOLS: Tools = {
  quick: { run: () => text("at once") },
  slow: { run: () => new Promise((done) => setTimeout(done, 1_300, text("later"))) },
  late: { run: () => new Promise((done) => setTimeout(done, 4_000, text("too late"))) },
  logs: {
    run: async (_, __, { notify }) => {
      await notify("notifications/message", { level: "error", data: "before" });
      return text("after");
    },
  },
  fails: {
    run: () => {
      throw Object.assign(new Error("wrong"), { code: -32_602 });
    },
  },
};

let mesh: MeshServer;
let upstream: Upstream;
beforeAll(async () => {
  mesh = await MeshServer.start();
  upstream = await Upstream.old(TOOLS);
  const endpoint = { kind: "mcp", url: upstream.url };
  await mesh.client.send("/v1/agents", { body: { name: "up", version: "1.0.0", endpoint } });
});
afterAll(async () => {
  await upstream?.close();
  await mesh?.wipe();
});

const post = (body: unknown, headers: Record<string, string> = {}) =>
  fetch(new URL("/mcp", mesh.url), {
    method: "POST",
    headers: {
      authorization: `Bearer ${ADMIN_KEY}`,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...headers,
    },
    body: JSON.stringify(body),
  });

type Call = (name: string, meta?: object) => Promise<Response>;
let requests = 0;

/** @returns how to call in a session, and how to say and fetch something else in it */
async function session() {
  const clientInfo = { name: "test", version: "1" };
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo };
  const opened = await post({ jsonrpc: "2.0", id: "init", method: "initialize", params });
  await opened.text();
  const headers = {
    "mcp-session-id": opened.headers.get("mcp-session-id") ?? "",
    "mcp-protocol-version": "2025-11-25",
  };
  const call: Call = (name, meta = {}) => {
    requests += 1;
    const asked = { name, arguments: {}, _meta: meta };
    return post({ jsonrpc: "2.0", id: requests, method: "tools/call", params: asked }, headers);
  };
  const say = (message: object) => post({ jsonrpc: "2.0", ...message }, headers);
  const resume = (last: string) =>
    fetch(new URL("/mcp", mesh.url), {
      headers: { authorization: `Bearer ${ADMIN_KEY}`, accept: "text/event-stream", "last-event-id": last, ...headers },
    });
  return { call, say, resume };
}

const ENVELOPE = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "test", version: "1" },
  "io.modelcontextprotocol/clientCapabilities": {},
};
const stateless: Call = (name, meta = {}) => {
  requests += 1;
  const params = { name, arguments: {}, _meta: { ...ENVELOPE, ...meta } };
  const headers = { "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": name };
  return post({ jsonrpc: "2.0", id: requests, method: "tools/call", params }, headers);
};

const typeOf = (response: Response) => response.headers.get("content-type")?.split(";")[0];
interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly result?: { resultType?: string; content: { text: string }[]; _meta: Record<string, unknown> };
  readonly error?: { code: number; message: string };
}
const messagesOf = (stream: string) =>
  [...stream.matchAll(/^data: (\{.*)$/gm)].map(([, json = ""]) => JSON.parse(json) as Message);

describe.each<[string, () => Promise<Call>]>([
  ["2025-11-25", async () => (await session()).call],
  ["2026-07-28", async () => stateless],
])("a call of %s", (era, open) => {
  let call: Call;
  beforeAll(async () => {
    call = await open();
  });

  test("that ends soon is answered by plain JSON, with its chain", async () => {
    const response = await call("up__quick");
    expect(typeOf(response)).toBe("application/json");
    const { id, result } = (await response.json()) as Message;
    expect(id).toBe(requests);
    expect(result?.content).toEqual(text("at once").content);
    expect(result?.resultType).toBe(era === "2026-07-28" ? "complete" : undefined);
    const { hops } = await mesh.client.graph(result?._meta["io.hopline/chainId"] as string);
    expect(hops).toMatchObject([{ callee: "up", skill: "quick", status: "done" }]);
  });

  test("that takes longer is answered by a stream, and its tool has run once", async () => {
    const before = upstream.calls.length;
    const response = await call("up__slow");
    expect(typeOf(response)).toBe("text/event-stream");
    expect(messagesOf(await response.text())).toMatchObject([{ id: requests, result: text("later") }]);
    expect(upstream.calls).toHaveLength(before + 1);
  });

  test("whose tool says something in between hears it before the result", async () => {
    // Without a session only who asks for them gets log messages.
    const response = await call(
      "up__logs",
      era === "2026-07-28" ? { "io.modelcontextprotocol/logLevel": "debug" } : {},
    );
    expect(typeOf(response)).toBe("text/event-stream");
    const messages = messagesOf(await response.text());
    expect(messages.map(({ method }) => method)).toEqual(["notifications/message", undefined]);
    expect(messages[1]).toMatchObject({ result: text("after") });
  });

  test("that fails with an error of the protocol's gets that error", async () => {
    const before = upstream.calls.length;
    const messages = messagesOf(await (await call("up__fails")).text());
    expect(messages).toMatchObject([
      { id: requests, error: { code: -32_602, message: expect.stringContaining("wrong") } },
    ]);
    expect(upstream.calls).toHaveLength(before + 1);
  });

  test("that is refused gets the refusal as a result", async () => {
    const { result } = (await (await call("up__quick", { "io.hopline/budget": { hops: 0 } })).json()) as Message;
    expect(result).toMatchObject({ isError: true });
    expect(result?.content[0]?.text).toContain("budget_exceeded");
  });
});

describe("in a session", () => {
  test("a call that takes longer can be taken up where its stream broke", async () => {
    const { call, resume } = await session();
    const response = await call("up__slow");
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const opening = new TextDecoder().decode((await reader.read()).value);
    await reader.cancel();
    const [, id = ""] = /^id: (\S+)$/m.exec(opening) ?? [];
    const resumed = await resume(id);
    expect(messagesOf(await resumed.text())).toMatchObject([{ id: requests, result: text("later") }]);
  });

  test.each([
    ["before it is a stream", 0],
    ["when it is a stream", 1_300],
  ])("a call is cancelled %s", async (_, waitMs) => {
    const { call, say } = await session();
    const before = upstream.calls.length;
    const response = call("up__late");
    const id = requests;
    await until("the call has arrived", () => upstream.calls.length > before);
    await new Promise((done) => setTimeout(done, waitMs));
    await say({ method: "notifications/cancelled", params: { requestId: id } });
    const statusOf = async () => {
      const { items } = (await mesh.client.send("/v1/chains?agent=up&limit=1")).body as { items: { status: string }[] };
      return items[0]?.status === "cancelled";
    };
    await until("its chain was cancelled", statusOf, 1_500);
    await (await response).body?.cancel();
  });
});
