/** A JSON Schema as the fields of a form: what a form can hold becomes fields, all else is typed as JSON. Pure. */

export type Field = FieldWords &
  (
    | { readonly kind: "text"; readonly isLong: boolean }
    | { readonly kind: "number"; readonly isWhole: boolean; readonly min?: number; readonly max?: number }
    | { readonly kind: "boolean" }
    | { readonly kind: "choice"; readonly options: readonly unknown[] }
    /** Texts, one a line. */
    | { readonly kind: "lines" }
    | { readonly kind: "group"; readonly fields: readonly Field[] }
    | { readonly kind: "json" }
  );
export type FieldKind = Field["kind"];

export interface FieldWords {
  /** Of the property; empty for the input itself. */
  readonly name: string;
  readonly description: string;
  readonly isRequired: boolean;
  /** What stands there at first. */
  readonly initial: unknown;
}

type Schema = Readonly<Record<string, unknown>>;

/** Objects within each other that become fields. */
const DEEPEST = 2;
/** A text that may be longer has a field of several lines. */
const SHORT_CHARS = 200;

/** @param example an input that fits, to begin with */
export function fieldOf(schema: unknown, example?: unknown): Field {
  const root = asSchema(schema);
  return made(root, root, { name: "", isRequired: true, example }, 0);
}

interface Place {
  readonly name: string;
  readonly isRequired: boolean;
  readonly example: unknown;
}

function made(root: Schema, unresolved: Schema, { name, isRequired, example }: Place, depth: number): Field {
  const schema = resolved(root, unresolved);
  const initial = example ?? schema.default;
  const description = typeof schema.description === "string" ? schema.description : "";
  const words = { name, description, isRequired, initial };
  if (Array.isArray(schema.enum) && schema.enum.length > 0) return { ...words, kind: "choice", options: schema.enum };
  if ("const" in schema) return { ...words, kind: "choice", options: [schema.const] };
  switch (schema.type) {
    case "string":
      return { ...words, kind: "text", isLong: !(numberOr(schema.maxLength, Number.POSITIVE_INFINITY) <= SHORT_CHARS) };
    case "number":
    case "integer":
      return { ...words, kind: "number", isWhole: schema.type === "integer", ...boundsOf(schema) };
    case "boolean":
      return { ...words, kind: "boolean" };
    case "array":
      if (isPlainText(resolved(root, asSchema(schema.items)))) return { ...words, kind: "lines" };
      return { ...words, kind: "json" };
    case "object":
      return depth < DEEPEST
        ? (groupOf(root, schema, words, depth) ?? { ...words, kind: "json" })
        : { ...words, kind: "json" };
    default:
      return { ...words, kind: "json" };
  }
}

/** Only an object whose properties are named has fields for them. */
function groupOf(root: Schema, schema: Schema, words: FieldWords, depth: number): Field | undefined {
  const properties = Object.entries(asSchema(schema.properties));
  if (properties.length === 0) return undefined;
  const required = Array.isArray(schema.required) ? schema.required : [];
  const within = asSchema(words.initial);
  const fields = properties.map(([name, property]) => {
    const place = {
      name,
      isRequired: required.includes(name),
      example: Object.hasOwn(within, name) ? within[name] : undefined,
    };
    return made(root, asSchema(property), place, depth + 1);
  });
  return { ...words, kind: "group", fields };
}

function isPlainText(schema: Schema): boolean {
  return schema.type === "string" && schema.enum === undefined;
}

function boundsOf({ minimum, maximum }: Schema): { min?: number; max?: number } {
  return {
    ...(typeof minimum === "number" ? { min: minimum } : {}),
    // What JSON Schemas made of types say of every whole number is no help to anybody.
    ...(typeof maximum === "number" && maximum < Number.MAX_SAFE_INTEGER ? { max: maximum } : {}),
  };
}

/** Follows references within the document; one that leads in circles, or out of it, is any JSON. */
function resolved(root: Schema, schema: Schema, steps = 0): Schema {
  const { $ref: reference, ...beside } = schema;
  if (typeof reference !== "string") return schema;
  if (steps > 8 || !reference.startsWith("#")) return beside;
  let found: unknown = root;
  for (const part of reference.split("/").slice(1)) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
    found = Object.hasOwn(asSchema(found), key) ? asSchema(found)[key] : undefined;
  }
  return resolved(root, { ...asSchema(found), ...beside }, steps + 1);
}

function asSchema(value: unknown): Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Schema) : {};
}

function numberOr(value: unknown, other: number): number {
  return typeof value === "number" ? value : other;
}
