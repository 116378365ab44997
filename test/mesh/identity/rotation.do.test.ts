/** Rotation as a mesh and its registry do it: what was signed before verifies after, until its key is retired. */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { base64url } from "jose";
import { describe, expect, it } from "vitest";
import { signHopToken, verifyHopToken } from "../../../mesh/hop/token.ts";
import { type KeyringRecord, makeTokenKey } from "../../../mesh/identity/keyring.ts";
import { TOKEN_KEY_LEAD_MS, TOKEN_KEY_OVERLAP_MS, TOKEN_KEYS } from "../../../mesh/limits.ts";
import type { Mesh } from "../../../mesh/mesh.ts";
import type { Registry } from "../../../mesh/registry/registry.ts";
import { api } from "../../support/workers/http.ts";
import { rows } from "../../support/workers/ledger.ts";
import { freshMesh } from "../../support/workers/mesh.ts";

const MONTH = 30 * 24 * 3_600_000;

async function token(mesh: Mesh): Promise<string> {
  const claims = {
    mesh: mesh.name,
    agent: "echo",
    hopId: "0123456789abcdef",
    chainId: "0123456789abcdef0123456789abcdef",
    expiresAtMs: Date.now() + 60_000,
  };
  return signHopToken(claims, (await mesh.keyring()).signing, Date.now());
}

async function verify(mesh: Mesh, signed: string) {
  const { publicKeys } = await mesh.keyring();
  return verifyHopToken(signed, mesh.name, (kid) => publicKeys.get(kid), Date.now());
}

async function rotate(mesh: Mesh): Promise<void> {
  const rotated = await mesh.registry.rotateTokenKeys();
  expect(rotated.ok).toBe(true);
  mesh.noteRevision((rotated as { revision: number }).revision);
}

async function stored(mesh: Mesh): Promise<KeyringRecord> {
  const [row] = await rows(mesh.registry, "SELECT json FROM secret WHERE name = 'keyring'");
  return JSON.parse(String(row?.json)) as KeyringRecord;
}

/** Makes every time of the keyring earlier, as if `ms` had passed. */
async function age(mesh: Mesh, ms: number): Promise<void> {
  const { tokenKeys, chainCheck } = await stored(mesh);
  const older = tokenKeys.map(({ madeAt, signsFrom, ...key }) => ({
    ...key,
    madeAt: madeAt - ms,
    ...(signsFrom === undefined ? {} : { signsFrom: signsFrom - ms }),
  }));
  await rows(mesh.registry, "UPDATE secret SET json = ?", JSON.stringify({ tokenKeys: older, chainCheck }));
  await rows(mesh.registry, "UPDATE revision SET number = number + 1");
  mesh.noteRevision(await mesh.registry.revision());
}

describe("a rotation", () => {
  it("changes who signs; a token of before verifies until its key is retired, also after an eviction", async () => {
    const { mesh } = freshMesh();
    const before = await mesh.keyring();
    const signed = await token(mesh);
    const [, next] = before.publicJwks;
    await rotate(mesh);
    const after = await mesh.keyring();
    expect(after.signing.kid).toBe(next?.kid);
    expect(after.publicJwks.map(({ kid }) => kid)).toEqual([next?.kid, expect.any(String), before.signing.kid]);
    expect(await verify(mesh, signed)).toMatchObject({ ok: true });

    await evictDurableObject(mesh.registry);
    await age(mesh, TOKEN_KEY_OVERLAP_MS - 30_000);
    expect(await verify(mesh, signed)).toMatchObject({ ok: true });
    await age(mesh, 30_000);
    expect(await verify(mesh, signed)).toMatchObject({ ok: false, rejection: { code: "token_invalid" } });
    expect(await verify(mesh, await token(mesh))).toMatchObject({ ok: true });
  });

  it("keeps the private part of no key that signs no more, and publishes none", async () => {
    const { mesh } = freshMesh();
    await mesh.keyring();
    await rotate(mesh);
    const { tokenKeys } = await stored(mesh);
    expect(tokenKeys.map(({ privateJwk }) => privateJwk !== undefined)).toEqual([false, true, true]);
    expect((await mesh.keyring()).publicJwks.flatMap((jwk) => Object.keys(jwk))).not.toContain("d");
  });

  it("leaves the chain ids of before as they are: their check is of another key", async () => {
    const { mesh } = freshMesh();
    const id = await mesh.newChainId();
    await rotate(mesh);
    expect(await mesh.ledgerOf(id)).toBeDefined();
  });

  it("comes by itself when the period is over, once for all who ask at the same time", async () => {
    const { mesh } = freshMesh();
    const [, next] = (await mesh.keyring()).publicJwks;
    await age(mesh, MONTH - 60_000);
    expect((await mesh.keyring()).signing.kid).not.toBe(next?.kid);
    await age(mesh, 60_000);
    await runInDurableObject<Registry, void>(mesh.registry, async (registry) => {
      await Promise.all(Array.from({ length: 10 }, () => registry.keyring(MONTH)));
    });
    expect((await mesh.keyring()).signing.kid).toBe(next?.kid);
    expect((await stored(mesh)).tokenKeys).toHaveLength(3);
  });

  it("is found due by the isolate that remembers the keyring, without a change of the registry", async () => {
    const { mesh } = freshMesh();
    await mesh.keyring();
    // What an isolate has kept for so long: the same record, one minute before its time.
    await age(mesh, MONTH - 200);
    const [, next] = (await mesh.keyring()).publicJwks;
    await scheduler.wait(300);
    expect((await mesh.keyring()).signing.kid).toBe(next?.kid);
  });

  it("is refused when too many keys verify still", async () => {
    const { mesh } = freshMesh();
    for (let key = 2; key < TOKEN_KEYS; key++) await rotate(mesh);
    expect(await mesh.registry.rotateTokenKeys()).toMatchObject({ ok: false, rejection: { code: "conflict" } });
  });
});

it("a keyring as it was kept before rotation is read: its key signs on, and gets a next one", async () => {
  const { mesh } = freshMesh();
  const { kid, publicJwk, privateJwk } = await makeTokenKey(0);
  const chainCheck = base64url.encode(new Uint8Array(32).fill(7));
  const json = JSON.stringify({ signing: { kid, privateJwk, publicJwk }, chainCheck });
  const madeAt = Date.now() - 2 * MONTH;
  await rows(mesh.registry, "INSERT INTO secret (name, json, created_at) VALUES ('keyring', ?, ?)", json, madeAt);
  const first = await mesh.keyring();
  expect(first.signing.kid).toBe(kid);
  expect(first.publicJwks).toHaveLength(2);
  expect((await stored(mesh)).chainCheck).toBe(chainCheck);
  const signed = await token(mesh);
  // Though its period is long over, the next one signs only when everybody has it.
  await age(mesh, TOKEN_KEY_LEAD_MS);
  expect((await mesh.keyring()).signing.kid).toBe(first.publicJwks[1]?.kid);
  expect(await verify(mesh, signed)).toMatchObject({ ok: true });
});

it("only an admin rotates, and sees what each key does", async () => {
  const mesh = `m-${crypto.randomUUID()}`;
  const made = await api("POST", "/v1/keys", { body: { name: "first", scopes: ["admin"], mesh } });
  const key = String(made.body.key);
  const reader = await api("POST", "/v1/keys", { key, body: { name: "reader", scopes: ["read", "invoke"] } });
  const path = "/v1/token-keys/rotate";
  expect((await api("POST", path, { key: String(reader.body.key) })).body.code).toBe("insufficient_scope");
  expect((await api("GET", path, { key })).status).toBe(405);
  const rotated = await api("POST", path, { key });
  const items = rotated.body.items as { kid: string; use: string }[];
  expect(items.map(({ use }) => use)).toEqual(["next", "signs", "verifies"]);
  const { keys } = (await api("GET", `/.well-known/jwks.json?mesh=${mesh}`)).body as { keys: { kid: string }[] };
  expect(keys.map(({ kid }) => kid).toSorted()).toEqual(items.map(({ kid }) => kid).toSorted());
});
