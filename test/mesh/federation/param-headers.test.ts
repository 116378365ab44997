/** Arguments as headers: which, and in what form. */
import { expect, test } from "vitest";
import { headerValue, paramHeaders } from "../../../mesh/federation/param-headers.ts";

const SCHEMA = {
  type: "object",
  properties: {
    region: { type: "string", "x-mcp-header": "Region" },
    count: { type: "integer", "x-mcp-header": "Count" },
    dry: { type: "boolean", "x-mcp-header": "Dry" },
    price: { type: "number", "x-mcp-header": "Price" },
    plain: { type: "string" },
    where: { type: "object", properties: { zone: { type: "string", "x-mcp-header": "Zone" } } },
    list: { type: "array", items: { type: "string", "x-mcp-header": "Item" } },
  },
};

test("what a schema declares goes as a header too, at any depth of properties, and nothing else does", () => {
  const args = { region: "eu", count: 3, dry: false, price: 1.5, plain: "x", where: { zone: "b" }, list: ["y"] };
  expect(paramHeaders(SCHEMA, args)).toEqual({
    "mcp-param-region": "eu",
    "mcp-param-count": "3",
    "mcp-param-dry": "false",
    "mcp-param-zone": "b",
  });
});

test("what is absent, null or no primitive has no header", () => {
  expect(paramHeaders(SCHEMA, { region: null, count: 2 ** 60, dry: {} })).toEqual({});
  expect(paramHeaders(true, { region: "eu" })).toEqual({});
});

test("what no header can say as it is travels as Base64 of its UTF-8", () => {
  const encoded = (text: string) => `=?base64?${Buffer.from(text).toString("base64")}?=`;
  for (const text of ["Grüße", " led by a space", "two\nlines", "", encoded("looks encoded")]) {
    expect(headerValue(text)).toBe(encoded(text));
  }
  expect(headerValue("a plain name")).toBe("a plain name");
  expect(headerValue("ß".repeat(200_000))).toBe(encoded("ß".repeat(200_000)));
});
