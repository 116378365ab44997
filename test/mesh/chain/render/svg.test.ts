import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { VIEWS } from "../../../../mesh/chain/render/page-note.ts";
import { svg } from "../../../../mesh/chain/render/svg/svg.ts";
import { SVG_AGENTS, SVG_ARROWS, SVG_HOPS } from "../../../../mesh/limits.ts";
import { anyPage, CYCLE, HOSTILE, hop, LINEAGE, pageOf, refused, wide } from "./pages.ts";
import { type Element, xmlOf } from "./xml-reader.ts";

const named = (elements: readonly Element[], name: string) => elements.filter((element) => element.name === name);
const withClass = (elements: readonly Element[], ...classes: string[]) =>
  elements.filter((element) => classes.every((one) => element.attributes.get("class")?.split(" ").includes(one)));
const texts = (elements: readonly Element[]) => elements.flatMap(({ text }) => text);

/** Elements that draw or describe, and nothing that runs, loads, links or embeds. */
const ALLOWED = new Set(["svg", "title", "desc", "style", "g", "rect", "circle", "path", "text", "tspan"]);

function expectHarmless(document: string): void {
  for (const { name, attributes } of xmlOf(document)) {
    expect(ALLOWED).toContain(name);
    for (const [attribute, value] of attributes) {
      expect(attribute).not.toMatch(/^on|href|style|src/);
      if (attribute !== "xmlns") expect(value).not.toMatch(/url\(|:\/\//);
    }
  }
  expect(document).not.toMatch(/<script|foreignObject|@import|url\(|\p{Bidi_Control}/iu);
}

describe("a chain as a picture", () => {
  it("of hops has a card a hop, alike siblings once with their number, durations and cost", () => {
    const cards = texts(xmlOf(svg(pageOf(LINEAGE), "hops")));
    expect(cards).toContain("×37");
    expect(cards).toContain("12 ms – 48 ms · $0.037 · 370 tokens");
    expect(cards).toContain("upstream_error · 250 ms · 2 retries");
    expect(cards).toContain("tool · 250 ms · late");
    expect(cards.filter((text) => text === "reader/read")).toHaveLength(2);
  });

  it("shows a refused call red and dashed, with its rule", () => {
    const elements = xmlOf(svg(pageOf(LINEAGE), "hops"));
    expect(withClass(elements, "edge", "refused")).toHaveLength(1);
    expect(texts(withClass(elements, "code", "rejected"))).toEqual(["cycle_detected"]);
    const style = texts(named(elements, "style")).join();
    expect(style).toMatch(/\.refused\{[^}]*stroke-dasharray/);
    expect(style).toMatch(/\.edge\.refused\{stroke:#d1242f\}/);
  });

  it("shows each status as a shape of its own, and names it in the key", () => {
    const elements = xmlOf(svg(pageOf(LINEAGE), "hops"));
    const shapes = ["done", "open", "error", "rejected", "lost", "cancelled"].map((status) => {
      const [sign] = [...withClass(elements, "disc", status), ...withClass(elements, "ring", status)];
      const strokes = elements[elements.indexOf(sign as Element) + 2]?.attributes.get("d");
      expect(texts(elements)).toContain(status);
      return strokes;
    });
    expect(new Set(shapes).size).toBe(6);
  });

  it("of agents shows loops, calls of oneself, and what was refused apart from what was granted", () => {
    const rows = [
      hop(1, "a"),
      hop(2, "b", { parentRow: 1 }),
      hop(3, "a", { parentRow: 2 }),
      hop(4, "a", { parentRow: 3 }),
      refused(5, "a", CYCLE, { parentRow: 4 }),
      refused(6, "b", CYCLE, { parentRow: 1 }),
    ];
    const elements = xmlOf(svg(pageOf(rows), "agents"));
    expect(withClass(elements, "name")).toHaveLength(3);
    const arrows = withClass(elements, "head");
    expect(arrows).toHaveLength(6);
    expect(withClass(arrows, "refused")).toHaveLength(2);
    for (const { attributes } of arrows) expect(attributes.get("d")).toMatch(/^M[\d. -]+L[\d. -]+L[\d. -]+Z$/);
  });

  it("is for light and dark, and says what it is to who can't see it", () => {
    const elements = xmlOf(svg(pageOf(LINEAGE), "hops"));
    const [root] = elements;
    expect(texts(named(elements, "style")).join()).toContain("@media(prefers-color-scheme:dark){");
    expect(root?.attributes.get("role")).toBe("img");
    expect(root?.attributes.get("aria-labelledby")).toBe("title desc");
    expect(texts(named(elements, "desc"))).toEqual([
      "The call graph of chain c0ffee00000000000000000000000000: done, 44 hops, 1 refused, 1.5 s, $0.012, 1,234 tokens.",
    ]);
    expect(texts(named(elements, "title")).join("\n")).toContain("The call would close a loop: desk → reader → desk.");
  });

  it.each(VIEWS)("of %s is well-formed and harmless whatever the names", (view) => {
    for (const name of HOSTILE) {
      const rows = [
        hop(1, "desk"),
        refused(2, name, { code: "agent_not_found", detail: name }, { parentRow: 1, skill: name }),
      ];
      expectHarmless(svg(pageOf(rows, { chain: { root: { agent: name, principal: name } } }), view));
    }
    fc.assert(
      fc.property(anyPage, (page) => expectHarmless(svg(page, view))),
      { numRuns: 200 },
    );
  });

  it.each(VIEWS)("of %s has every text inside the picture", (view) => {
    for (const page of [
      pageOf(LINEAGE),
      pageOf(wide(200)),
      pageOf([hop(1, "名".repeat(63)), hop(2, "W".repeat(63), { parentRow: 1 })]),
    ]) {
      const elements = xmlOf(svg(page, view));
      const [, , width, height] = elements[0]?.attributes.get("viewBox")?.split(" ").map(Number) ?? [];
      for (const { attributes } of withClass(elements, "box")) {
        const [x, y, w, h] = ["x", "y", "width", "height"].map((name) => Number(attributes.get(name)));
        expect((x ?? Number.NaN) + (w ?? Number.NaN)).toBeLessThanOrEqual(width ?? 0);
        expect((y ?? Number.NaN) + (h ?? Number.NaN)).toBeLessThanOrEqual(height ?? 0);
        expect(Math.min(x ?? -1, y ?? -1)).toBeGreaterThanOrEqual(0);
      }
    }
  });

  it("of hops puts no card upon another, however many there are", () => {
    for (const rows of [LINEAGE, wide(60), wide(1_000)]) {
      const boxes = withClass(xmlOf(svg(pageOf(rows), "hops")), "box").map(({ attributes }) =>
        ["x", "y", "height"].map((name) => Number(attributes.get(name))),
      );
      const columns = Map.groupBy(boxes, ([x]) => x);
      for (const column of columns.values()) {
        const sorted = column.toSorted(([, a = 0], [, b = 0]) => a - b);
        for (const [place, [, y = 0]] of sorted.slice(1).entries()) {
          const [, above = 0, height = 0] = sorted[place] ?? [];
          expect(y).toBeGreaterThanOrEqual(above + height);
        }
      }
    }
  });

  it("of very many hops draws alike subtrees once, and says so", () => {
    const rows = [
      hop(1, "desk"),
      ...Array.from({ length: SVG_HOPS }, (_, n) => hop(2 + 2 * n, "reader", { parentRow: 1 })),
      ...Array.from({ length: SVG_HOPS }, (_, n) => hop(3 + 2 * n, "page", { parentRow: 2 + 2 * n })),
    ];
    const elements = xmlOf(svg(pageOf(rows), "hops"));
    expect(withClass(elements, "box")).toHaveLength(4);
    expect(texts(elements)).toContain("Calls that were alike are drawn as one, with all that they called.");
  });

  it("of very many agents draws those with the fewest calls as one, and says so", () => {
    const elements = xmlOf(svg(pageOf(wide(5_000)), "agents"));
    expect(withClass(elements, "box")).toHaveLength(SVG_AGENTS);
    expect(texts(elements).join()).toMatch(/4,9\d\d agents with the fewest calls are drawn as one/);
  });

  it("of agents that all call each other stays within what the layout has time for", () => {
    const names = Array.from({ length: 30 }, (_, n) => `agent-${n}`);
    const callers = names.map((name, n) => hop(n + 1, name));
    const calls = names.flatMap((name, n) =>
      names.flatMap((_, m) => (n === m ? [] : [hop(100 + n * 30 + m, name, { parentRow: m + 1 })])),
    );
    const elements = xmlOf(svg(pageOf([...callers, ...calls]), "agents"));
    expect(withClass(elements, "head").length).toBeLessThanOrEqual(SVG_ARROWS);
    expect(withClass(elements, "box").length).toBeGreaterThan(5);
    expect(texts(elements).join()).toMatch(/\d+ agents with the fewest calls are drawn as one/);
  });

  it("says which part of the chain it is", () => {
    const first = texts(xmlOf(svg(pageOf(LINEAGE, { nextCursor: "NDQ" }), "hops")));
    expect(first).toContain("The first 44 of 44 hops; the next page is cursor=NDQ");
    const counts = { open: 0, done: 44, error: 0, rejected: 250, lost: 0, cancelled: 0 };
    const whole = texts(xmlOf(svg(pageOf(LINEAGE, { chain: { hops: counts } }), "hops")));
    expect(whole).toContain("250 further refused calls of this chain were only counted.");
    const middle = texts(xmlOf(svg(pageOf(LINEAGE, { later: true, nextCursor: "NDQ" }), "hops")));
    expect(middle).toContain("44 of 44 hops, after those of earlier pages; the next page is cursor=NDQ");
  });
});

describe("the reader of XML that these tests rely on", () => {
  it.each([
    "<a><b></a></b>",
    "<a>&nbsp;</a>",
    "<a>& b</a>",
    "<a>\u0007</a>",
    "<a>&#7;</a>",
    "<a b='1'/>",
    '<a b="<"/>',
    '<a b="1" b="2"/>',
    "<a/><b/>",
    "<a>]]></a>",
    "<a>",
    "\ud800",
  ])("refuses %j", (document) => {
    expect(() => xmlOf(document)).toThrow();
  });
});
