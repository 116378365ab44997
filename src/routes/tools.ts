/** Tools: every skill of every agent by the name that models call it, and a call by that name. */
import * as z from "zod";
import { encodeCursor } from "../../mesh/cursor.ts";
import { refreshIfStale } from "../../mesh/federation/refresh.ts";
import { dispatch } from "../../mesh/hop/dispatch.ts";
import { offered, partsOf } from "../../mesh/registry/tool-names.ts";
import { type ToolView, toolView } from "../../mesh/registry/tool-view.ts";
import type { Agent } from "../../mesh/schema.ts";
import { type App, otherMethods } from "../app.ts";
import { requireScope } from "../auth.ts";
import { cursorOf, Limit, readQuery } from "../query.ts";
import { outcomeResponse, readCall } from "./invoke.ts";
import { streamed, wantsStream } from "./invoke-stream.ts";

const PATH = "/v1/tools/:name/invoke";

/** The last agent of the page before. */
export const ToolsQuery = z.strictObject({ cursor: cursorOf(z.string().max(63)), limit: Limit });

export function toolRoutes(app: App): void {
  app.get("/v1/tools", async (c) => {
    const { mesh } = c.get("identity");
    requireScope(c.get("identity"), "read");
    const { cursor, limit } = readQuery(c.req.url, ToolsQuery);
    const found = (await mesh.registry.list({ limit: limit + 1 }, cursor ?? "")) as Agent[];
    const items: ToolView[] = [];
    let last = "";
    // Whole agents: a page may hold more than was asked for when its only agent has more.
    for (const agent of found.slice(0, limit)) {
      refreshIfStale(mesh, agent);
      const tools = offered(agent).map((skill) => toolView(agent, skill));
      if (items.length > 0 && items.length + tools.length > limit) break;
      items.push(...tools);
      last = agent.name;
    }
    const more = found.length > 0 && last !== found.at(-1)?.name;
    return c.json({ items, ...(more ? { nextCursor: encodeCursor(last) } : {}) });
  });
  otherMethods(app, "/v1/tools", "GET");

  app.post(PATH, async (c) => {
    const { mesh } = c.get("identity");
    const name = c.req.param("name");
    const named = await mesh.toolNamed(name.toWellFormed().slice(0, 200));
    const { agent, skill } = named === undefined ? partsOf(name) : { agent: named.agent.name, skill: named.skill.id };
    const call = { ...(await readCall(c, agent)), skill };
    if (wantsStream(c.req.header("accept"))) return streamed(c, call);
    return outcomeResponse(await dispatch(mesh, call));
  });
  otherMethods(app, PATH, "POST");
}
