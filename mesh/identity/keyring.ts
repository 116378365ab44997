/** What a mesh signs hop tokens and checks chain ids with. Made once, kept by its registry, remembered by isolates. */
import { base64url, calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from "jose";
import { firstRow, type Sql } from "../sql.ts";

/** As the registry keeps it: an Ed25519 key pair and the key of the chain ids' check. */
export interface KeyringRecord {
  readonly signing: { readonly kid: string; readonly privateJwk: JWK; readonly publicJwk: JWK };
  /** 256 bits, base64url. */
  readonly chainCheck: string;
}

export function readKeyring(sql: Sql): KeyringRecord | undefined {
  const row = firstRow(sql.exec<{ json: string }>("SELECT json FROM secret WHERE name = 'keyring'"));
  return row && (JSON.parse(row.json) as KeyringRecord);
}

/** Two makers at once are one: the first row stays. */
export function insertKeyring(sql: Sql, keyring: KeyringRecord, now: number): void {
  sql.exec(
    "INSERT OR IGNORE INTO secret (name, json, created_at) VALUES ('keyring', ?, ?)",
    JSON.stringify(keyring),
    now,
  );
}

export async function makeKeyring(): Promise<KeyringRecord> {
  const pair = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
  const publicJwk = await exportJWK(pair.publicKey);
  const kid = await calculateJwkThumbprint(publicJwk);
  const named = { kid, alg: "EdDSA", use: "sig" };
  return {
    signing: {
      kid,
      privateJwk: { ...(await exportJWK(pair.privateKey)), ...named },
      publicJwk: { ...publicJwk, ...named },
    },
    chainCheck: base64url.encode(crypto.getRandomValues(new Uint8Array(32))),
  };
}
