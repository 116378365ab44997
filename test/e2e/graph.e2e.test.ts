import { Graphviz } from "@hpcc-js/wasm-graphviz";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "../mesh/chain/render/mermaid-parser.ts";
import { xmlOf } from "../mesh/chain/render/xml-reader.ts";
import { AgentHost, relay } from "../support/server/agent.ts";
import type { Graph, Reply } from "../support/server/client.ts";
import { MeshServer } from "../support/server/mesh.ts";

const HOSTILE = '<script>alert(1)</script>\n\u202e😀"';

let mesh: MeshServer;
let host: AgentHost;
let graphviz: Graphviz;
/** `boss` has called `leaf` twelve times, itself, and an agent that there can't be. */
let chainId: string;

beforeAll(async () => {
  mesh = await MeshServer.start();
  host = await AgentHost.start(mesh);
  graphviz = await Graphviz.load();
  await host.agent("leaf", (input) => input);
  await host.agent("boss", async (_, call) => {
    await Promise.all(Array.from({ length: 12 }, (_, n) => call.invoke("leaf", n)));
    await call.invoke("boss", 1);
    return (await call.invoke(encodeURIComponent(HOSTILE), 1)).status;
  });
  const traceparent = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
  const reply = await mesh.client.invoke("boss", 1, {}, { headers: { traceparent } });
  expect(reply.result.output).toBe(404);
  chainId = reply.chainId;
});

afterAll(async () => {
  await host?.close();
  await mesh?.wipe();
});

const graph = (query: string, accept?: string): Promise<Reply> =>
  mesh.client.send(`/v1/chains/${chainId}/graph${query}`, accept === undefined ? {} : { headers: { accept } });
const read = async (query: string) => {
  const reply = await graph(query);
  expect(reply.status, reply.text).toBe(200);
  return reply.text;
};

describe("a chain's graph in every format", () => {
  test("the refused call of an impossible agent stands in the graph under its own name", async () => {
    const { hops, nodes } = JSON.parse(await read("?format=json")) as Graph;
    expect(hops.at(-1)).toMatchObject({ callee: HOSTILE, status: "rejected", code: "agent_not_found" });
    expect(nodes.map(({ name }) => name)).toEqual(["admin", "boss", "leaf", HOSTILE]);
  });

  test.each(["", "&view=hops", "&view=agents"])("as Mermaid%s is accepted by Mermaid's own parser", async (view) => {
    const text = await read(`?format=mermaid${view}`);
    expect(await parse(text)).toMatchObject({ diagramType: "flowchart-v2" });
    expect(text).not.toMatch(/<script|\u202e/);
    expect(text).toContain(view === "&view=hops" ? "leaf #215;12" : "#215;12");
    expect(text).toContain("cycle_detected");
  });

  test.each(["", "&view=hops", "&view=agents"])("as dot%s is drawn by Graphviz", async (view) => {
    const text = await read(`?format=dot${view}`);
    const drawn = xmlOf(graphviz.layout(text, "svg", "dot"));
    expect(drawn.filter(({ name }) => name === "script")).toEqual([]);
    const words = drawn.flatMap((element) => element.text).join("\n");
    expect(words).toContain("cycle_detected");
    expect(words.split("leaf").length - 1).toBeGreaterThanOrEqual(view === "&view=agents" ? 1 : 12);
  });

  test.each(["", "&view=hops", "&view=agents"])(
    "as SVG%s is well-formed, with the name but not its markup",
    async (view) => {
      const reply = await graph(`?format=svg${view}`);
      const elements = xmlOf(reply.text);
      expect(reply.text).not.toMatch(/<script|\u202e/);
      const words = elements.flatMap((element) => element.text);
      expect(words).toContain('<script>alert(1)</script>\\n\\u202e😀"');
      expect(words.join("\n")).toContain("cycle_detected");
      expect(words.join("\n")).toContain("×12");
      expect(reply.headers.get("content-security-policy")).toContain("default-src 'none'");
      expect(reply.headers.get("x-content-type-options")).toBe("nosniff");
    },
  );

  test("as OTLP has a span a hop, and the caller's trace as a link", async () => {
    const data = JSON.parse(await read("?format=otlp")) as {
      resourceSpans: { scopeSpans: { spans: Record<string, unknown>[] }[] }[];
    };
    const spans = data.resourceSpans[0]?.scopeSpans[0]?.spans ?? [];
    expect(spans).toHaveLength(15);
    expect(spans[0]).toMatchObject({ traceId: chainId, links: [{ traceId: "a".repeat(32), spanId: "b".repeat(16) }] });
    expect(spans.at(-1)).toMatchObject({ name: `invoke_agent ${HOSTILE}`, status: { code: 2 } });
  });

  test.each([
    ["json", "application/json"],
    ["mermaid", "text/vnd.mermaid; charset=utf-8"],
    ["dot", "text/vnd.graphviz; charset=utf-8"],
    ["svg", "image/svg+xml; charset=utf-8"],
    ["otlp", "application/vnd.hopline.otlp+json"],
  ])("%s is had by `format` and by Accept, and says what it is", async (format, type) => {
    const byFormat = await graph(`?format=${format}`, "text/html");
    const byAccept = await graph("", `text/html, ${type.replace(/;.*/, "")};q=0.9, */*;q=0.1`);
    expect([byFormat.status, byAccept.status]).toEqual([200, 200]);
    expect([byFormat.headers.get("content-type"), byAccept.headers.get("content-type")]).toEqual([type, type]);
    expect(byAccept.text).toBe(byFormat.text);
    expect(byFormat.headers.get("hopline-chain")).toBe(chainId);
    expect(byFormat.headers.get("vary")).toBe("accept");
  });

  test("an unknown format or view is refused, naming those there are; what can't be accepted is a 406", async () => {
    const format = (await graph("?format=png")).problem;
    expect(format).toMatchObject({ status: 400, code: "invalid_request" });
    expect(format.detail).toContain("json, mermaid, dot, svg, otlp");
    const view = (await graph("?format=svg&view=trees")).problem;
    expect(view).toMatchObject({ status: 400, code: "invalid_request" });
    expect(view.detail).toContain("hops, agents");
    const accept = await graph("", "image/png");
    expect([accept.status, accept.problem.status, accept.problem.code]).toEqual([406, 406, "invalid_request"]);
    expect(accept.problem.detail).toContain("image/svg+xml");
  });

  test("a chain of another mesh is not found, in any format", async () => {
    const { key } = await mesh.client.createKey(["read"], { mesh: "elsewhere" });
    for (const format of ["json", "mermaid", "dot", "svg", "otlp"]) {
      const reply = await mesh.client.as(key).send(`/v1/chains/${chainId}/graph?format=${format}`);
      expect(reply.problem).toMatchObject({ status: 404, code: "not_found" });
    }
  });
});

describe("pages of a graph", () => {
  test("lead from one to the next by a Link, in every format, until all hops were had", async () => {
    for (const format of ["json", "mermaid", "dot", "svg", "otlp"]) {
      let path: string | undefined = `/v1/chains/${chainId}/graph?format=${format}&limit=6`;
      const ids: string[] = [];
      const notes: string[] = [];
      while (path !== undefined) {
        const reply: Reply = await mesh.client.send(path);
        expect(reply.status, reply.text).toBe(200);
        path = /^<([^>]+)>; rel="next"$/.exec(reply.headers.get("link") ?? "")?.[1];
        if (format === "json") ids.push(...(reply.json as Graph).hops.map(({ hopId }) => hopId));
        if (format === "otlp")
          ids.push(...[...reply.text.matchAll(/"spanId":"(\w{16})","(?:parent|name)/g)].map(([, id]) => id ?? ""));
        notes.push(...(/(The first|The last|, after those) .*?15|6 of 15/.exec(reply.text) ?? []).slice(0, 1));
        if (format === "mermaid") await parse(reply.text);
        if (format === "dot") graphviz.layout(reply.text, "svg", "dot");
        if (format === "svg") xmlOf(reply.text);
      }
      if (format === "json" || format === "otlp") expect(new Set(ids).size, format).toBe(15);
      else expect(notes, format).toEqual(["The first 6 of 15", "6 of 15", "The last 3 of 15"]);
    }
  });

  test("of JSON name the callers that stand on earlier ones", async () => {
    const first = JSON.parse(await read("?limit=6")) as Graph & { nextCursor: string };
    const second = JSON.parse(await read(`?limit=6&cursor=${first.nextCursor}`)) as Graph;
    expect(second.edges).toEqual([expect.objectContaining({ from: "boss", to: "leaf", calls: 6 })]);
    expect(second.nodes.map(({ id }) => id)).toEqual(["caller:admin", "boss", "leaf"]);
  });

  test("a bad cursor is refused, in every format", async () => {
    for (const format of ["json", "mermaid", "dot", "svg", "otlp"]) {
      expect((await graph(`?format=${format}&cursor=nonsense`)).problem).toMatchObject({ status: 400 });
    }
  });
});

describe("an open chain", () => {
  test("is drawn as it is", async () => {
    const slow = Promise.withResolvers<unknown>();
    const agent = await host.agent("slow", () => slow.promise);
    await host.agent("asks", relay("slow"));
    const running = mesh.client.invoke("asks", 1);
    const { chainId: open } = await agent.next();
    const svg = (await mesh.client.send(`/v1/chains/${open}/graph?format=svg`)).text;
    const otlp = (await mesh.client.send(`/v1/chains/${open}/graph?format=otlp`)).text;
    slow.resolve(1);
    expect(xmlOf(svg).flatMap(({ text }) => text)).toContain("running");
    expect(otlp).toContain('{"key":"hopline.open","value":{"boolValue":true}}');
    await running;
  });
});
