import { describe, expect, it } from "vitest";
import { budgetOf } from "../../src/console/form/budget.ts";
import { type Field, fieldOf } from "../../src/console/form/fields.ts";
import { initialOf, madeOf } from "../../src/console/form/values.ts";

const within = (schema: object, required: readonly string[] = []): readonly Field[] => {
  const field = fieldOf({ type: "object", properties: schema, required });
  return field.kind === "group" ? field.fields : [];
};
const kinds = (fields: readonly Field[]) => fields.map(({ kind }) => kind);

describe("the fields of a schema", () => {
  it("hold what a form can hold, and JSON for all else", () => {
    const fields = within({
      text: { type: "string" },
      whole: { type: "integer" },
      number: { type: "number" },
      flag: { type: "boolean" },
      choice: { enum: ["a", 2] },
      fixed: { const: "x" },
      texts: { type: "array", items: { type: "string" } },
      object: { type: "object", properties: { inner: { type: "string" } } },
      numbers: { type: "array", items: { type: "number" } },
      open: { type: "object" },
      either: { anyOf: [{ type: "string" }, { type: "number" }] },
      any: {},
      yes: true,
    });
    const made = "text number number boolean choice choice lines group json json json json json";
    expect(kinds(fields)).toEqual(made.split(" "));
  });

  it("are one field where the input is no object with named properties", () => {
    expect(fieldOf({}).kind).toBe("json");
    expect(fieldOf(true).kind).toBe("json");
    expect(fieldOf({ type: "string" }).kind).toBe("text");
    expect(fieldOf({ type: "object", properties: {} }).kind).toBe("json");
  });

  it("nest one level, and are JSON below it", () => {
    const [outer] = within({
      outer: { type: "object", properties: { inner: { type: "object", properties: { leaf: { type: "string" } } } } },
    });
    expect(outer?.kind === "group" && kinds(outer.fields)).toEqual(["json"]);
  });

  it("follow references within the schema, and give up on those that lead nowhere or in circles", () => {
    const root = {
      type: "object",
      properties: { name: { $ref: "#/$defs/name" }, loop: { $ref: "#/$defs/loop" }, away: { $ref: "https://x.test/" } },
      $defs: { name: { type: "string", description: "Who" }, loop: { $ref: "#/$defs/loop" } },
    };
    const field = fieldOf(root);
    expect(field.kind === "group" && kinds(field.fields)).toEqual(["text", "json", "json"]);
    expect(field.kind === "group" && field.fields[0]?.description).toBe("Who");
  });

  it("take no property of every object for one of the schema's", () => {
    const field = fieldOf({ type: "object", properties: { x: { $ref: "#/constructor" } } });
    expect(field.kind === "group" && kinds(field.fields)).toEqual(["json"]);
  });
});

describe("what was typed", () => {
  const schema = {
    type: "object",
    properties: {
      text: { type: "string" },
      count: { type: "integer", minimum: 1, maximum: 9 },
      flag: { type: "boolean" },
      choice: { enum: ["a", 2] },
      lines: { type: "array", items: { type: "string" } },
      group: {
        type: "object",
        properties: { note: { type: "string" }, flag: { type: "boolean" } },
        required: ["flag"],
      },
      json: { type: "array", items: { type: "object" } },
    },
    required: ["text"],
  };
  const field = fieldOf(schema);
  const begun = initialOf(field) as Record<string, string>;

  it("leaves out what was left empty, and a group in which nothing was typed", () => {
    expect(madeOf(field, begun)).toEqual({ ok: true, value: { text: "" } });
  });

  it("becomes values of the schema's types", () => {
    const typed = { ...begun, text: "1", count: "3", flag: "false", choice: "1", lines: "a\n\n b", json: '[{"a":1}]' };
    const group = { note: "n", flag: "true" };
    expect(madeOf(field, { ...typed, group })).toEqual({
      ok: true,
      value: {
        text: "1",
        count: 3,
        flag: false,
        choice: 2,
        lines: ["a", " b"],
        json: [{ a: 1 }],
        group: { note: "n", flag: true },
      },
    });
  });

  it("is refused by field, each with what is wrong", () => {
    const made = madeOf(field, { ...begun, count: "1.5", json: "hello" });
    expect(made).toMatchObject({ ok: false, errors: { count: /./, json: /quotes/ } });
    for (const count of ["0", "10", "x", "1e400"]) {
      expect(madeOf(field, { ...begun, count }), count).toMatchObject({ ok: false, errors: { count: /./ } });
    }
    expect(madeOf(fieldOf({ type: "number" }), "")).toMatchObject({ ok: false });
  });

  it("begins with the example, else with defaults", () => {
    expect(initialOf(fieldOf({ type: "object", properties: { a: { type: "integer", default: 5 } } }))).toEqual({
      a: "5",
    });
    const example = { a: 7, b: ["x", "y"] };
    const both = {
      type: "object",
      properties: { a: { type: "integer", default: 5 }, b: { type: "array", items: { type: "string" } } },
    };
    expect(initialOf(fieldOf(both, example))).toEqual({ a: "7", b: "x\ny" });
    expect(madeOf(fieldOf(both, example), initialOf(fieldOf(both, example)))).toEqual({ ok: true, value: example });
  });
});

describe("the budget", () => {
  it("is in dollars and seconds, and leaves out what was left empty", () => {
    expect(budgetOf({ hops: "5", cost: "0.25", seconds: "1.5", tokens: "" })).toEqual({
      ok: true,
      budget: { hops: 5, costMicros: 250_000, wallMs: 1_500 },
    });
  });

  it("names the field that is no amount", () => {
    expect(budgetOf({ hops: "1.5", cost: "-1", seconds: "x" })).toMatchObject({
      ok: false,
      errors: { hops: /whole/, cost: /./, seconds: /./ },
    });
  });
});
