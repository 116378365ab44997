import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { passagesOf, SOURCE, textsOf } from "./sources.ts";

describe("plain text", () => {
  test("loses nothing but white space", async () => {
    await fc.assert(
      fc.asyncProperty(SOURCE, async (source) => {
        const passages = await passagesOf(source, "text");
        let rest = "";
        let at = 0;
        for (const { start, end } of passages) {
          rest += source.slice(at, start);
          at = end;
        }
        expect((rest + source.slice(at)).trim()).toBe("");
      }),
    );
  });

  test.each(["\n", "\r\n", "\r"])(
    "is cut at sentence ends, and a line's end (%j) ends no sentence",
    async (lineEnd) => {
      const sentence = `This sentence goes over the end of${lineEnd}a line before it ends.`;
      const passages = await passagesOf(Array(40).fill(sentence).join(" "), "text");
      expect(passages.length).toBeGreaterThan(2);
      for (const { text } of passages) expect(text.endsWith("ends.")).toBe(true);
    },
  );

  test("without a sentence's end is cut at a line's end, without one at a space", async () => {
    for (const text of textsOf(await passagesOf("some words of a log\n".repeat(200), "text"))) {
      expect(text).toMatch(/^some.*log$/s);
    }
    for (const text of textsOf(await passagesOf("word ".repeat(1_000), "text"))) expect(text).toMatch(/^word.*word$/);
  });

  test("puts small paragraphs together and leaves large ones alone", async () => {
    const large = "Large paragraph. ".repeat(20).trim();
    expect(textsOf(await passagesOf(`One.\n\nTwo.\n\nThree.`, "text"))).toEqual(["One.\n\nTwo.\n\nThree."]);
    expect(textsOf(await passagesOf(`${large}\n\n${large}`, "text"))).toEqual([large, large]);
    expect(textsOf(await passagesOf(`${large}\n\nSmall.`, "text"))).toEqual([`${large}\n\nSmall.`]);
    expect(textsOf(await passagesOf(`Small.\n\n${large}`, "text"))).toEqual([`Small.\n\n${large}`]);
  });

  test("is never cut inside of a character", async () => {
    for (const source of ["😀".repeat(2_000), `x${"😀".repeat(2_000)}`]) {
      for (const type of ["text", "markdown", "html"] as const) {
        for (const text of textsOf(await passagesOf(source, type))) expect(text.isWellFormed()).toBe(true);
      }
    }
  });

  test("of nothing but line ends has no passage, megabytes of them included", async () => {
    expect(await passagesOf("\n".repeat(4 * 1024 * 1024), "text")).toEqual([]);
  });
});
