/** What the mesh measures of a payload: its JSON, the bytes of it, and its digest. */
import { type Digested, digestOf } from "../digest.ts";
import { JSON_DEPTH } from "../limits.ts";

export interface Payload {
  readonly json: string;
  /** Bytes of the JSON in UTF-8. */
  readonly bytes: number;
}

const encoder = new TextEncoder();

/** Bytes of a text in UTF-8. */
export function bytesOf(text: string): number {
  return encoder.encode(text).byteLength;
}

/** Whether objects and arrays stand within each other more than `most` deep. */
function nestsDeeper(value: unknown, most: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (most <= 0) return true;
  for (const key in value) if (nestsDeeper((value as Record<string, unknown>)[key], most - 1)) return true;
  return false;
}

/** Whether a value whose JSON has so many characters nests deeper than a payload may: each level takes two. */
export function isTooDeep(value: unknown, chars: number): boolean {
  return chars > 2 * JSON_DEPTH && nestsDeeper(value, JSON_DEPTH);
}

/** A value as it has come, and the JSON that it came as. */
export interface Carried {
  readonly value: unknown;
  readonly json: string;
}

/**
 * The value as it would arrive over a wire: a callee in this process shares no object with its caller.
 * @throws {TypeError | RangeError} a value that has no JSON, such as a BigInt or a circle, or one that is too deep
 */
export function carried(value: unknown): Carried {
  const json = JSON.stringify(value) ?? "null";
  const copy = JSON.parse(json) as unknown;
  if (isTooDeep(copy, json.length)) throw new RangeError(`it nests deeper than ${JSON_DEPTH} levels`);
  return { value: copy, json };
}

/** Its digest is that of its canonical JSON: equal for equal values, whatever the order of their keys. */
export type Weighed = Payload & Digested;

/**
 * Measures a value, and takes its digest. `undefined` is null, as in JSON arrays.
 * @param json the value's own, where it is known
 */
export function weigh(value: unknown, json = JSON.stringify(value) ?? "null"): Weighed {
  // Only the order could differ. Canonical JSON has as many bytes, so one encoding does for both.
  return { json, ...digestOf(isInOrder(value) ? json : canonicalJson(value)) };
}

/** Whether the keys of all objects within stand sorted, so that the value's JSON is the canonical one. */
function isInOrder(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (Array.isArray(value)) return value.every(isInOrder);
  let before = "";
  for (const key in value) {
    if (key < before || !isInOrder((value as Record<string, unknown>)[key])) return false;
    before = key;
  }
  return true;
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
