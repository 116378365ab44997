/** The call graph of the whole mesh, from its index. */
import * as z from "zod";
import type { EdgeView } from "../../mesh/index/edges.ts";
import { type App, otherMethods } from "../app.ts";
import { requireScope } from "../auth.ts";
import { integer, readQuery } from "../query.ts";

export const MeshQuery = z.strictObject({
  /** Epoch milliseconds; by the minute. */
  since: integer(0, Number.MAX_SAFE_INTEGER).default(0),
  format: z.enum(["json"], { error: "must be: json" }).optional(),
});

export function meshGraphRoutes(app: App): void {
  app.get("/v1/graph", async (c) => {
    requireScope(c.get("identity"), "read");
    const { since } = readQuery(c.req.url, MeshQuery);
    const edges = (await c.get("identity").mesh.index.edges(since)) as EdgeView[];
    const callees = new Set(edges.map((edge) => edge.to));
    const callers = [...new Set(edges.map((edge) => edge.from))].filter((from) => !callees.has(from));
    const nodes = [
      ...callers.map((name) => ({ id: name, kind: /^(admin$|key:|hop:)/.test(name) ? "caller" : "agent", name })),
      ...[...callees].map((name) => ({ id: name, kind: "agent", name })),
    ];
    return c.json({ since, nodes, edges });
  });
  otherMethods(app, "/v1/graph", "GET");
}
