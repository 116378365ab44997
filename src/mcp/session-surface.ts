/** What speaks in sessions: the same server as without them. Kept by the core, which gets it from the entry point. */
import { REGIONS } from "../../mesh/ids.ts";
import { Mesh } from "../../mesh/mesh.ts";
import type { SessionCaller } from "../../mesh/session/caller.ts";
import type { SessionSurface, Subscriptions, Who } from "../../mesh/session/surface.ts";
import { ProtocolError, ProtocolErrorCode, ResourceNotFoundError, type ServerContext } from "@modelcontextprotocol/server";
import type { Identity } from "../auth.ts";
import { type Env, settingsOf } from "../env.ts";
import { followResource, followTools, mayFollow } from "./news.ts";
import { createServer } from "./server.ts";

export const SESSION_SURFACE: SessionSurface = {
  who,
  server: (subscriptions) =>
    createServer({ identityOf, toolsCap: (ctx) => toolsCapOf(ctx), subscriptions: guarded(subscriptions) }),
  revision: (asking) => identityIn(asking).mesh.registry.revision(),
  followTools: (asking, ...rest) => followTools(identityIn(asking), ...rest),
  followResource: (asking, ...rest) => followResource(identityIn(asking), ...rest),
};
