/** Values that go out to somebody and come back: signed, so that what comes back is what went out. They can be read. */
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { base64url } from "jose";

export interface Seal {
  readonly seal: (value: unknown) => string;
  /** @returns nothing for what was not sealed with this secret */
  readonly open: (sealed: string) => unknown;
}

/** @param purpose what is sealed for one is nothing for another */
export function keyedSeal(secret: Uint8Array, purpose: string): Seal {
  const encoder = new TextEncoder();
  const keyed = hmac.create(sha256, hmac(sha256, secret, encoder.encode(`seal ${purpose}`)));
  const signature = (text: string) => base64url.encode(keyed.clone().update(encoder.encode(text)).digest());
  return {
    seal: (value) => {
      const text = base64url.encode(encoder.encode(JSON.stringify(value)));
      return `${text}.${signature(text)}`;
    },
    open: (sealed) => {
      const [text = "", given = "", ...more] = sealed.split(".");
      if (more.length > 0 || !isSame(given, signature(text))) return undefined;
      return JSON.parse(new TextDecoder().decode(base64url.decode(text))) as unknown;
    },
  };
}

/** In the same time whatever differs. */
function isSame(given: string, right: string): boolean {
  if (given.length !== right.length) return false;
  let difference = 0;
  for (let place = 0; place < right.length; place++) difference |= given.charCodeAt(place) ^ right.charCodeAt(place);
  return difference === 0;
}
