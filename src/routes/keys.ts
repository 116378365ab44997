/** Keys: made (shown once), listed, revoked. */

import type { Context } from "hono";
import { customAlphabet } from "nanoid";
import * as z from "zod";
import { encodeCursor } from "../../mesh/cursor.ts";
import { digestOf } from "../../mesh/digest.ts";
import { formatKey, type KeyRecord } from "../../mesh/identity/keys.ts";
import type { Mesh } from "../../mesh/mesh.ts";
import { KeyRequest } from "../../mesh/schema.ts";
import { type App, type AppEnv, otherMethods } from "../app.ts";
import { DEFAULT_MESH, type Identity, requireScope } from "../auth.ts";
import { readBody } from "../body.ts";
import { Refused } from "../problem.ts";
import { cursorOf, Limit, readQuery } from "../query.ts";

export const ListQuery = z.strictObject({ cursor: cursorOf(z.string().max(12)), limit: Limit });

/** No '_' and no '-': they part a key. 12 characters tell keys apart, 40 are 238 random bits. */
const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const newKeyId = customAlphabet(letters, 12);
const newSecret = customAlphabet(letters, 40);

export function keyRoutes(app: App): void {
  app.post("/v1/keys", async (c) => {
    const identity = c.get("identity");
    requireScope(identity, "admin");
    const body = await readBody(c.req.raw, KeyRequest);
    if (!body.ok) throw new Refused(body.rejection);
    const { name, scopes, agent, expiresAt } = body.value;
    const mesh = await meshFor(c, identity, body.value.mesh);
    if (expiresAt !== undefined && expiresAt <= mesh.now()) {
      throw new Refused({
        code: "invalid_request",
        detail: "/expiresAt: must be in the future, in epoch milliseconds.",
      });
    }
    const keyId = newKeyId();
    const secret = newSecret();
    const record: KeyRecord = {
      keyId,
      name,
      scopes: [...new Set(scopes)],
      agent: agent ?? null,
      hash: await digestOf(secret).digest,
      createdBy: identity.principal,
      createdAt: mesh.now(),
      expiresAt: expiresAt ?? null,
    };
    mesh.noteRevision(await mesh.registry.createKey(record));
    return c.json({ keyId, key: formatKey({ mesh: mesh.name, keyId, secret }), ...shown(record) }, 201);
  });

  app.get("/v1/keys", async (c) => {
    const { mesh } = c.get("identity");
    requireScope(c.get("identity"), "admin");
    const { cursor, limit } = readQuery(c.req.url, ListQuery);
    const found = (await mesh.registry.keys(cursor ?? "", limit + 1)) as KeyRecord[];
    const items = found.slice(0, limit).map((key) => ({ keyId: key.keyId, ...shown(key) }));
    return c.json({ items, ...(found.length > limit ? { nextCursor: encodeCursor(items.at(-1)?.keyId) } : {}) });
  });
  otherMethods(app, "/v1/keys", "GET, POST");

  app.delete("/v1/keys/:id", async (c) => {
    const { mesh } = c.get("identity");
    requireScope(c.get("identity"), "admin");
    const revoked = await mesh.registry.revokeKey(c.req.param("id"));
    if (!revoked.ok) throw new Refused(revoked.rejection);
    mesh.noteRevision(revoked.revision);
    return c.body(null, 204);
  });
  otherMethods(app, "/v1/keys/:id", "DELETE");
}

/** The mesh that a key is for. A mesh is made by its first key, and only by the deployment's admin key. */
async function meshFor(c: Context<AppEnv>, identity: Identity, name: string | undefined): Promise<Mesh> {
  if (name === undefined || name === identity.mesh.name) return identity.mesh;
  if (!identity.deployment) {
    const detail = "Only the deployment's admin key makes keys for another mesh.";
    throw new Refused({ code: "insufficient_scope", detail });
  }
  await c.get("open")(DEFAULT_MESH).registry.addMesh(name);
  return c.get("open")(name);
}

function shown({ name, scopes, agent, createdBy, createdAt, expiresAt }: KeyRecord) {
  return { name, scopes, agent, createdBy, createdAt, expiresAt };
}
