import { describe, expect, it } from "vitest";
import { schemaErrors, schemaProblem } from "../../../mesh/hop/schema-check.ts";
import type { JsonSchema } from "../../../mesh/schema.ts";

describe("a value", () => {
  it("that does not fit is told where, and what would be right", () => {
    const schema = {
      type: "object",
      required: ["name"],
      properties: { name: { type: "string" }, tags: { type: "array", items: { type: "integer" } } },
    };
    expect(schemaErrors(schema, { name: "x", tags: [1, 2] })).toEqual([]);
    expect(schemaErrors(schema, { name: "x", tags: [1, "two"] })).toMatchObject([{ pointer: "/tags/1" }]);
    expect(schemaErrors(schema, { name: 7 })).toMatchObject([
      { pointer: "/name", detail: expect.stringMatching(/string/) },
    ]);
    expect(schemaErrors(schema, {})).toMatchObject([{ pointer: "", detail: expect.stringMatching(/name/) }]);
  });

  it("with many faults is told of all of them, up to ten", () => {
    const schema = { type: "array", items: { type: "string" } };
    expect(schemaErrors(schema, [1, "a", 2]).map(({ pointer }) => pointer)).toEqual(["/0", "/2"]);
    expect(
      schemaErrors(
        schema,
        Array.from({ length: 50 }, () => 1),
      ),
    ).toHaveLength(10);
  });

  it("is escaped where it is named, by RFC 6901", () => {
    const schema = { additionalProperties: { type: "string" } };
    expect(schemaErrors(schema, { "a/b~c": 1 })).toMatchObject([{ pointer: "/a~1b~0c" }]);
  });

  it("fits a schema that says nothing, and no schema that allows nothing", () => {
    for (const schema of [true, {}, { $schema: "https://json-schema.org/draft/2020-12/schema" }]) {
      expect(schemaErrors(schema, { any: "thing" })).toEqual([]);
    }
    expect(schemaErrors(false, null)).toMatchObject([{ pointer: "" }]);
  });

  it("is checked by the words of draft 2020-12", () => {
    const schema = { prefixItems: [{ type: "string" }], items: false, $defs: { one: { const: 1 } } };
    expect(schemaErrors(schema, ["a"])).toEqual([]);
    expect(schemaErrors(schema, ["a", 1])).not.toEqual([]);
    const referring = { $defs: { one: { const: 1 } }, properties: { x: { $ref: "#/$defs/one" } } };
    expect(schemaErrors(referring, { x: 1 })).toEqual([]);
    expect(schemaErrors(referring, { x: 2 }).map(({ pointer }) => pointer)).toContain("/x");
  });

  it.each<[string, JsonSchema]>([
    ["by reference", { $defs: { one: { const: 1 } }, properties: { x: { $ref: "#/$defs/one" } } }],
    ["in all of several", { properties: { x: { allOf: [{ const: 1 }] } } }],
  ])("that does not fit %s is told the innermost fault first", (_, schema) => {
    expect(schemaErrors(schema, { x: 2 })[0]).toMatchObject({
      pointer: "/x",
      detail: expect.stringMatching(/does not match 1/),
    });
  });

  it("is found wrong again the second time: what was compiled is not what was checked", () => {
    const schema = { type: "string" };
    for (const value of [1, "a", 2]) expect(schemaErrors(schema, value).length).toBe(value === "a" ? 0 : 1);
  });
});

describe("a schema", () => {
  it("whose references stay within it can be used", () => {
    const within: JsonSchema[] = [
      true,
      {},
      { $ref: "#/$defs/a", $defs: { a: { type: "string" } } },
      {
        $defs: { a: { $id: "https://a.example/a", type: "string" } },
        properties: { x: { $ref: "https://a.example/a" } },
      },
      { properties: { next: { $ref: "#" } } },
    ];
    for (const schema of within) expect(schemaProblem(schema), JSON.stringify(schema)).toBeUndefined();
  });

  const remote = { $ref: "https://elsewhere.example/schema.json" };
  it.each<[string, JsonSchema]>([
    ["at its root", remote],
    ["in a property", { properties: { x: remote } }],
    ["in its items", { items: remote }],
    ["in a branch", { anyOf: [{ type: "null" }, { allOf: [remote] }] }],
    [
      "in a definition that is used",
      { $defs: { x: { properties: { y: remote } } }, properties: { z: { $ref: "#/$defs/x" } } },
    ],
    ["to itself without end", { properties: { x: { $ref: "#/properties/x" } } }],
    ["to a definition that it does not have", { properties: { x: { $ref: "#/$defs/none" } } }],
  ])("with a reference that leads nowhere, %s, is refused before it is used", (_, schema) => {
    expect(schemaProblem(schema)).toBeTypeOf("string");
  });

  it.each<[string, JsonSchema]>([
    ["a pattern that is no regular expression", { properties: { x: { pattern: "(" } } }],
    ["a pattern of property names that is none", { patternProperties: { "[": true } }],
  ])("with %s is refused before it is used", (_, schema) => {
    expect(schemaProblem(schema)).toBeTypeOf("string");
  });
});
