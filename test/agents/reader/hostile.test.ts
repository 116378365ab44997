import { describe, expect, test } from "vitest";
import { guessType } from "../../../agents/reader/guess.ts";
import { readPassages } from "../../../agents/reader/read.ts";
import { MAX_PASSAGES, MAX_SOURCE_CHARS } from "../../../agents/reader/schema.ts";

describe("a hostile source", () => {
  const SIZE = 400_000;
  const fill = (piece: string): string => piece.repeat(Math.ceil(SIZE / piece.length));
  test.each([
    ["html", `${"<div>".repeat(10_000)}deep${"</div>".repeat(10_000)}`],
    ["html", fill("<b>")],
    ["html", fill("<b></i>")],
    ["html", `${fill("<i>")}${fill("</b>")}`],
    ["html", fill("<p>a")],
    ["html", fill("<svg><foreignObject>")],
    ["html", fill("<form>")],
    ["html", fill("<!--")],
    ["html", fill("<a href='")],
    ["html", fill("&amp")],
    ["html", fill("&")],
    ["html", fill("\0\ud800&#xD800;&#0;")],
    ["markdown", fill("*_")],
    ["markdown", fill("[a][a]")],
    ["markdown", fill(">")],
    ["markdown", fill("> ")],
    ["markdown", fill("* - ")],
    ["markdown", fill("1. ")],
    ["markdown", fill("a\n===\n")],
    ["markdown", fill("<!-- -->")],
    ["markdown", fill("---\n")],
    ["markdown", fill("\ufeff")],
    ["text", fill("a")],
    ["text", fill("a. ")],
    ["text", fill(" ")],
    ["text", fill("\r")],
  ] as const)("as %s does not blow up (%#)", { timeout: 10_000 }, async (type, source) => {
    await expect(readPassages(source, type, MAX_PASSAGES)).resolves.toBeDefined();
    expect(guessType(source, { names: [] })).toBeDefined();
  });

  test("lets others run: no stretch is long", async () => {
    let pauses = 0;
    await readPassages(fill("word word\n\n").repeat(3), "html", MAX_PASSAGES, () => {
      pauses += 1;
    });
    expect(pauses).toBeGreaterThan(10);
  });
});

describe("the limit", () => {
  const source = "Paragraph that is long enough to stand by itself. ".repeat(6).concat("\n\n").repeat(10);

  test("bounds the passages, and says that something is left", async () => {
    expect(await readPassages(source, "text", 9)).toMatchObject({ truncated: true, passages: { length: 9 } });
    expect(await readPassages(source, "text", 10)).toMatchObject({ truncated: false, passages: { length: 10 } });
  });

  test("bounds the source, and says that something is left", async () => {
    expect((await readPassages(" ".repeat(MAX_SOURCE_CHARS), "text", 1)).truncated).toBe(false);
    expect((await readPassages(" ".repeat(MAX_SOURCE_CHARS + 1), "text", 1)).truncated).toBe(true);
  });
});
