/** What the mesh measures of a payload: its JSON, the bytes of it, and its digest. */
import canonicalize from "canonicalize";
import { hex } from "../ids.ts";

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

/**
 * The value as it would arrive over a wire: a callee in this process shares no object with its caller.
 * @throws {TypeError} a value that has no JSON, such as a BigInt or a circle
 */
export function carried(value: unknown): unknown {
  const json = JSON.stringify(value);
  return json === undefined ? null : (JSON.parse(json) as unknown);
}

/** SHA-256 of the value's canonical JSON (RFC 8785), hex: equal for equal values, whatever the order of their keys. */
export async function digest(value: unknown, { json }: Payload): Promise<string> {
  // Only an object has an order that could differ.
  const canonical = typeof value === "object" && value !== null ? (canonicalJson(value) ?? json) : json;
  return sha256(canonical);
}

/** Canonical JSON refuses lone surrogates, which are legal here: such a value is digested as it was written. */
function canonicalJson(value: object): string | undefined {
  try {
    return canonicalize(value);
  } catch {
    return undefined;
  }
}

export async function sha256(text: string): Promise<string> {
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(text))));
}
