/** The call graph of the whole mesh, from its index, in every format but that of traces. */
import * as z from "zod";
import { type MeshGraph, meshGraphOf } from "../../mesh/index/graph.ts";
import type { MeshEdges } from "../../mesh/index/index.ts";
import { meshDot, meshMermaid, meshSvg } from "../../mesh/index/render.ts";
import { type App, otherMethods } from "../app.ts";
import { requireScope } from "../auth.ts";
import { integer, readQuery } from "../query.ts";
import { accepted, graphHeaders, MESH_FORMATS, type MeshFormat, notAcceptable } from "./graph-format.ts";

export const MeshQuery = z.strictObject({
  /** Epoch milliseconds; at the resolution of what is kept. */
  since: integer(0, Number.MAX_SAFE_INTEGER).default(0),
  agent: z.string().min(1).max(63).optional(),
  format: z.enum(MESH_FORMATS, { error: `must be one of: ${MESH_FORMATS.join(", ")}` }).optional(),
});

export function meshGraphRoutes(app: App): void {
  app.get("/v1/graph", async (c) => {
    requireScope(c.get("identity"), "read");
    const { since, agent, format: asked } = readQuery(c.req.url, MeshQuery);
    const format = asked ?? accepted(c.req.header("accept"), MESH_FORMATS);
    if (format === undefined) return notAcceptable(MESH_FORMATS);
    const found = (await c.get("identity").mesh.index.edges(since, agent)) as MeshEdges;
    return c.body(rendered(meshGraphOf(found), format), 200, graphHeaders(format));
  });
  otherMethods(app, "/v1/graph", "GET");
}

function rendered(graph: MeshGraph, format: MeshFormat): string {
  switch (format) {
    case "json":
      return JSON.stringify(graph);
    case "mermaid":
      return meshMermaid(graph);
    case "dot":
      return meshDot(graph);
    case "svg":
      return meshSvg(graph);
    default:
      return format satisfies never;
  }
}
