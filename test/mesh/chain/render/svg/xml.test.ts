import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { px, titleTag, xml } from "../../../../../mesh/chain/render/svg/xml.ts";
import { visible } from "../../../../../mesh/chain/render/text.ts";
import { xmlOf } from "../xml-reader.ts";

describe("text on its way into a picture", () => {
  it("comes out of a reader of XML as what is visible of it, in an element and in an attribute", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const [element] = xmlOf(`<a b="${xml(text)}">${xml(text)}</a>`);
        expect(element?.attributes.get("b")).toBe(visible(text));
        expect(element?.text.join("")).toBe(visible(text).trim());
      }),
    );
  });

  it("shows what XML can't hold, and what would reorder its neighbours", () => {
    expect(xml("\u0007\u202e\ud800\uffff")).toBe("\\u0007\\u202e\\ud800\\uffff");
    expect(titleTag(["a<b", "c\nd"])).toBe("<title>a&#60;b\nc\\nd</title>");
  });

  it("lengths have one decimal at most", () => {
    expect([px(1), px(1.26), px(-0.04)]).toEqual(["1", "1.3", "0"]);
  });
});
