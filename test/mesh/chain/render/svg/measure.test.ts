import { describe, expect, it } from "vitest";
import { fitted, monoWidth, sansWidth } from "../../../../../mesh/chain/render/svg/measure.ts";

describe("the estimated width of text", () => {
  it.each([monoWidth, sansWidth])(
    "counts full-width scripts and emoji as wide, and marks and joiners as nothing",
    (widthOf) => {
      expect(widthOf("名前", 10)).toBeGreaterThanOrEqual(20);
      expect(widthOf("😀", 10)).toBeGreaterThanOrEqual(10);
      expect(widthOf("e\u0301\u200d", 10)).toBe(widthOf("e", 10));
      expect(widthOf("abc", 20)).toBe(2 * widthOf("abc", 10));
    },
  );

  it("of proportional text knows narrow and wide letters", () => {
    expect(sansWidth("iiii", 10)).toBeLessThan(sansWidth("nnnn", 10));
    expect(sansWidth("mmmm", 10)).toBeGreaterThan(sansWidth("nnnn", 10));
  });

  it("cuts what does not fit, with an ellipsis that does", () => {
    const widthOf = (text: string) => [...text].length;
    expect([fitted("abcde", 5, widthOf), fitted("abcdef", 5, widthOf), fitted("😀😀😀", 2, widthOf)]).toEqual([
      "abcde",
      "abcd…",
      "😀…",
    ]);
  });
});
