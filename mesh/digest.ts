/**
 * SHA-256 and HMAC-SHA-256 of short texts, at once: the platform's digests are promises, and waiting for one costs more than
 * hashing a short text. So does making a hasher, and a buffer to encode into: one of each is used over and over, which is
 * safe because nothing here waits.
 */
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";

const encoder = new TextEncoder();
/** Characters up to which hashing a text here is quicker than handing it to the platform. */
const SHORT = 2_048;
const encoded = new Uint8Array(3 * SHORT);
const digested = new Uint8Array(32);
const unused = sha256.create();
const hasher = sha256.create();

export interface Digested {
  /** Bytes of the text in UTF-8. */
  readonly bytes: number;
  /** SHA-256, hex. To be awaited only where the text is long. */
  readonly digest: string | Promise<string>;
}

export function digestOf(text: string): Digested {
  if (text.length > SHORT) {
    const bytes = encoder.encode(text);
    const digest = crypto.subtle.digest("SHA-256", bytes).then((found) => hex(new Uint8Array(found)));
    return { bytes: bytes.byteLength, digest };
  }
  const bytes = utf8(text);
  unused._cloneInto(hasher).update(bytes).digestInto(digested);
  return { bytes: bytes.byteLength, digest: hex(digested) };
}

/** HMAC under one key. What it returns is overwritten by the next digest. @throws {RangeError} a text that is not short */
export function keyedDigest(secret: Uint8Array): (text: string) => Uint8Array {
  const keyed = hmac.create(sha256, secret);
  const used = keyed.clone();
  return (text) => {
    if (text.length > SHORT) throw new RangeError(`A text of more than ${SHORT} characters is not signed here.`);
    keyed._cloneInto(used).update(utf8(text)).digestInto(digested);
    return digested;
  };
}

/** Of a short text, until the next one. Most are ASCII, which needs no call of the platform. */
function utf8(text: string): Uint8Array {
  for (let place = 0; place < text.length; place++) {
    const code = text.charCodeAt(place);
    if (code > 127) return encoded.subarray(0, encoder.encodeInto(text, encoded).written);
    encoded[place] = code;
  }
  return encoded.subarray(0, text.length);
}

const DIGITS = [..."0123456789abcdef"].map((digit) => digit.charCodeAt(0));

/** Two digits a byte. (`toHex` of the language is not everywhere yet.) In one piece: a text that grows is a tree. */
export function hex(bytes: Uint8Array): string {
  const codes: number[] = [];
  for (const byte of bytes) codes.push(DIGITS[byte >> 4] ?? 0, DIGITS[byte & 15] ?? 0);
  return String.fromCharCode(...codes);
}
