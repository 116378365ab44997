/** The keyring as an isolate uses it: keys imported once, and what each may do at a time. */
import { base64url, importJWK, type JWK } from "jose";
import type { SigningKey } from "../hop/token.ts";
import { type Check, keyedCheck } from "../ids.ts";
import type { KeyringRecord } from "./keyring.ts";
import { keyedSeal, type Seal } from "./seal.ts";
import { scheduleAt } from "./token-keys.ts";

export interface Keyring {
  readonly signing: SigningKey;
  /** By key id, for verification. */
  readonly publicKeys: ReadonlyMap<string, CryptoKey>;
  readonly publicJwks: readonly JWK[];
  readonly check: Check;
  /** For what clients bring back to a further round of a call. */
  readonly rounds: Seal;
  /** Whether the next key is to sign now: the registry's to write. */
  readonly due: boolean;
  /** Until when this holds, in epoch milliseconds. */
  readonly until: number;
}

export interface ImportedKeys {
  readonly public: ReadonlyMap<string, CryptoKey>;
  readonly private: ReadonlyMap<string, CryptoKey>;
  readonly check: Check;
  readonly rounds: Seal;
}

export async function importKeys({ tokenKeys, chainCheck }: KeyringRecord): Promise<ImportedKeys> {
  const read = async (kid: string, jwk: JWK) => [kid, (await importJWK(jwk, "EdDSA")) as CryptoKey] as const;
  const signing = tokenKeys.flatMap(({ kid, privateJwk }) => (privateJwk === undefined ? [] : read(kid, privateJwk)));
  return {
    public: new Map(await Promise.all(tokenKeys.map(({ kid, publicJwk }) => read(kid, publicJwk)))),
    private: new Map(await Promise.all(signing)),
    check: keyedCheck(base64url.decode(chainCheck)),
    rounds: keyedSeal(base64url.decode(chainCheck), "rounds"),
  };
}

export function keyringAt(record: KeyringRecord, imported: ImportedKeys, now: number, periodMs: number): Keyring {
  const { signing, verifying, due, until } = scheduleAt(record.tokenKeys, now, periodMs);
  const key = imported.private.get(signing.kid);
  if (key === undefined) throw new Error("The key that signs has no private part.");
  const publicKeys = verifying.flatMap(({ kid }) => {
    const known = imported.public.get(kid);
    return known === undefined ? [] : [[kid, known] as const];
  });
  return {
    signing: { kid: signing.kid, key },
    publicKeys: new Map(publicKeys),
    publicJwks: verifying.map(({ publicJwk }) => publicJwk),
    check: imported.check,
    rounds: imported.rounds,
    due,
    until,
  };
}
