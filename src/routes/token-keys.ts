/** The keys that sign hop tokens: rotated by their schedule, and here by hand. */
import type { KeyringRecord } from "../../mesh/identity/keyring.ts";
import { type KeyView, keyViews } from "../../mesh/identity/token-keys.ts";
import type { Changed } from "../../mesh/registry/registry.ts";
import { type App, otherMethods } from "../app.ts";
import { requireScope } from "../auth.ts";
import { Refused } from "../problem.ts";

export function tokenKeyRoutes(app: App): void {
  app.post("/v1/token-keys/rotate", async (c) => {
    const { mesh } = c.get("identity");
    requireScope(c.get("identity"), "admin");
    const rotated = (await mesh.registry.rotateTokenKeys()) as Changed<KeyringRecord>;
    if (!rotated.ok) throw new Refused(rotated.rejection);
    mesh.noteRevision(rotated.revision);
    const items: readonly KeyView[] = keyViews(rotated.value.tokenKeys);
    return c.json({ items });
  });
  otherMethods(app, "/v1/token-keys/rotate", "POST");
}
