/** Entry point: the fetch handler and the Durable Object classes, nothing else. */
import { shippedAgents } from "../agents/index.ts";
import { provideBuiltins } from "../mesh/builtins.ts";
import { provideEgressPolicy } from "../mesh/egress/provided.ts";
import { provideSessionSurface } from "../mesh/session/surface.ts";
import { provideTaskSurface } from "../mesh/task/surface.ts";
import { createApp } from "./app.ts";
import { type Env, settingsOf } from "./env.ts";
import { SESSION_SURFACE } from "./mcp/session-surface.ts";
import { TASK_SURFACE } from "./mcp/task-surface.ts";
import { readUrl } from "./read-url.ts";

provideBuiltins(shippedAgents(readUrl));
provideSessionSurface(SESSION_SURFACE);
provideEgressPolicy((env) => settingsOf(env as Env).egress);
provideTaskSurface(TASK_SURFACE);

const app = createApp();

export default { fetch: (request, env, ctx) => app.fetch(request, env, ctx) } satisfies ExportedHandler<Env>;

export { Ledger } from "../mesh/chain/chain.ts";
export { MeshIndex } from "../mesh/index/index.ts";
export { Registry } from "../mesh/registry/registry.ts";
export { McpSession } from "../mesh/session/mcp-session.ts";
export { TaskDesk } from "../mesh/task/desk.ts";
