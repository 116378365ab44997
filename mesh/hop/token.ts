/**
 * Hop tokens: what lets a remote callee make further hops under its own hop. JWT, EdDSA only, typ `hop+jwt`. The
 * signature says that the mesh made it; whether its hop is still open is the ledger's to say, at each use.
 */
import { CompactSign, decodeJwt, errors, jwtVerify } from "jose";
import type { Rejection } from "../rejection.ts";

export interface HopClaims {
  /** Audience. */
  readonly mesh: string;
  /** Subject: the callee. */
  readonly agent: string;
  /** jti. */
  readonly hopId: string;
  /** txn. */
  readonly chainId: string;
  /** Epoch milliseconds; whole seconds on the wire, rounded up. */
  readonly expiresAtMs: number;
}

export interface SigningKey {
  readonly kid: string;
  readonly key: CryptoKey;
}

const TYPE = "hop+jwt";
const encoder = new TextEncoder();

/** Tokens of hops that run in this isolate: to find one here says as much as its signature does, for less. */
const signedHere = new Map<string, HopClaims>();
/** With so many some were left behind: all are forgotten, and are known by their signatures. */
const SIGNED_HERE = 20_000;

export async function signHopToken(claims: HopClaims, { kid, key }: SigningKey, now: number): Promise<string> {
  const { mesh, agent, hopId, chainId } = claims;
  const expiresAtMs = Math.ceil(claims.expiresAtMs / 1_000) * 1_000;
  const times = { iat: Math.floor(now / 1_000), exp: expiresAtMs / 1_000 };
  // The claims are plain and our own: what SignJWT does beside signing (copying, checking, reading times) is not needed.
  const payload = encoder.encode(JSON.stringify({ txn: chainId, aud: mesh, sub: agent, jti: hopId, ...times }));
  const token = await new CompactSign(payload).setProtectedHeader({ alg: "EdDSA", typ: TYPE, kid }).sign(key);
  if (signedHere.size >= SIGNED_HERE) signedHere.clear();
  signedHere.set(token, { ...claims, expiresAtMs });
  return token;
}

/** Its hop has ended. Whoever sends the token still is told so by the ledger, after its signature was looked at. */
export function forgetToken(token: string): void {
  signedHere.delete(token);
}

/** The claims of a token that was signed here and has not expired. Of any other nothing is said: verify it. */
export function claimsSignedHere(token: string, now: number): HopClaims | undefined {
  const claims = signedHere.get(token);
  return claims !== undefined && claims.expiresAtMs > now ? claims : undefined;
}

/** Whether a bearer has the form of a JWT; keys of the mesh never have. */
export function looksLikeToken(bearer: string): boolean {
  return /^[\w-]+\.[\w-]+\.[\w-]*$/.test(bearer);
}

/** The mesh that a token claims to be for. Not trusted: it only says whose keys to check it with. */
export function claimedMesh(token: string): string | undefined {
  try {
    const { aud } = decodeJwt(token);
    return typeof aud === "string" ? aud : undefined;
  } catch {
    return undefined;
  }
}

export type Verified =
  | { readonly ok: true; readonly claims: HopClaims }
  | { readonly ok: false; readonly rejection: Rejection };

/** @param keyOf the public key of a key id, if the mesh has one */
export async function verifyHopToken(
  token: string,
  mesh: string,
  keyOf: (kid: string) => CryptoKey | undefined,
  now: number,
): Promise<Verified> {
  try {
    const { payload } = await jwtVerify(
      token,
      ({ kid }) => {
        const key = keyOf(kid ?? "");
        if (key === undefined) throw new errors.JWKSNoMatchingKey();
        return key;
      },
      {
        algorithms: ["EdDSA"],
        typ: TYPE,
        audience: mesh,
        currentDate: new Date(now),
        requiredClaims: ["sub", "jti", "txn", "exp"],
      },
    );
    const { sub, jti, txn, exp } = payload;
    if (typeof sub !== "string" || typeof jti !== "string" || typeof txn !== "string" || typeof exp !== "number") {
      return invalid("its claims are not those of a hop token");
    }
    return { ok: true, claims: { mesh, agent: sub, hopId: jti, chainId: txn, expiresAtMs: exp * 1_000 } };
  } catch (error) {
    return invalid(error instanceof errors.JWTExpired ? "it has expired" : "it is not one that this mesh has signed");
  }
}

export function invalid(why: string): { readonly ok: false; readonly rejection: Rejection } {
  return { ok: false, rejection: { code: "token_invalid", detail: `The hop token is not valid: ${why}.` } };
}
