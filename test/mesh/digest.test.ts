/** One hasher and one buffer are used over and over: nothing of a text may be left in the digest of the next. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { digestOf, hex, keyedDigest } from "../../mesh/digest.ts";

const hexOf = (bytes: ArrayBuffer) =>
  Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");

async function hmac(secret: Uint8Array, bytes: Uint8Array): Promise<string> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", secret, algorithm, false, ["sign"]);
  return hexOf(await crypto.subtle.sign("HMAC", key, bytes));
}

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 200 }),
  fc.string({ unit: "binary-ascii", maxLength: 200 }),
  fc.integer({ min: 2_040, max: 2_060 }).map((length) => "é".repeat(length)),
  fc.integer({ min: 2_040, max: 2_060 }).map((length) => "x".repeat(length)),
);

it("digests texts in any order as if each were the only one", async () => {
  const secrets = [new Uint8Array(32).fill(1), new Uint8Array(80).fill(2)];
  const keyed = secrets.map(keyedDigest);
  await fc.assert(
    fc.asyncProperty(fc.array(text, { maxLength: 6 }), async (texts) => {
      for (const [place, one] of texts.entries()) {
        const which = place % 2;
        // At once, one after the other: nobody waits in between.
        const { bytes, digest } = digestOf(one);
        const signed = one.length > 2_048 ? undefined : hex(keyed[which]?.(one) ?? new Uint8Array());
        const encoded = new TextEncoder().encode(one);
        expect(bytes).toBe(encoded.byteLength);
        expect(await digest).toBe(hexOf(await crypto.subtle.digest("SHA-256", encoded)));
        if (signed === undefined) expect(() => keyed[which]?.(one)).toThrow(RangeError);
        else expect(signed).toBe(await hmac(secrets[which] ?? new Uint8Array(), encoded));
      }
    }),
  );
});
