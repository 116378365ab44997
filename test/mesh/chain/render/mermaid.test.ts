import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mermaid } from "../../../../mesh/chain/render/mermaid.ts";
import { VIEWS } from "../../../../mesh/chain/render/page-note.ts";
import { MERMAID_ARROWS, MERMAID_CHARS } from "../../../../mesh/limits.ts";
import { parse } from "./mermaid-parser.ts";
import { anyPage, CYCLE, HOSTILE, hop, LINEAGE, pageOf, refused, wide } from "./pages.ts";

describe("a chain as a Mermaid flowchart", () => {
  it("of agents draws who called whom, how often, with what ends; what was refused apart and dashed", () => {
    expect(mermaid(pageOf(LINEAGE.slice(0, 41)), "agents").split("\n")).toEqual([
      "flowchart LR",
      `  %% Chain c0ffee00000000000000000000000000, done: 41 hops, 1 refused, 1.5 s, $0.012, 1,234 tokens`,
      '  n0(["admin"])',
      '  n1["desk"]',
      '  n2["reader"]',
      '  n3[["tool weather"]]',
      '  n0 -->|"#215;1#44; 1.5 s"| n1',
      '  n1 -->|"#215;38#44; 1 failed#44; 12 ms #8211; 250 ms#44; #36;0.037"| n2',
      '  n1 -->|"#215;1#44; 250 ms"| n3',
      '  n2 -.->|"#8856; #215;1 cycle_detected"| n1',
      "  linkStyle 3 stroke:#d1242f,color:#d1242f",
      "",
    ]);
  });

  it("of hops draws the tree, alike siblings once, and says each status without colour", () => {
    const lines = mermaid(pageOf(LINEAGE), "hops").split("\n");
    expect(lines.filter((line) => line.includes("["))).toEqual([
      '  n0(["admin"])',
      '  n1["#10003; desk/ask<br/>1.5 s"]',
      '  n2["#10003; reader/read #215;37<br/>12 ms #8211; 48 ms #183; #36;0.037 #183; 370 tokens"]',
      '  n3["#10007; reader/read<br/>upstream_error #183; 250 ms #183; 2 retries"]:::error',
      '  n4[["#10003; tool weather<br/>250 ms #183; late"]]',
      '  n5["#9679; slow<br/>open"]:::open',
      '  n6["#63; gone<br/>lost #183; 250 ms"]:::lost',
      '  n7["#9632; stopped<br/>cancelled #183; 250 ms"]:::cancelled',
      '  n8["#8856; desk/ask"]:::rejected',
    ]);
    expect(lines).toContain('  n3 -.->|"cycle_detected"| n8');
  });

  it.each(VIEWS)("of %s is accepted by Mermaid's own parser, whatever the names", async (view) => {
    for (const name of HOSTILE) {
      const rows = [
        hop(1, "desk"),
        refused(2, name, { code: "agent_not_found", detail: name }, { parentRow: 1, skill: name }),
      ];
      expect(await parse(mermaid(pageOf(rows), view)), name).toMatchObject({ diagramType: "flowchart-v2" });
    }
    await fc.assert(
      fc.asyncProperty(anyPage, async (page) => void (await parse(mermaid(page, view)))),
      { numRuns: 25 },
    );
  });

  it("the parser refuses what is broken", async () => {
    await expect(parse('flowchart LR\n  n0["x]')).rejects.toThrow("Parse error");
    await expect(parse("flowchart LR\n  n0 --> end")).rejects.toThrow("Parse error");
  });

  it.each([
    ['say "hi"', "say #34;hi#34;"],
    ["a]b[c", "a#93;b#91;c"],
    ["<script>alert(1)</script>", "#60;script#62;alert#40;1#41;#60;/script#62;"],
    ["one;two", "one#59;two"],
    ["#quot;", "#35;quot#59;"],
    ["line\nend", "line#92;nend"],
    ["`code`", "#96;code#96;"],
    ["%%{init: {}}%%", "#37;#37;#123;init: #123;#125;#125;#37;#37;"],
    ["😀", "#128512;"],
    ["\u202eabc", "#92;u202eabc"],
    ["Größe 名前", "Größe 名前"],
  ])("escapes the name %j", (name, escaped) => {
    expect(mermaid(pageOf([refused(1, name, CYCLE)]), "agents")).toContain(`n1["${escaped}"]`);
  });

  it("no name ends its label, or begins another line", () => {
    fc.assert(
      fc.property(anyPage, fc.constantFrom(...VIEWS), (page, view) => {
        for (const line of mermaid(page, view).split("\n").slice(2)) {
          expect(line.replaceAll("<br/>", "")).toMatch(
            /^$|^ {2}(n\d+(\(\[|\[\[?|\{\{|\()"[^"[\]<>`{}|\r\n]*"(\]\)|\]\]?|\}\}|\))(:::\w+)?|n\d+ -?-\.?->(\|"[^"[\]<>`{}|\r\n]*"\|)? n\d+|linkStyle [\d,]+ \S+|classDef \w+ [\w:#, -]+)$/,
          );
        }
      }),
    );
  });

  it.each(VIEWS)("of %s stays within what Mermaid takes, and says what it left out", async (view) => {
    const text = mermaid(pageOf(wide(5_000)), view);
    expect(text.length).toBeLessThan(50_000);
    expect(text.match(/ -?-\.?->/g)?.length).toBeLessThanOrEqual(MERMAID_ARROWS);
    expect(await parse(text)).toMatchObject({ diagramType: "flowchart-v2" });
    expect(text).toMatch(view === "hops" ? /further arrows are left out/ : /more agents/);
    expect(MERMAID_CHARS).toBeLessThan(50_000);
  });

  it("says which part of the chain it is", () => {
    const text = mermaid(
      pageOf(LINEAGE.slice(0, 3), { nextCursor: "Mw", chain: { hops: chainHops(7_213) } }),
      "agents",
    );
    expect(text).toContain('"The first 3 of 7#44;213 hops#59; the next page is cursor#61;Mw"');
  });
});

function chainHops(done: number) {
  return { open: 0, done, error: 0, rejected: 0, lost: 0, cancelled: 0 };
}
