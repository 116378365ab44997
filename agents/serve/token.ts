/** The trust boundary of a served agent: only what the mesh has signed, for this agent, and not yet expired, runs. */
import { createRemoteJWKSet, errors, type JWTVerifyGetKey, jwtVerify } from "jose";
import type { Problem } from "./problem.ts";

/** What a verified token says. Nothing else of a request is believed about its place in a chain. */
export interface Claims {
  readonly chainId: string;
  readonly hopId: string;
  /** Epoch milliseconds. */
  readonly expiresAtMs: number;
}

export type Verified =
  | { readonly ok: true; readonly claims: Claims }
  | { readonly ok: false; readonly problem: Problem };

/** Made-up key ids cost the mesh a fetch at most this often, in milliseconds; a key that is new is refused no longer. */
const COOLDOWN_MS = 2_000;

export type Verifier = (token: string | undefined) => Promise<Verified>;

/** @param mesh the mesh's origin. Its keys are fetched when first needed, and again when a token names a new one. */
export function tokenVerifier(mesh: string, meshName: string, agent: string): Verifier {
  const url = new URL(`/.well-known/jwks.json?mesh=${encodeURIComponent(meshName)}`, mesh);
  const jwks = createRemoteJWKSet(url, { cooldownDuration: COOLDOWN_MS });
  return (token) => verify(token, jwks, meshName, agent);
}

export async function verify(
  token: string | undefined,
  keys: JWTVerifyGetKey,
  meshName: string,
  agent: string,
): Promise<Verified> {
  if (token === undefined || token === "") return refused("there is none: calls come from the mesh, in Hopline-Token");
  try {
    const { payload } = await jwtVerify(token, keys, {
      // One algorithm and one type: no other JWT that these keys ever sign is taken for a hop token.
      algorithms: ["EdDSA"],
      typ: "hop+jwt",
      audience: meshName,
      subject: agent,
      requiredClaims: ["jti", "txn", "exp"],
    });
    const { jti, txn, exp } = payload;
    if (typeof jti !== "string" || typeof txn !== "string" || typeof exp !== "number") {
      return refused("its claims are not those of a hop token");
    }
    return { ok: true, claims: { chainId: txn, hopId: jti, expiresAtMs: exp * 1_000 } };
  } catch (error) {
    return whyNot(error, agent);
  }
}

function whyNot(error: unknown, agent: string): Verified {
  if (error instanceof errors.JWTExpired) return refused("it has expired");
  if (error instanceof errors.JWTClaimValidationFailed) {
    return refused(error.claim === "sub" ? `it is not for '${agent}'` : `its '${error.claim}' is not right`);
  }
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWSSignatureVerificationFailed) {
    return refused("it is not one that this mesh has signed");
  }
  if (error instanceof errors.JWSInvalid || error instanceof errors.JWTInvalid || isOther(error)) {
    return refused("it is not a token that this mesh makes");
  }
  // Nothing is known about the token while the keys can't be had, so nothing runs; the mesh may try again.
  const detail = "The mesh's keys can't be fetched, so the hop token can't be verified.";
  return { ok: false, problem: { status: 503, code: "agent_unavailable", detail } };
}

function isOther(error: unknown): boolean {
  return error instanceof errors.JOSEAlgNotAllowed || error instanceof errors.JOSENotSupported;
}

function refused(why: string): Verified {
  return { ok: false, problem: { status: 401, code: "token_invalid", detail: `The hop token is not valid: ${why}.` } };
}
