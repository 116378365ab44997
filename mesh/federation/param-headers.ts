/**
 * Arguments that a 2026-07-28 server wants as headers too (`x-mcp-header` in its tool's schema), so that what stands before it
 * can route by them. Pure.
 */
import type { JsonSchema } from "../schema.ts";

interface Declared {
  /** Property names, from the arguments inwards. */
  readonly path: readonly string[];
  readonly header: string;
}

const KEYWORD = "x-mcp-header";
/** A header's name (RFC 9110, 5.1). */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const TYPES: ReadonlySet<unknown> = new Set(["string", "integer", "boolean"]);
/** Schemas are as deep as JSON may be here; properties within properties beyond this are nobody's header. */
const DEEPEST = 32;

/** By the schema object itself, so they are forgotten with the agent that has it. */
const declarations = new WeakMap<object, readonly Declared[]>();

/** @returns headers by their names, in the form that they travel in */
export function paramHeaders(schema: JsonSchema, args: unknown): Record<string, string> {
  if (typeof schema !== "object") return {};
  const declared = declarations.get(schema) ?? declaredIn(schema, [], []);
  declarations.set(schema, declared);
  const headers: Record<string, string> = {};
  for (const { path, header } of declared) {
    const text = textOf(valueAt(args, path));
    if (text !== undefined) headers[`mcp-param-${header}`] = headerValue(text);
  }
  return headers;
}

/** Only what is reached by properties alone can be declared. */
function declaredIn(schema: object, path: readonly string[], found: Declared[]): Declared[] {
  const { [KEYWORD]: header, type, properties } = schema as Record<string, unknown>;
  if (path.length > 0 && typeof header === "string" && TOKEN.test(header) && TYPES.has(type)) {
    found.push({ path, header: header.toLowerCase() });
  }
  if (typeof properties !== "object" || properties === null || path.length >= DEEPEST) return found;
  for (const [name, part] of Object.entries(properties)) {
    if (typeof part === "object" && part !== null) declaredIn(part, [...path, name], found);
  }
  return found;
}

function valueAt(args: unknown, path: readonly string[]): unknown {
  let value = args;
  for (const name of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

/** Absent, null and whatever is no primitive has no header. */
function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return String(value);
  return Number.isSafeInteger(value) || (typeof value === "number" && Number.isFinite(value) && value % 1 !== 0)
    ? String(value)
    : undefined;
}

const ENCODED = /^=\?base64\?.*\?=$/s;
const PLAIN = /^[\t\x20-\x7e]+$/;

/** What no header can say as it is, or would be taken for something else, travels as Base64 of its UTF-8. */
export function headerValue(text: string): string {
  if (PLAIN.test(text) && text === text.trim() && !ENCODED.test(text)) return text;
  const bytes = Array.from(new TextEncoder().encode(text), (byte) => String.fromCodePoint(byte));
  return `=?base64?${btoa(bytes.join(""))}?=`;
}
