/** The call graph of a chain, in every format. What costs CPU is done here, in the stateless Worker. */
import * as z from "zod";
import { type GraphPage, graphOf } from "../../mesh/chain/lineage.ts";
import { dot } from "../../mesh/chain/render/dot.ts";
import { mermaid } from "../../mesh/chain/render/mermaid.ts";
import { otlp } from "../../mesh/chain/render/otlp.ts";
import { VIEWS, type View } from "../../mesh/chain/render/page-note.ts";
import { svg } from "../../mesh/chain/render/svg/svg.ts";
import type { HopView } from "../../mesh/chain/views.ts";
import { encodeCursor } from "../../mesh/cursor.ts";
import { GRAPH_HOPS, LEDGER_PAGE } from "../../mesh/limits.ts";
import type { Mesh } from "../../mesh/mesh.ts";
import { type App, otherMethods } from "../app.ts";
import { requireScope } from "../auth.ts";
import { cursorOf, integer, readQuery } from "../query.ts";
import { findChain } from "./chains.ts";
import { accepted, FORMATS, type Format, graphHeaders, notAcceptable } from "./graph-format.ts";
import { meshGraphRoutes } from "./mesh-graph.ts";

export const ChainQuery = z.strictObject({
  format: z.enum(FORMATS, { error: `must be one of: ${FORMATS.join(", ")}` }).optional(),
  view: z.enum(VIEWS, { error: `must be one of: ${VIEWS.join(", ")}` }).optional(),
  cursor: cursorOf(z.int().min(1)),
  limit: integer(1, GRAPH_HOPS).default(GRAPH_HOPS),
});

export function graphRoutes(app: App): void {
  app.get("/v1/chains/:id/graph", async (c) => {
    requireScope(c.get("identity"), "read");
    const { format: asked, view, cursor, limit } = readQuery(c.req.url, ChainQuery);
    const format = asked ?? accepted(c.req.header("accept"));
    if (format === undefined) return notAcceptable();
    const page = await readPage(c.get("identity").mesh, c.req.param("id"), cursor ?? 0, limit);
    return c.body(rendered(page, format, view, Date.now()), 200, {
      ...graphHeaders(format),
      "hopline-chain": page.chain.chainId,
      ...(page.nextCursor === undefined ? {} : { link: nextLink(c.req.url, page.nextCursor) }),
    });
  });
  otherMethods(app, "/v1/chains/:id/graph", "GET");
  meshGraphRoutes(app);
}

function rendered(page: GraphPage, format: Format, view: View | undefined, now: number): string {
  switch (format) {
    case "json":
      return JSON.stringify({
        ...page.graph,
        ...(page.nextCursor === undefined ? {} : { truncated: true, nextCursor: page.nextCursor }),
      });
    case "mermaid":
      return mermaid(page, view ?? "agents");
    case "dot":
      return dot(page, view ?? "hops");
    case "svg":
      return svg(page, view ?? "hops");
    case "otlp":
      return JSON.stringify(otlp(page, now));
    default:
      return format satisfies never;
  }
}

/** Relative to where the page was asked for, so that it holds behind a proxy. */
function nextLink(url: string, cursor: string): string {
  const { pathname, searchParams } = new URL(url);
  searchParams.set("cursor", cursor);
  return `<${pathname}?${searchParams}>; rel="next"`;
}

/** @throws {Refused} not_found, invalid_request */
export async function readPage(mesh: Mesh, id: string, after: number, limit: number): Promise<GraphPage> {
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
  const last = shown.at(-1);
  const more = hops.length > limit && last !== undefined;
  return {
    graph: graphOf(chain, shown, above),
    chain,
    later: after !== 0,
    ...(more ? { nextCursor: encodeCursor(last.row) } : {}),
  };
}

/** Rows of callers that stand on an earlier page. */
function callersElsewhere(hops: readonly HopView[]): number[] {
  const here = new Set(hops.map((hop) => hop.row));
  return [...new Set(hops.flatMap((hop) => (hop.parentRow === null || here.has(hop.parentRow) ? [] : hop.parentRow)))];
}
