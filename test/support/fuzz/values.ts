/** Values that fit a JSON Schema, as far as the document's schemas go. */
import fc from "fast-check";
import { type Document, type JsonSchema, resolved } from "./document.ts";

/** Long texts and lists find what short ones do; more only takes time. */
const CHARS = 300;
const ITEMS = 4;

/** What a schema can't know. */
export interface Hints {
  /** What stands where a URL is asked for: made-up hosts would only be waited for. */
  readonly urls: readonly string[];
  /** Values of fields that are good for something, by the field's name. */
  readonly fields: Readonly<Record<string, readonly unknown[]>>;
}

export function valuesOf(document: Document, schema: JsonSchema | boolean, hints: Hints): fc.Arbitrary<unknown> {
  const inner = (part: JsonSchema | boolean) => valuesOf(document, part, hints);
  if (typeof schema === "boolean") return fc.jsonValue();
  if (schema.$ref !== undefined) return inner(resolved<JsonSchema>(document, { $ref: schema.$ref }));
  const plain = plainValues(schema, inner, hints);
  const examples = (schema as { examples?: readonly unknown[] }).examples ?? [];
  return examples.length === 0
    ? plain
    : fc.oneof({ weight: 4, arbitrary: plain }, { weight: 1, arbitrary: fc.constantFrom(...examples) });
}

type Inner = (part: JsonSchema | boolean) => fc.Arbitrary<unknown>;

function plainValues(schema: JsonSchema, inner: Inner, hints: Hints): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const options = schema.oneOf ?? schema.anyOf;
  if (options !== undefined) return fc.oneof(...options.map(inner));
  switch (schema.type) {
    case undefined:
      return fc.jsonValue();
    case "string":
      return strings(schema, hints);
    case "integer":
      return fc.integer({ min: schema.minimum ?? 0, max: Math.min(schema.maximum ?? MOST, MOST) });
    case "number":
      return fc.double({ noNaN: true, noDefaultInfinity: true });
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "array": {
      const size = { minLength: schema.minItems ?? 0, maxLength: Math.min(schema.maxItems ?? ITEMS, ITEMS) };
      return fc.array(inner((schema.items as JsonSchema | undefined) ?? {}), size);
    }
    case "object":
      return objects(schema, inner, hints);
    default:
      throw new Error(`No values are known for ${JSON.stringify(schema)}.`);
  }
}

const MOST = Number.MAX_SAFE_INTEGER;

function strings({ pattern, format, minLength = 0, maxLength = CHARS }: JsonSchema, { urls }: Hints) {
  if (format === "uri") return fc.constantFrom(...urls);
  if (pattern !== undefined) {
    return fc.stringMatching(new RegExp(pattern)).filter((text) => text.length <= maxLength);
  }
  return fc.string({ unit: "grapheme", minLength, maxLength: Math.min(maxLength, CHARS) / 4 });
}

function objects({ properties = {}, required = [], additionalProperties }: JsonSchema, inner: Inner, hints: Hints) {
  const fields = Object.entries(properties);
  if (fields.length === 0 && additionalProperties !== undefined && additionalProperties !== false) {
    const keys = fc.string({ unit: "grapheme", minLength: 1, maxLength: 8 });
    return fc.dictionary(keys, inner(additionalProperties as JsonSchema | boolean), { maxKeys: ITEMS });
  }
  const shape = fields.map(([name, part]) => {
    const values = inner(part as JsonSchema | boolean);
    const known = hints.fields[name] ?? [];
    if (known.length === 0) return [name, values] as const;
    const good = { weight: 3, arbitrary: fc.constantFrom(...known) };
    return [name, fc.oneof(good, { weight: 1, arbitrary: values })] as const;
  });
  const requiredKeys = required.filter((name) => name in properties);
  return fc.record(Object.fromEntries(shape), { requiredKeys, noNullPrototype: true });
}
