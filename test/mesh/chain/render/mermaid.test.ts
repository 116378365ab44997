import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ChainGraph, GraphEdge } from "../../../../mesh/chain/lineage.ts";
import { mermaid } from "../../../../mesh/chain/render/mermaid.ts";

function graph(names: readonly string[], edges: readonly Partial<GraphEdge>[] = []): ChainGraph {
  return {
    chainId: "c".repeat(32),
    status: "done",
    nodes: names.map((name, n) => ({ id: name, kind: n === 0 ? "caller" : "agent", name })),
    edges: edges.map((edge) => ({
      from: names[0] ?? "",
      to: names[1] ?? "",
      calls: 1,
      rejected: 0,
      errors: 0,
      ...edge,
    })),
    hops: [],
  };
}

describe("a chain as a Mermaid flowchart", () => {
  it("draws who called whom, how often, and with what end", () => {
    const drawn = mermaid(
      graph(["admin", "planner", "echo"], [{}, { from: "planner", to: "echo", calls: 5, rejected: 2, errors: 1 }]),
    );
    expect(drawn.split("\n")).toEqual([
      "flowchart LR",
      '  n0(["admin"])',
      '  n1["planner"]',
      '  n2["echo"]',
      '  n0 -->|"×1"| n1',
      '  n1 -->|"×5, 2 refused, 1 failed"| n2',
      "",
    ]);
  });

  it("dashes an edge on which nothing was admitted", () => {
    expect(mermaid(graph(["a", "b"], [{ calls: 2, rejected: 2 }]))).toContain('n0 -.->|"×2, 2 refused"| n1');
    expect(mermaid(graph(["a", "b"], [{ calls: 2, rejected: 1 }]))).toContain("n0 -->|");
  });

  it.each([
    ['say "hi"', "say #34;hi#34;"],
    ["a]b[c", "a#93;b#91;c"],
    ["<script>alert(1)</script>", "#60;script#62;alert#40;1#41;#60;/script#62;"],
    ["one;two", "one#59;two"],
    ["#quot;", "#35;quot#59;"],
    ["line\nend", "line#10;end"],
    ["`code`", "#96;code#96;"],
    ["%%{init: {}}%%", "#37;#37;#123;init: #123;#125;#125;#37;#37;"],
    ["😀", "#128512;"],
    ["Größe 名前", "Größe 名前"],
  ])("escapes the name %j", (name, escaped) => {
    expect(mermaid(graph([name]))).toContain(`"${escaped}"`);
  });

  it("no name ends its label, or begins another line", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary" }), { minLength: 1, maxLength: 5 }), (names) => {
        const unique = [...new Set(names)];
        const lines = mermaid(graph(unique)).split("\n");
        expect(lines).toHaveLength(unique.length + 2);
        for (const [n, line] of lines.slice(1, -1).entries()) {
          expect(line).toMatch(n === 0 ? /^ {2}n0\(\["[^"[\]<>`{}|\r\n]*"\]\)$/ : /^ {2}n\d+\["[^"[\]<>`{}|\r\n]*"\]$/);
        }
      }),
    );
  });
});
