import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PASSAGE_CHARS } from "../../../agents/reader/cut.ts";
import type { FlowingType } from "../../../agents/reader/read.ts";
import { passagesOf, SOURCE, TYPE, textsOf } from "./sources.ts";

describe("a passage's place", () => {
  test("lies in the source, behind the passage before it, whatever the source", async () => {
    await fc.assert(
      fc.asyncProperty(SOURCE, TYPE, async (source, type) => {
        let before = 0;
        for (const { start, end, text } of await passagesOf(source, type)) {
          expect(start).toBeGreaterThanOrEqual(before);
          expect(end).toBeGreaterThan(start);
          expect(end).toBeLessThanOrEqual(source.length);
          expect(text).not.toBe("");
          expect(text.length).toBeLessThanOrEqual(PASSAGE_CHARS);
          before = end;
        }
      }),
    );
  });

  test("gives the passage's very text in plain text and Markdown", async () => {
    await fc.assert(
      fc.asyncProperty(SOURCE, fc.constantFrom<FlowingType>("text", "markdown"), async (source, type) => {
        for (const { start, end, text } of await passagesOf(source, type)) expect(source.slice(start, end)).toBe(text);
      }),
    );
  });

  test("names the line that the passage starts on, for each kind of line end", async () => {
    await fc.assert(
      fc.asyncProperty(SOURCE, TYPE, async (source, type) => {
        for (const { start, line } of await passagesOf(source, type)) {
          // An LF that ends in this slice's last CR is not lost: no passage starts between the two.
          expect(line).toBe(source.slice(0, start).split(/\r\n|\r|\n/).length);
        }
      }),
    );
  });

  test("in HTML is that of the same text: read again, source.slice(start, end) shows it", async () => {
    const word = fc.constantFrom("word", "a&amp;b", "&lt;", "é", "&NotEqualTilde;", "two  words", "😀", "&#65;x");
    const inline = fc.oneof(
      word,
      word.map((inner) => `<b>${inner}</b>`),
      word.map((inner) => `<a href="x>y">${inner}</a >`),
      fc.constantFrom("<br>", "<nav>menu</nav>", "<!-- note -->", "\n  ", " ", "<script>if (a < b) {}</script>"),
    );
    const block = fc
      .tuple(fc.constantFrom("p", "div", "li", "td"), fc.array(inline, { minLength: 1, maxLength: 8 }))
      .map(([name, inner]) => `<${name}>${inner.join("")}</${name}>\n`);
    await fc.assert(
      fc.asyncProperty(fc.array(block, { minLength: 1, maxLength: 8 }), async (blocks) => {
        const source = blocks.join("");
        for (const { start, end, text } of await passagesOf(source, "html")) {
          const again = textsOf(await passagesOf(source.slice(start, end), "html"));
          expect(again.join("\n")).toBe(text);
        }
      }),
    );
  });
});
