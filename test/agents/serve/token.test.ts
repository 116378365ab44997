import { createLocalJWKSet, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { beforeAll, expect, test } from "vitest";
import { tokenVerifier, verify } from "../../../agents/serve/token.ts";

type Pair = Awaited<ReturnType<typeof generateKeyPair>>;
let ours: Pair;
let foreign: Pair;
let keys: ReturnType<typeof createLocalJWKSet>;

const HEADER = { alg: "EdDSA", typ: "hop+jwt", kid: "k1" };
const inAMinute = () => Math.floor(Date.now() / 1_000) + 60;
const claims = () => ({ aud: "default", sub: "greeter", jti: "hop", txn: "chain", exp: inAMinute() });

beforeAll(async () => {
  ours = await generateKeyPair("EdDSA");
  foreign = await generateKeyPair("EdDSA");
  keys = createLocalJWKSet({ keys: [{ ...(await exportJWK(ours.publicKey)), kid: "k1", alg: "EdDSA" }] });
});

function signed(payload: JWTPayload, header = HEADER, key = ours.privateKey): Promise<string> {
  return new SignJWT(payload).setProtectedHeader(header).sign(key);
}

async function refusalOf(token: string | undefined): Promise<string> {
  const verified = await verify(token, keys, "default", "greeter");
  if (verified.ok) throw new Error("The token was taken.");
  expect(verified.problem).toMatchObject({ status: 401, code: "token_invalid" });
  return verified.problem.detail;
}

test("takes what the mesh has signed for this agent, and believes the token alone", async () => {
  const payload = claims();
  expect(await verify(await signed(payload), keys, "default", "greeter")).toEqual({
    ok: true,
    claims: { chainId: "chain", hopId: "hop", expiresAtMs: payload.exp * 1_000 },
  });
});

test("refuses no token", async () => {
  expect(await refusalOf(undefined)).toContain("there is none");
  expect(await refusalOf("")).toContain("there is none");
});

test("refuses a signature of another key, and a key that the mesh has not", async () => {
  expect(await refusalOf(await signed(claims(), HEADER, foreign.privateKey))).toContain("not one that this mesh");
  expect(await refusalOf(await signed(claims(), { ...HEADER, kid: "k2" }))).toContain("not one that this mesh");
});

test("refuses claims that were changed after they were signed", async () => {
  const [header, , signature] = (await signed(claims())).split(".");
  const changed = Buffer.from(JSON.stringify({ ...claims(), txn: "other" })).toString("base64url");
  expect(await refusalOf(`${header}.${changed}.${signature}`)).toContain("not one that this mesh");
});

test.each([
  ["another agent", { sub: "other" }, "not for 'greeter'"],
  ["another mesh", { aud: "other" }, "'aud'"],
  ["a time that is over", { exp: 1 }, "expired"],
  ["no time at all", { exp: undefined }, "'exp'"],
  ["no hop", { jti: undefined }, "'jti'"],
  ["no chain", { txn: undefined }, "'txn'"],
  ["a chain that is no text", { txn: 5 }, "claims"],
])("refuses a token for %s", async (_, change, why) => {
  expect(await refusalOf(await signed({ ...claims(), ...change } as JWTPayload))).toContain(why);
});

test("refuses another type of token, though these keys have signed it", async () => {
  expect(await refusalOf(await signed(claims(), { ...HEADER, typ: "at+jwt" }))).toContain("'typ'");
});

test("refuses a token without a signature, of another algorithm, and what is none", async () => {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  expect(await refusalOf(`${part({ ...HEADER, alg: "none" })}.${part(claims())}.`)).toContain("not a token");
  const secret = new TextEncoder().encode("s".repeat(32));
  const shared = await new SignJWT(claims()).setProtectedHeader({ ...HEADER, alg: "HS256" }).sign(secret);
  expect(await refusalOf(shared)).toContain("not a token");
  expect(await refusalOf("nonsense")).toContain("not a token");
});

test("runs nothing while the mesh's keys can't be had, and says that this may pass", async () => {
  const verified = await tokenVerifier("http://127.0.0.1:9", "default", "greeter")(await signed(claims()));
  expect(verified).toMatchObject({ ok: false, problem: { status: 503, code: "agent_unavailable" } });
});
