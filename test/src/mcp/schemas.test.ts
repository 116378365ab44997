import { describe, expect, it } from "vitest";
import { schemaErrors } from "../../../mesh/hop/schema-check.ts";
import type { JsonSchema } from "../../../mesh/schema.ts";
import { argumentsSchema, inputOf } from "../../../src/mcp/schemas.ts";

/** Whether arguments fit the tool, and the input that they hold fits the skill: both must say the same. */
function fits(schema: JsonSchema, args: Record<string, unknown>): boolean {
  const tool = schemaErrors(argumentsSchema(schema), args).length === 0;
  const found = inputOf(schema, args);
  const skill = found !== undefined && schemaErrors(schema, found.input).length === 0;
  expect([args, tool]).toEqual([args, skill]);
  return tool;
}

describe("arguments", () => {
  it("are the input itself where the skill takes an object", () => {
    const schema = { type: "object", properties: { a: { type: "number" } }, required: ["a"] };
    expect(argumentsSchema(schema)).toBe(schema);
    expect(inputOf(schema, { a: 1 })).toEqual({ input: { a: 1 } });
    expect([fits(schema, { a: 1 }), fits(schema, {})]).toEqual([true, false]);
  });

  it.each<[string, JsonSchema, unknown, unknown]>([
    ["a string", { type: "string" }, "x", 1],
    ["an array", { type: "array", items: { type: "integer" } }, [1], ["x"]],
    ["an object or a string", { anyOf: [{ type: "object" }, { type: "string" }] }, "x", 1],
    ["what a definition says", { $defs: { n: { type: "number" } }, $ref: "#/$defs/n" }, 1, "x"],
    [
      "a definition below",
      { type: "array", items: { $ref: "#/$defs/n" }, $defs: { n: { type: "number" } } },
      [1],
      ["x"],
    ],
    ["itself, nested", { type: "array", items: { $ref: "#" } }, [[], [[]]], [1]],
  ])("hold %s as `input`", (_, schema, right, wrong) => {
    expect(fits(schema, { input: right })).toBe(true);
    expect(fits(schema, { input: wrong })).toBe(false);
    expect(fits(schema, {})).toBe(false);
  });

  it("hold anything where the skill takes anything, null too", () => {
    for (const input of [null, 0, "", [], {}]) expect(fits({}, { input })).toBe(true);
    expect(fits(true, { input: null })).toBe(true);
    expect(fits(false, { input: null })).toBe(false);
  });

  it("are an object by their schema, in whatever dialect the skill's was", () => {
    const dialect = "https://json-schema.org/draft/2020-12/schema";
    expect(argumentsSchema({ $schema: dialect, type: "string" })).toMatchObject({ $schema: dialect, type: "object" });
  });
});
