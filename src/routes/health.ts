/** What is open to everybody: health, and the public keys of a mesh. */
import { JWKS_SECONDS } from "../../mesh/limits.ts";
import { MeshName } from "../../mesh/schema.ts";
import { type App, otherMethods } from "../app.ts";
import { DEFAULT_MESH, openKnown } from "../auth.ts";
import { Refused } from "../problem.ts";

export function openRoutes(app: App): void {
  app.get("/healthz", (c) => c.json({ status: "ok" }));
  otherMethods(app, "/healthz", "GET");

  /** RFC 7517. `?mesh=` names another mesh than `default`. */
  app.get("/.well-known/jwks.json", async (c) => {
    const name = c.req.query("mesh") ?? DEFAULT_MESH;
    const mesh = MeshName.safeParse(name).success ? await openKnown(name, c.get("open")) : undefined;
    if (mesh === undefined) throw new Refused({ code: "not_found", detail: "This deployment has no such mesh." });
    const { publicJwks } = await mesh.keyring();
    return c.json({ keys: publicJwks }, 200, { "cache-control": `public, max-age=${JWKS_SECONDS}` });
  });
  otherMethods(app, "/.well-known/jwks.json", "GET");
}
