/** The Hono app: who asks, the routes, and one place that answers every error. */
import { Hono } from "hono";
import { REGIONS, type Region } from "../mesh/ids.ts";
import { Mesh } from "../mesh/mesh.ts";
import { authenticate, type Identity, type OpenMesh } from "./auth.ts";
import { dropBody } from "./body.ts";
import { type Env, settingsOf } from "./env.ts";
import { problemResponse, Refused } from "./problem.ts";
import { agentRoutes } from "./routes/agents.ts";
import { agentBatchRoutes } from "./routes/agents-batch.ts";
import { chainRoutes } from "./routes/chains.ts";
import { consoleRoutes } from "./routes/console.ts";
import { eventRoutes } from "./routes/events.ts";
import { graphRoutes } from "./routes/graph.ts";
import { openRoutes } from "./routes/health.ts";
import { hopRoutes } from "./routes/hop.ts";
import { invokeRoutes } from "./routes/invoke.ts";
import { keyRoutes } from "./routes/keys.ts";
import { mcpRoutes } from "./routes/mcp.ts";
import { descriptionRoutes } from "./routes/openapi.ts";
import { tokenKeyRoutes } from "./routes/token-keys.ts";
import { toolRoutes } from "./routes/tools.ts";

export interface AppEnv {
  Bindings: Env;
  Variables: { identity: Identity; open: OpenMesh };
}
export type App = Hono<AppEnv>;

export function createApp(): App {
  const app = new Hono<AppEnv>({ strict: true });
  app.use((c, next) => {
    const options = {
      bindings: c.env,
      settings: settingsOf(c.env),
      region: () => regionOf(c.req.raw),
      reachedAt: () => c.req.url,
      defer: (work: Promise<unknown>) => c.executionCtx.waitUntil(work),
    };
    c.set("open", (name) => new Mesh(name, options));
    return next();
  });
  openRoutes(app);
  descriptionRoutes(app);
  mcpRoutes(app);
  consoleRoutes(app);
  app.use(async (c, next) => {
    c.set("identity", await authenticate(c.req.raw, settingsOf(c.env).adminKey, c.get("open")));
    return next();
  });
  for (const routes of [
    invokeRoutes,
    hopRoutes,
    agentRoutes,
    agentBatchRoutes,
    chainRoutes,
    eventRoutes,
    toolRoutes,
    graphRoutes,
    keyRoutes,
    tokenKeyRoutes,
  ])
    routes(app);
  app.notFound((c) =>
    problemResponse({ code: "not_found", detail: `There is nothing at ${new URL(c.req.url).pathname}.` }),
  );
  app.onError(async (error, c) => {
    await dropBody(c.req.raw);
    if (error instanceof Refused) return problemResponse(error.rejection, error.place, error.headers);
    console.error("a request failed", error);
    return problemResponse({ code: "internal", detail: "The mesh has failed at this request. Its log says why." });
  });
  return app;
}

/** Answers the methods that a resource does not have, naming those it has. Call it after the resource's routes. */
export function otherMethods(app: App, path: string, allow: string): void {
  app.all(path, () => {
    throw new Refused({ code: "method_not_allowed", detail: `This resource has ${allow}.` }, { headers: { allow } });
  });
}

/** Where the caller is, as far as the platform says: the ledger of a new chain is asked to live near. */
function regionOf(request: Request): Region {
  const cf = request.cf as { continent?: string } | undefined;
  return CONTINENTS[cf?.continent ?? ""] ?? REGIONS[0];
}

const CONTINENTS: Readonly<Record<string, Region>> = {
  NA: "enam",
  SA: "sam",
  EU: "weur",
  AS: "apac",
  OC: "oc",
  AF: "afr",
};
