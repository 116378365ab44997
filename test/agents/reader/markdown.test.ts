import { describe, expect, test } from "vitest";
import { readPassages } from "../../../agents/reader/read.ts";
import { MAX_PASSAGES } from "../../../agents/reader/schema.ts";
import { passagesOf, textsOf } from "./sources.ts";

describe("Markdown", () => {
  test("passages know the heading that they stand under, and are not put together over one", async () => {
    const source = "Before.\n\n# The **hop** `token`\n\nFirst.\n\nUnder\n=====\n\n- one\n- two\n";
    const passages = await passagesOf(source, "markdown");
    expect(passages.map(({ text, heading, line }) => ({ text, heading, line }))).toEqual([
      { text: "Before.", heading: undefined, line: 1 },
      { text: "First.", heading: "The hop token", line: 5 },
      { text: "- one\n- two", heading: "Under", line: 10 },
    ]);
  });

  test("a heading with nothing under it is a passage: no word is lost", async () => {
    expect(textsOf(await passagesOf("# Title\n\n## Section\n\nText.\n\n## End", "markdown"))).toEqual([
      "# Title",
      "Text.",
      "## End",
    ]);
  });

  test("front matter, link definitions, comments and logos are no text; a fence is", async () => {
    const source =
      "---\ntitle: x\n---\n<p align=center><img src=logo.png></p>\n\n<!-- hidden -->\n\n```ts\nconst a = 1;\n```\n\n[a]: http://b.example\n";
    expect(textsOf(await passagesOf(source, "markdown"))).toEqual(["```ts\nconst a = 1;\n```"]);
  });

  test("text between two rules at the start is no front matter", async () => {
    expect(textsOf(await passagesOf("---\n\nKept.\n\n---\n\nToo.\n", "markdown")).join()).toContain("Kept.");
  });

  test("a byte order mark moves no offset", async () => {
    const [passage] = await passagesOf("\ufeffFirst.", "markdown");
    expect(passage).toMatchObject({ text: "First.", start: 1, end: 7, line: 1 });
  });

  test.each(["\n", "\r\n", "\r"])("is read as a whole however long it is, with line ends %j", async (lineEnd) => {
    const sections = Array.from({ length: 300 }, (_, n) =>
      [
        `## Section ${n}\n`,
        `Text of section-${n}. ${"More words. ".repeat(n % 20)}\n`,
        `\`\`\`sh\n# no heading, code of section-${n}\n${"run it\n".repeat(n === 150 ? 2_500 : n % 30)}\`\`\`\n`,
        `- item of section-${n}\n\n  more of section-${n}\n- last of section-${n}\n`,
        `> quote of section-${n}\n`,
      ].join("\n"),
    );
    const source = sections.join("\n").replaceAll("\n", lineEnd);
    expect(source.length).toBeGreaterThan(64 * 1024);
    const passages = await passagesOf(source, "markdown");
    let mentions = 0;
    for (const { text, heading } of passages) {
      for (const [, n] of text.matchAll(/section-(\d+)/g)) {
        mentions += 1;
        expect(heading).toBe(`Section ${n}`);
      }
    }
    expect(mentions).toBe(300 * 6);
  });

  test.each(["- item\n", `- item ${"of many words ".repeat(20)}\n`, "> item\n"])(
    "of a single block that is too long for the parser is read in parts: each item once (%#)",
    async (item) => {
      const count = Math.ceil(100_000 / item.length);
      const { passages, truncated } = await readPassages(item.repeat(count), "markdown", MAX_PASSAGES);
      expect(truncated).toBe(false);
      expect(passages.reduce((sum, { text }) => sum + text.split("item").length - 1, 0)).toBe(count);
    },
  );
});
