import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { shownName, visible } from "../../../../mesh/chain/render/text.ts";

describe("text that others wrote, as it is shown", () => {
  it.each([
    ["line\nend", "line\\nend"],
    ["\u202egnp.exe", "\\u202egnp.exe"],
    ["a\u2066b\u2069", "a\\u2066b\\u2069"],
    ["zero\u200bwidth", "zero\\u200bwidth"],
    ["\u0000\u001b[31m", "\\u0000\\u001b[31m"],
    ["\ud800", "\\ud800"],
    ["\ufffe", "\\ufffe"],
    ["\u{e0041}", "\\u{e0041}"],
    ["👩‍👩‍👧 Größe 名前 שלום", "👩‍👩‍👧 Größe 名前 שלום"],
  ])("shows %j as %j", (text, shown) => {
    expect(visible(text)).toBe(shown);
  });

  it("cuts what is too long between characters, and says so", () => {
    expect(visible("abcdef", 4)).toBe("abc…");
    expect(visible("abcd", 4)).toBe("abcd");
    expect(visible("😀😀😀😀", 3)).toBe("😀😀…");
    expect(visible("😀😀😀", 3)).toBe("😀😀😀");
  });

  it("shows a name that is nothing as one", () => {
    expect(["", " ", "\t", "a"].map((name) => shownName(name, 9))).toEqual([
      "(no name)",
      "(no name)",
      "(no name)",
      "a",
    ]);
  });

  it("shows what it has made visible as it is", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => visible(visible(text)) === visible(text)));
  });
});
