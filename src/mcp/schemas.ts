/** An agent's JSON Schemas as MCP takes them: arguments and structured results are objects. */
import type { JsonSchema } from "../../mesh/schema.ts";

export type ObjectSchema = { readonly type: "object"; readonly [keyword: string]: unknown };

/** Whether a skill takes an object as it is; anything else is given as the one argument `input`. */
export function isObjectSchema(schema: JsonSchema): schema is ObjectSchema & Record<string, unknown> {
  return typeof schema === "object" && schema.type === "object";
}

/** What the arguments of a skill's tool must be. */
export function argumentsSchema(schema: JsonSchema): ObjectSchema {
  if (isObjectSchema(schema)) return schema;
  const { $schema, ...rest } = typeof schema === "object" ? schema : { $schema: undefined };
  const input = schema === false ? { not: {} } : moved(rest);
  const dialect = $schema === undefined ? {} : { $schema };
  return { ...dialect, type: "object", properties: { input }, required: ["input"], additionalProperties: false };
}

/** The input that arguments hold, or nothing where they lack it. */
export function inputOf(
  schema: JsonSchema,
  args: Readonly<Record<string, unknown>>,
): { readonly input: unknown } | undefined {
  if (isObjectSchema(schema)) return { input: args };
  return args.input === undefined ? undefined : { input: args.input };
}

/** References from the root of a schema that is now one property deep. One with an `$id` of its own still is a root. */
function moved(schema: Record<string, unknown>): unknown {
  return typeof schema.$id === "string" ? schema : relocate(schema);
}

function relocate(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(relocate);
  if (typeof part !== "object" || part === null) return part;
  return Object.fromEntries(
    Object.entries(part).map(([key, value]) => {
      const local = key === "$ref" && typeof value === "string" && /^#(\/|$)/.test(value);
      return [key, local ? `#/properties/input${value.slice(1)}` : relocate(value)];
    }),
  );
}
