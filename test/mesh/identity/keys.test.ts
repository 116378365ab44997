import fc from "fast-check";
import { expect, it } from "vitest";
import { formatKey, parseKey } from "../../../mesh/identity/keys.ts";

const parts = fc.record({
  mesh: fc.stringMatching(/^[a-z][a-z0-9-]{0,62}$/),
  keyId: fc.stringMatching(/^[0-9A-Za-z]{12}$/),
  secret: fc.stringMatching(/^[0-9A-Za-z]{40}$/),
});

it("a key is read as it was written", () => {
  fc.assert(
    fc.property(parts, (key) => {
      expect(parseKey(formatKey(key))).toEqual(key);
    }),
  );
});

const [keyId, secret] = ["0123456789ab", "s".repeat(40)];

it.each([
  ["nothing", ""],
  ["a mesh that is no name", `hop_Mesh_${keyId}_${secret}`],
  ["a mesh with the parting sign", `hop_a_b_${keyId}_${secret}`],
  ["no mesh", `hop__${keyId}_${secret}`],
  ["a mesh of 64 characters", `hop_${"m".repeat(64)}_${keyId}_${secret}`],
  ["a short id", `hop_default_${keyId.slice(1)}_${secret}`],
  ["a short secret", `hop_default_${keyId}_${secret.slice(1)}`],
  ["a long secret", `hop_default_${keyId}_${secret}s`],
  ["signs that are no letters", `hop_default_${keyId}_${"-".repeat(40)}`],
  ["letters of other scripts", `hop_default_${keyId}_${"ß".repeat(40)}`],
  ["a line's end", `hop_default_${keyId}_${secret}\n`],
  ["something before it", ` hop_default_${keyId}_${secret}`],
  ["another kind", `key_default_${keyId}_${secret}`],
])("a key is nothing else: %s", (_, key) => {
  expect(parseKey(key)).toBeUndefined();
});
