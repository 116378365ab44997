/** What the mesh measures of a payload: its JSON, the bytes of it, and its digest. */
import { type Digested, digestOf } from "../digest.ts";
import { JSON_DEPTH } from "../limits.ts";

export interface Payload {
  readonly json: string;
  /** Bytes of the JSON in UTF-8. */
  readonly bytes: number;
}

const encoder = new TextEncoder();

/** Measures a value. `undefined` is null, as in JSON arrays. */
export function measure(value: unknown): Payload {
  const json = JSON.stringify(value) ?? "null";
  return { json, bytes: encoder.encode(json).byteLength };
}

/** Whether objects and arrays stand within each other more than `most` deep. */
export function nestsDeeper(value: unknown, most: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (most <= 0) return true;
  for (const key in value) if (nestsDeeper((value as Record<string, unknown>)[key], most - 1)) return true;
  return false;
}

/**
 * The value as it would arrive over a wire: a callee in this process shares no object with its caller.
 * @throws {TypeError | RangeError} a value that has no JSON, such as a BigInt or a circle, or one that is too deep
 */
export function carried(value: unknown): unknown {
  const json = JSON.stringify(value);
  const copy = json === undefined ? null : (JSON.parse(json) as unknown);
  if (nestsDeeper(copy, JSON_DEPTH)) throw new RangeError(`it nests deeper than ${JSON_DEPTH} levels`);
  return copy;
}

/** Its digest is that of its canonical JSON: equal for equal values, whatever the order of their keys. */
export type Weighed = Payload & Digested;

/** Measures a value, and takes its digest. */
export function weigh(value: unknown): Weighed {
  const json = JSON.stringify(value) ?? "null";
  // Only an object has an order that could differ. Its canonical JSON has as many bytes, so one encoding does for both.
  return { json, ...digestOf(typeof value === "object" && value !== null ? canonicalJson(value) : json) };
}

/** JSON with sorted keys, as in RFC 8785; lone surrogates, which that forbids and payloads may have, stay escaped. */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  let members = "";
  for (const key of Object.keys(value).sort()) {
    const member = (value as Record<string, unknown>)[key];
    if (member !== undefined) members += `${members && ","}${JSON.stringify(key)}:${canonicalJson(member)}`;
  }
  return `{${members}}`;
}
