/** The mesh's graph in each notation, read by whoever that notation belongs to. */
import { Graphviz } from "@hpcc-js/wasm-graphviz";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { EdgeView } from "../../../mesh/index/edges.ts";
import { meshGraphOf } from "../../../mesh/index/graph.ts";
import { meshDot, meshMermaid, meshSvg } from "../../../mesh/index/render.ts";
import { parse } from "../chain/render/mermaid-parser.ts";
import { HOSTILE } from "../chain/render/pages.ts";
import { xmlOf } from "../chain/render/xml-reader.ts";

const SINCE = Date.UTC(2026, 10, 20, 12);

let graphviz: Graphviz;
beforeAll(async () => {
  graphviz = await Graphviz.load();
});

function edge(from: string, to: string, more: Partial<EdgeView> = {}): EdgeView {
  return {
    from,
    to,
    calls: 1,
    errors: 0,
    rejected: 0,
    rejections: {},
    latencyMs: { p50: 10, p95: 85.4, p99: 90 },
    tokens: 0,
    costMicros: 0,
    firstAt: SINCE,
    lastAt: SINCE,
    ...more,
  };
}

const none = { p50: null, p95: null, p99: null };
const GRAPH = meshGraphOf({
  since: SINCE,
  edges: [
    edge("caller:admin", "desk", { calls: 1_200, errors: 3, costMicros: 12_345 }),
    edge("desk", "reader", { calls: 40, rejected: 2, rejections: { budget_exceeded: 1, cycle_detected: 1 } }),
    edge("desk", "?", { rejected: 1, rejections: { agent_not_found: 1 }, latencyMs: none }),
    edge("admin", "reader"),
  ],
});

describe("the mesh's graph", () => {
  it("tells callers from agents, though an agent be named as a principal is", () => {
    expect(GRAPH.nodes).toEqual([
      { id: "caller:admin", kind: "caller", name: "admin" },
      { id: "desk", kind: "agent", name: "desk" },
      { id: "reader", kind: "agent", name: "reader" },
      { id: "?", kind: "agent", name: "(no such agent)" },
      { id: "admin", kind: "agent", name: "admin" },
    ]);
  });

  it("as Mermaid says of each edge how often, how slow, how dear, and draws refusals apart and dashed", async () => {
    const text = meshMermaid(GRAPH);
    expect(await parse(text)).toMatchObject({ diagramType: "flowchart-v2" });
    const plain = text.replaceAll(/#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)));
    expect(plain).toContain('n0 -->|"×1,200, 3 failed, p95 85 ms, $0.012"| n1');
    expect(plain).toContain('n1 -->|"×38, p95 85 ms"| n2');
    expect(plain).toContain('n1 -.->|"⊘ ×1 budget_exceeded, ×1 cycle_detected"| n2');
    expect(plain).toContain('n1 -.->|"⊘ ×1 agent_not_found"| n3');
    expect(plain).toContain("since 2026-11-20 12:00 UTC: 1,242 calls, 3 agents, 3 failed, 3 refused, $0.012");
  });

  it("as dot is drawn by Graphviz, refusals dashed", () => {
    const read = JSON.parse(graphviz.layout(meshDot(GRAPH), "dot_json", "nop")) as Record<string, { style?: string }[]>;
    expect([read.objects?.length, read.edges?.length]).toEqual([5, 5]);
    expect(read.edges?.filter(({ style }) => style === "dashed")).toHaveLength(2);
    expect(graphviz.layout(meshDot(GRAPH), "svg", "dot")).toContain("×1,200, 3 failed, p95 85 ms, $0.012");
  });

  it("as SVG has its counts and quantiles, and says when nothing was called", () => {
    const words = xmlOf(meshSvg(GRAPH)).flatMap(({ text }) => text);
    expect(words).toContain("×1,200 · 3 failed");
    expect(words).toContain("p95 85 ms · $0.012");
    expect(words.join("\n")).toContain("p50 10 ms, p95 85 ms, p99 90 ms");
    expect(words).toContain("never reached");
    expect(
      xmlOf(meshSvg(meshGraphOf({ since: SINCE, edges: [] })))
        .flatMap(({ text }) => text)
        .join(),
    ).toContain("nothing was called");
  });

  it("stays harmless whatever names stand in it", async () => {
    for (const name of HOSTILE) {
      const graph = meshGraphOf({ since: SINCE, edges: [edge(`caller:${name}`, name), edge(name, name)] });
      await parse(meshMermaid(graph));
      for (const drawn of [meshSvg(graph), graphviz.layout(meshDot(graph), "svg", "dot")]) {
        const elements = xmlOf(drawn);
        expect(elements.filter((element) => element.name === "script")).toEqual([]);
      }
      expect(meshSvg(graph)).not.toMatch(/\p{Bidi_Control}/u);
    }
  });

  it("of thousands of edges is folded into what can be drawn, with every call counted", () => {
    const name = fc.integer({ min: 0, max: 200 }).map((n) => `agent-${n}`);
    const edges = fc.uniqueArray(fc.tuple(name, name), { selector: String, minLength: 500, maxLength: 2_000 });
    fc.assert(
      fc.property(edges, (pairs) => {
        const graph = meshGraphOf({ since: SINCE, edges: pairs.map(([from, to]) => edge(from, to, { calls: 2 })) });
        const drawn = meshSvg(graph);
        const words = xmlOf(drawn).flatMap(({ text }) => text);
        expect(words.join()).toMatch(/agents with the fewest calls are drawn as one/);
        const counted = [...drawn.matchAll(/<tspan x="[^"]*" y="[^"]*">×([\d,]+)/g)];
        const calls = counted.reduce((sum, [, count = "0"]) => sum + Number(count.replaceAll(",", "")), 0);
        expect(calls).toBe(2 * pairs.length);
        expect(meshMermaid(graph).length).toBeLessThan(50_000);
      }),
      { numRuns: 5 },
    );
  });
});
