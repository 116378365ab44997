/** The call graph of a chain, and that of the whole mesh. */
import * as z from "zod";
import { type ChainGraph, graphOf } from "../../mesh/chain/lineage.ts";
import { mermaid } from "../../mesh/chain/render/mermaid.ts";
import type { HopView } from "../../mesh/chain/views.ts";
import { encodeCursor } from "../../mesh/cursor.ts";
import type { EdgeView } from "../../mesh/index/edges.ts";
import { GRAPH_HOPS, LEDGER_PAGE } from "../../mesh/limits.ts";
import type { Mesh } from "../../mesh/mesh.ts";
import { type App, otherMethods } from "../app.ts";
import { requireScope } from "../auth.ts";
import { cursorOf, integer, readQuery } from "../query.ts";
import { findChain } from "./chains.ts";

const FORMATS = ["json", "mermaid"] as const;
type Format = (typeof FORMATS)[number];

/** Further formats are refused by name until they are there. */
const format = z.enum(FORMATS, { error: `must be one of: ${FORMATS.join(", ")}` }).optional();
const ChainQuery = z.strictObject({
  format,
  cursor: cursorOf(z.int().min(1)),
  limit: integer(1, GRAPH_HOPS).default(GRAPH_HOPS),
});
const MeshQuery = z.strictObject({
  /** Epoch milliseconds; by the minute. */
  since: integer(0, Number.MAX_SAFE_INTEGER).default(0),
  format: z.enum(["json"], { error: "must be: json" }).optional(),
});

export function graphRoutes(app: App): void {
  app.get("/v1/chains/:id/graph", async (c) => {
    requireScope(c.get("identity"), "read");
    const { format, cursor, limit } = readQuery(c.req.url, ChainQuery);
    const graph = await readGraph(c.get("identity").mesh, c.req.param("id"), cursor ?? 0, limit);
    const headers = { "hopline-chain": graph.chainId };
    if ((format ?? accepted(c.req.header("accept"))) === "mermaid") {
      return c.body(mermaid(graph), 200, { ...headers, "content-type": "text/vnd.mermaid; charset=utf-8" });
    }
    return c.json(graph, 200, headers);
  });
  otherMethods(app, "/v1/chains/:id/graph", "GET");

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

async function readGraph(
  mesh: Mesh,
  id: string,
  after: number,
  limit: number,
): Promise<ChainGraph & { truncated?: true; nextCursor?: string }> {
  const { ledger, chain } = await findChain(mesh, id);
  const hops: HopView[] = [];
  // One more than asked for tells whether there is a next page.
  while (hops.length <= limit) {
    const most = Math.min(LEDGER_PAGE, limit + 1 - hops.length);
    const page = (await ledger.hops(id, hops.at(-1)?.row ?? after, most)) as HopView[];
    hops.push(...page);
    if (page.length < most) break;
  }
  const shown = hops.slice(0, limit);
  const above = after === 0 ? {} : ((await ledger.paths(callersElsewhere(shown))) as Record<string, string[]>);
  const graph = graphOf(chain, shown, above);
  const last = shown.at(-1);
  if (hops.length <= limit || last === undefined) return graph;
  return { ...graph, truncated: true, nextCursor: encodeCursor(last.row) };
}

/** Rows of callers that stand on an earlier page. */
function callersElsewhere(hops: readonly HopView[]): number[] {
  const here = new Set(hops.map((hop) => hop.row));
  return [...new Set(hops.flatMap((hop) => (hop.parentRow === null || here.has(hop.parentRow) ? [] : hop.parentRow)))];
}

/** The representation that an Accept header asks for. */
function accepted(accept: string | undefined): Format {
  return accept !== undefined && /text\/vnd\.mermaid/.test(accept) ? "mermaid" : "json";
}
