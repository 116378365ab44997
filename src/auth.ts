/** Who is asking: a key of a mesh, or a hop that calls on. Nothing is open but what says so itself. */

import { digestOf } from "../mesh/digest.ts";
import {
  claimedMesh,
  claimsSignedHere,
  type HopClaims,
  invalid,
  looksLikeToken,
  verifyHopToken,
} from "../mesh/hop/token.ts";
import { parseKey } from "../mesh/identity/keys.ts";
import type { Mesh } from "../mesh/mesh.ts";
import type { Rejection } from "../mesh/rejection.ts";
import { MeshName, type Scope } from "../mesh/schema.ts";
import { Refused } from "./problem.ts";

/** The mesh that a deployment has from the start; its admin key is HOPLINE_ADMIN_KEY. */
export const DEFAULT_MESH = "default";

export interface Identity {
  readonly mesh: Mesh;
  /** `admin`, `key:<keyId>` or `hop:<hopId>`. */
  readonly principal: string;
  readonly scopes: ReadonlySet<Scope>;
  /** The hop that this request continues. */
  readonly hop?: HopClaims | undefined;
  /** Whether it is the deployment's own admin key, which alone may make meshes. */
  readonly deployment: boolean;
}

/** Opens the mesh of a name; for one other than `default`, only if the deployment has it. */
export type OpenMesh = (name: string) => Mesh;

/** @throws {Refused} unauthenticated, token_invalid */
export async function authenticate(request: Request, adminKey: string, open: OpenMesh): Promise<Identity> {
  const bearer = /^Bearer +(\S+) *$/i.exec(request.headers.get("authorization") ?? "")?.[1];
  if (bearer === undefined) throw unauthenticated("Send a key or a hop token: 'Authorization: Bearer …'.");
  if (looksLikeToken(bearer)) return tokenIdentity(bearer, open);
  const identity = await keyIdentity(bearer, adminKey, open);
  const token = request.headers.get("hopline-token");
  return token === null ? identity : withHop(identity, token);
}

async function tokenIdentity(token: string, open: OpenMesh): Promise<Identity> {
  const known = claimsSignedHere(token, Date.now());
  const mesh = known === undefined ? await meshOfToken(token, open) : open(known.mesh);
  const hop = known ?? (await claimsOf(token, mesh));
  if ((await mesh.agent(hop.agent))?.requireKey) {
    throw unauthenticated(`Agent '${hop.agent}' must send its own key as bearer, and its hop token in Hopline-Token.`);
  }
  return { mesh, principal: `hop:${hop.hopId}`, scopes: new Set(), hop, deployment: false };
}

/** A key that sends a hop token along continues that hop; a key that is bound to an agent only its own. */
async function withHop(identity: Identity & { agent?: string | undefined }, token: string): Promise<Identity> {
  const hop = await claimsOf(token, identity.mesh);
  if (identity.agent !== undefined && identity.agent !== hop.agent) {
    throw new Refused(invalid(`it was given to '${hop.agent}', and the key belongs to '${identity.agent}'`).rejection);
  }
  return { ...identity, hop };
}

/** Of a token that was not signed here: it may say anything. */
async function meshOfToken(token: string, open: OpenMesh): Promise<Mesh> {
  const name = claimedMesh(token);
  const mesh = name !== undefined && MeshName.safeParse(name).success ? await openKnown(name, open) : undefined;
  if (mesh === undefined) throw new Refused(invalid("it is not for a mesh of this deployment").rejection);
  return mesh;
}

async function claimsOf(token: string, mesh: Mesh): Promise<HopClaims> {
  const known = claimsSignedHere(token, mesh.now());
  if (known?.mesh === mesh.name) return known;
  const { publicKeys } = await mesh.keyring();
  const verified = await verifyHopToken(token, mesh.name, (kid) => publicKeys.get(kid), mesh.now());
  if (!verified.ok) throw new Refused(verified.rejection);
  return verified.claims;
}

async function keyIdentity(
  bearer: string,
  adminKey: string,
  open: OpenMesh,
): Promise<Identity & { agent?: string | undefined }> {
  if (same(bearer, adminKey)) {
    return { mesh: open(DEFAULT_MESH), principal: "admin", scopes: new Set(["admin"]), deployment: true };
  }
  const parts = parseKey(bearer);
  const mesh = parts && (await openKnown(parts.mesh, open));
  const key = parts && (await mesh?.key(parts.keyId));
  if (mesh === undefined || key === undefined || !same(await digestOf(parts?.secret ?? "").digest, key.hash)) {
    throw unauthenticated("The key is not one of this deployment, or was revoked.");
  }
  if (key.expiresAt !== null && key.expiresAt <= mesh.now()) throw unauthenticated("The key has expired.");
  return {
    mesh,
    principal: `key:${key.keyId}`,
    scopes: new Set(key.scopes),
    agent: key.agent ?? undefined,
    deployment: false,
  };
}

/** Names of meshes that there are, as far as this isolate has asked. A mesh is never ended. */
const meshes = new Set([DEFAULT_MESH]);

/** A made-up mesh name wakes no object: the registry of `default` knows the names there are. */
export async function openKnown(name: string, open: OpenMesh): Promise<Mesh | undefined> {
  if (meshes.has(name)) return open(name);
  if (!(await open(DEFAULT_MESH).registry.hasMesh(name))) return undefined;
  meshes.add(name);
  return open(name);
}

/** In a time that tells nothing but whether the lengths are the same. */
function same(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let different = 0;
  for (let place = 0; place < a.length; place++) different |= a.charCodeAt(place) ^ b.charCodeAt(place);
  return different === 0;
}

function unauthenticated(detail: string): Refused {
  return new Refused({ code: "unauthenticated", detail });
}

/** Why an identity lacks a scope, or nothing. An admin may do everything that a person may. */
export function lacksScope(identity: Identity, scope: Scope): Rejection | undefined {
  if (identity.scopes.has("admin") || identity.scopes.has(scope)) return undefined;
  const held = [...identity.scopes].join(", ") || "none: it is a hop token, which only calls on";
  return {
    code: "insufficient_scope",
    detail: `This needs a key with scope '${scope}'. The scopes of this one: ${held}.`,
  };
}

/** @throws {Refused} insufficient_scope */
export function requireScope(identity: Identity, scope: Scope): void {
  const refused = lacksScope(identity, scope);
  if (refused !== undefined) throw new Refused(refused);
}
