/** What the mesh measures of a payload: its JSON, the bytes of it, and its digest. */
import { sha256 as sha256Of } from "@noble/hashes/sha2.js";
import { hex } from "../ids.ts";
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

export interface Weighed extends Payload {
  /** SHA-256 of the value's canonical JSON, hex: equal for equal values, whatever the order of their keys. */
  readonly digest: string | Promise<string>;
}

/** Measures a value, and takes its digest. */
export function weigh(value: unknown): Weighed {
  const json = JSON.stringify(value) ?? "null";
  // Only an object has an order that could differ. Its canonical JSON has as many bytes, so one encoding does for both.
  const bytes = encoder.encode(typeof value === "object" && value !== null ? canonicalJson(value) : json);
  return { json, bytes: bytes.byteLength, digest: sha256OfBytes(bytes) };
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

/** Bytes up to which hashing here is quicker than handing the text to the platform and waiting for it. */
const HASHED_HERE = 2_048;

/** SHA-256 of a text in UTF-8, hex. Awaited only where the text is long. */
export function sha256(text: string): string | Promise<string> {
  return sha256OfBytes(encoder.encode(text));
}

function sha256OfBytes(bytes: Uint8Array): string | Promise<string> {
  return bytes.byteLength <= HASHED_HERE ? hex(sha256Of(bytes)) : sha256OfMany(bytes);
}

async function sha256OfMany(bytes: Uint8Array): Promise<string> {
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}
