/** What a mesh signs hop tokens and checks chain ids with. Made once, kept by its registry, remembered by isolates. */
import { base64url, calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from "jose";
import { type Keys, type KeyTimes, rotated } from "./token-keys.ts";

/** An Ed25519 key of hop tokens. */
export interface TokenKey extends KeyTimes {
  readonly kid: string;
  readonly publicJwk: JWK;
  /** Gone as soon as the key signs no more. */
  readonly privateJwk?: JWK | undefined;
}

/** As the registry keeps it. */
export interface KeyringRecord {
  readonly tokenKeys: Keys<TokenKey>;
  /** The key of the chain ids' check: 256 bits, base64url. It never changes: ids would lose their meaning. */
  readonly chainCheck: string;
}

/** The keyring when its next key signs; nothing when too many keys verify still. A key that signs no more is only public. */
export function withNextKey(keyring: KeyringRecord, made: TokenKey, now: number): KeyringRecord | undefined {
  const keys = rotated(keyring.tokenKeys, made, now);
  if (keys === undefined) return undefined;
  const signing = keys.findLast(({ signsFrom }) => signsFrom !== undefined);
  const tokenKeys = keys.map(({ privateJwk, ...key }) =>
    key.kid === signing?.kid || key.signsFrom === undefined ? { ...key, privateJwk } : key,
  );
  return { ...keyring, tokenKeys };
}

export async function makeKeyring(now: number): Promise<KeyringRecord> {
  return {
    tokenKeys: [{ ...(await makeTokenKey(now)), signsFrom: now }, await makeTokenKey(now)],
    chainCheck: base64url.encode(crypto.getRandomValues(new Uint8Array(32))),
  };
}

export async function makeTokenKey(now: number): Promise<TokenKey> {
  const pair = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
  const publicJwk = await exportJWK(pair.publicKey);
  const kid = await calculateJwkThumbprint(publicJwk);
  const named = { kid, alg: "EdDSA", use: "sig" };
  return {
    kid,
    madeAt: now,
    privateJwk: { ...(await exportJWK(pair.privateKey)), ...named },
    publicJwk: { ...publicJwk, ...named },
  };
}
