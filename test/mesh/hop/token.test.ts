import { exportSPKI, generateKeyPair, SignJWT } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import {
  claimedMesh,
  claimsSignedHere,
  forgetToken,
  type HopClaims,
  looksLikeToken,
  type SigningKey,
  signHopToken,
  verifyHopToken,
} from "../../../mesh/hop/token.ts";

const NOW = 1_800_000_000_000;
const CLAIMS: HopClaims = {
  mesh: "default",
  agent: "echo",
  hopId: "0123456789abcdef",
  chainId: "0123456789abcdef0123456789abcdef",
  expiresAtMs: NOW + 60_000,
};

let pair: Awaited<ReturnType<typeof generateKeyPair>>;
let signing: SigningKey;
beforeAll(async () => {
  pair = await generateKeyPair("EdDSA", { crv: "Ed25519" });
  signing = { kid: "ours", key: pair.privateKey };
});

const verify = (token: string, { mesh = "default", now = NOW } = {}) =>
  verifyHopToken(token, mesh, (kid) => (kid === "ours" ? pair.publicKey : undefined), now);
const refused = { ok: false, rejection: { code: "token_invalid" } };

/** A token as one of ours would be, but for what is said. */
async function forged(changes: {
  header?: Record<string, unknown>;
  payload?: Record<string, unknown>;
  key?: CryptoKey;
}) {
  const payload = {
    txn: CLAIMS.chainId,
    aud: CLAIMS.mesh,
    sub: CLAIMS.agent,
    jti: CLAIMS.hopId,
    exp: NOW / 1_000 + 60,
    ...changes.payload,
  };
  const header = { alg: "EdDSA", typ: "hop+jwt", kid: "ours", ...changes.header };
  return new SignJWT(payload).setProtectedHeader(header).sign(changes.key ?? pair.privateKey);
}

describe("a hop token", () => {
  it("says what it was signed with, for the mesh that it was signed for", async () => {
    const token = await signHopToken(CLAIMS, signing, NOW);
    expect(await verify(token)).toEqual({ ok: true, claims: CLAIMS });
    expect(claimedMesh(token)).toBe("default");
    expect(looksLikeToken(token)).toBe(true);
    expect(await verify(await forged({}))).toEqual({ ok: true, claims: CLAIMS });
  });

  it("that was signed here is known without its signature, until it expires or its hop ends; no other is", async () => {
    const token = await signHopToken(CLAIMS, signing, NOW);
    expect(claimsSignedHere(token, NOW)).toEqual(CLAIMS);
    expect(claimsSignedHere(token, CLAIMS.expiresAtMs)).toBeUndefined();
    expect(claimsSignedHere(`${token}A`, NOW)).toBeUndefined();
    expect(claimsSignedHere(await forged({ payload: { iat: 1 } }), NOW)).toBeUndefined();
    forgetToken(token);
    expect(claimsSignedHere(token, NOW)).toBeUndefined();
    expect(await verify(token)).toEqual({ ok: true, claims: CLAIMS });
  });

  it("of another mesh is refused", async () => {
    expect(await verify(await signHopToken({ ...CLAIMS, mesh: "other" }, signing, NOW))).toMatchObject(refused);
    expect(await verify(await signHopToken(CLAIMS, signing, NOW), { mesh: "other" })).toMatchObject(refused);
  });

  it("lives until its hop's deadline, the second of it included, and not after", async () => {
    const token = await signHopToken({ ...CLAIMS, expiresAtMs: NOW + 1_001 }, signing, NOW);
    expect(await verify(token, { now: NOW + 1_001 })).toMatchObject({ ok: true, claims: { expiresAtMs: NOW + 2_000 } });
    expect(await verify(token, { now: NOW + 2_000 })).toMatchObject({
      ok: false,
      rejection: { code: "token_invalid", detail: expect.stringMatching(/it has expired/) },
    });
  });

  it("with one character changed is refused, wherever it is", async () => {
    const token = await signHopToken(CLAIMS, signing, NOW);
    // The last character of a signature carries bits that decoders may drop.
    for (let place = 0; place < token.length - 1; place += 3) {
      const other = token[place] === "A" ? "B" : "A";
      if (token[place] === ".") continue;
      expect((await verify(token.slice(0, place) + other + token.slice(place + 1))).ok, `${place}`).toBe(false);
    }
  });

  it("of another key, or of a key that the mesh does not have, is refused", async () => {
    const other = await generateKeyPair("EdDSA", { crv: "Ed25519" });
    expect(await verify(await forged({ key: other.privateKey }))).toMatchObject(refused);
    expect(await verify(await forged({ header: { kid: "theirs" } }))).toMatchObject(refused);
    expect(await verify(await forged({ header: { kid: undefined } }))).toMatchObject(refused);
  });

  it("without a signature, or with the public key as a secret, is refused", async () => {
    const [, payload] = (await forged({})).split(".");
    const header = (alg: string) => btoa(JSON.stringify({ alg, typ: "hop+jwt", kid: "ours" })).replaceAll("=", "");
    expect(await verify(`${header("none")}.${payload}.`)).toMatchObject(refused);
    const known = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
    const secret = new TextEncoder().encode(await exportSPKI(known.publicKey));
    const confused = await new SignJWT({ txn: "x" })
      .setProtectedHeader({ alg: "HS256", typ: "hop+jwt", kid: "ours" })
      .setAudience("default")
      .setSubject("echo")
      .setJti("x")
      .setExpirationTime(NOW / 1_000 + 60)
      .sign(secret);
    expect(await verifyHopToken(confused, "default", () => known.publicKey, NOW)).toMatchObject(refused);
  });

  it("under another name of the same algorithm is refused: there is one", async () => {
    expect(await verify(await forged({ header: { alg: "Ed25519" } }))).toMatchObject(refused);
  });

  it("that is another kind of token of the same key is refused", async () => {
    expect(await verify(await forged({ header: { typ: "JWT" } }))).toMatchObject(refused);
    expect(await verify(await forged({ header: { typ: undefined } }))).toMatchObject(refused);
  });

  it.each(["sub", "jti", "txn", "exp", "aud"])("without %s is refused", async (claim) => {
    expect(await verify(await forged({ payload: { [claim]: undefined } }))).toMatchObject(refused);
  });

  it("whose claims are not of their type is refused", async () => {
    expect(await verify(await forged({ payload: { txn: 7 } }))).toMatchObject(refused);
    expect(await verify(await forged({ payload: { txn: { a: 1 } } }))).toMatchObject(refused);
  });

  it("is nothing that only looks like one", async () => {
    for (const text of ["", "a.b", "a.b.c", "....", "hop_default_abc_def"])
      expect(await verify(text)).toMatchObject(refused);
    expect(looksLikeToken("hop_default_0123456789ab_secret")).toBe(false);
    expect(looksLikeToken("an admin key of any characters.with.dots in it")).toBe(false);
    expect(claimedMesh("a.b.c")).toBeUndefined();
    expect(claimedMesh(await forged({ payload: { aud: ["a", "b"] } }))).toBeUndefined();
  });
});
