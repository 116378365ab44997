import { Graphviz } from "@hpcc-js/wasm-graphviz";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { dot } from "../../../../mesh/chain/render/dot.ts";
import { VIEWS } from "../../../../mesh/chain/render/page-note.ts";
import { anyPage, HOSTILE, hop, LINEAGE, pageOf, refused } from "./pages.ts";
import { xmlOf } from "./xml-reader.ts";

let graphviz: Graphviz;
beforeAll(async () => {
  graphviz = await Graphviz.load();
});

/** What Graphviz read, as it says it itself: nodes and edges with their attributes. */
function read(text: string): { name: string; objects: Record<string, string>[]; edges: Record<string, string>[] } {
  return JSON.parse(graphviz.layout(text, "dot_json", "nop")) as ReturnType<typeof read>;
}

describe("a chain in Graphviz's language", () => {
  it("is drawn by Graphviz: one node a hop, refused calls red and dashed with their rule", () => {
    const { objects, edges } = read(dot(pageOf(LINEAGE), "hops"));
    expect(objects).toHaveLength(LINEAGE.length + 1);
    expect(edges).toHaveLength(LINEAGE.length);
    expect(objects[2]).toMatchObject({ label: "✓ reader/read\\n12 ms · $0.0010 · 10 tokens" });
    expect(edges.filter((edge) => edge.style === "dashed")).toMatchObject([
      { label: "cycle_detected", color: "#d1242f", style: "dashed" },
    ]);
    expect(graphviz.layout(dot(pageOf(LINEAGE), "hops"), "svg", "dot")).toContain("reader/read");
  });

  it("of agents has one node a party and says what went over each edge", () => {
    const { objects, edges } = read(dot(pageOf(LINEAGE), "agents"));
    expect(objects.map(({ label }) => label)).toEqual([
      "admin",
      "desk",
      "reader",
      "tool weather",
      "slow",
      "gone",
      "stopped",
    ]);
    expect(edges.map(({ label }) => label)).toContain("⊘ ×1 cycle_detected");
    expect(edges.map(({ label }) => label)).toContain("×38, 1 failed, 12 ms – 250 ms, $0.037");
  });

  it.each(VIEWS)("of %s is accepted by Graphviz whatever the names, and is drawn without their markup", (view) => {
    for (const name of HOSTILE) {
      const rows = [
        hop(1, "desk"),
        refused(2, name, { code: "agent_not_found", detail: name }, { parentRow: 1, skill: name }),
      ];
      const drawn = graphviz.layout(dot(pageOf(rows), view), "svg", "dot");
      expect(xmlOf(drawn).filter(({ name }) => name === "script" || name === "svg")).toHaveLength(1);
    }
    fc.assert(
      fc.property(anyPage, (page) => {
        const { objects } = read(dot(page, view));
        expect(objects.length).toBe(view === "hops" ? page.graph.hops.length + 1 : page.graph.nodes.length);
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    ['say "hi"', 'say "hi"'],
    ["back\\slash\\N", "back\\slash\\N"],
    ["<b>&amp;", "<b>&amp;"],
    ["line\nend", "line\\nend"],
    ["\u202e😀", "\\u202e😀"],
  ])("shows the name %j as %j", (name, shown) => {
    const rows = [refused(1, name, { code: "agent_not_found", detail: "" }, { skill: "" })];
    const texts = xmlOf(graphviz.layout(dot(pageOf(rows), "agents"), "svg", "dot")).flatMap(({ text }) => text);
    expect(texts.map((text) => text.replaceAll("\u00a0", " "))).toContain(shown);
  });

  it("Graphviz refuses what is broken", () => {
    expect(() => read('digraph { a [label="x] }')).toThrow();
  });

  it("says which part of the chain it is", () => {
    expect(dot(pageOf(LINEAGE, { later: true }), "hops")).toContain(
      "The last 44 of 44 hops; the others stand on earlier pages.",
    );
  });
});
