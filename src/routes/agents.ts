/** Agents: register, list and search, read, replace, remove. */
import * as z from "zod";
import { encodeCursor } from "../../mesh/cursor.ts";
import { refresh, refreshIfStale } from "../../mesh/federation/refresh.ts";
import { breakerOf, type OpenBreaker } from "../../mesh/hop/breakers.ts";
import type { CheckedHealth } from "../../mesh/index/health.ts";
import type { Mesh } from "../../mesh/mesh.ts";
import type { Changed } from "../../mesh/registry/registry.ts";
import type { Rejection } from "../../mesh/rejection.ts";
import {
  type Agent,
  AgentName,
  AgentPatch,
  AgentRegistration,
  AgentReplacement,
  ApproveRequest,
  Endpoint,
} from "../../mesh/schema.ts";
import { type App, otherMethods } from "../app.ts";
import { type Identity, requireScope } from "../auth.ts";
import { readBody } from "../body.ts";
import { Refused } from "../problem.ts";
import { cursorOf, Limit, readQuery } from "../query.ts";
import { type CompleteRegistration, completed } from "../registration.ts";

export const ListQuery = z.strictObject({
  q: z.string().max(256).optional(),
  skill: z.string().max(64).optional(),
  kind: z.enum(Endpoint.options.map((option) => option.shape.kind.value)).optional(),
  cursor: cursorOf(z.union([z.string().max(63), z.int().min(0).max(10_000)])),
  limit: Limit,
});

export function agentRoutes(app: App): void {
  app.post("/v1/agents", async (c) => {
    const { mesh, changer } = mayRegister(c.get("identity"));
    const agent = complete(await bodyOf(c.req.raw, AgentRegistration), mesh);
    const registered = take(mesh, (await mesh.registry.register(agent, changer)) as Changed<Agent>);
    // A server that can't be reached is registered all the same: it says why, and is asked again when it is used.
    const stored = registered.endpoint.kind === "mcp" ? await refresh(mesh, registered) : registered;
    return c.json(stored, 201, { etag: etag(stored), location: `/v1/agents/${stored.name}` });
  });

  app.get("/v1/agents", async (c) => {
    const { mesh } = reader(c.get("identity"));
    const { q, cursor, limit, ...filter } = readQuery(c.req.url, ListQuery);
    const words = q?.match(/[\p{L}\p{N}]+/gu)?.slice(0, 16);
    if (q !== undefined && words === undefined) return c.json({ items: [] });
    const page = { ...filter, limit: limit + 1 };
    const offset = typeof cursor === "number" ? cursor : 0;
    const found = (await (words === undefined
      ? mesh.registry.list(page, typeof cursor === "string" ? cursor : "")
      : mesh.registry.search(words, page, offset))) as Agent[];
    const items = found.slice(0, limit);
    const place = words === undefined ? items.at(-1)?.name : offset + limit;
    return c.json({ items, ...(found.length > limit ? { nextCursor: encodeCursor(place) } : {}) });
  });
  otherMethods(app, "/v1/agents", "GET, POST");

  app.get("/v1/agents/:name", async (c) => {
    const { mesh } = reader(c.get("identity"));
    const agent = await mesh.agent(c.req.param("name"));
    if (agent === undefined) throw new Refused(noSuchAgent(c.req.param("name")));
    refreshIfStale(mesh, agent);
    const tag = etag(agent);
    const fares = await faring(mesh, agent);
    // The tag is the registration's; how the agent fares is news that it does not tell of.
    const still = Object.keys(fares).length === 0 && c.req.header("if-none-match") === tag;
    return still ? c.body(null, 304, { etag: tag }) : c.json({ ...agent, ...fares }, 200, { etag: tag });
  });

  app.put("/v1/agents/:name", async (c) => {
    const { mesh, changer } = mayRegister(c.get("identity"));
    const name = c.req.param("name");
    const body = await bodyOf(c.req.raw, AgentReplacement);
    if (body.name !== undefined && body.name !== name) {
      throw new Refused({
        code: "invalid_request",
        detail: `/name: this resource is '${name}'. An agent keeps its name: register another one.`,
      });
    }
    if (!AgentName.safeParse(name).success) throw new Refused(noSuchAgent(name));
    const agent = complete({ ...body, name }, mesh);
    const stored = take(
      mesh,
      (await mesh.registry.replace(agent, changer, ifMatch(c.req.header("if-match")))) as Changed<Agent>,
    );
    const fresh = stored.endpoint.kind === "mcp" ? await refresh(mesh, stored) : stored;
    return c.json(fresh, 200, { etag: etag(fresh) });
  });

  app.patch("/v1/agents/:name", async (c) => {
    const { mesh, changer } = mayRegister(c.get("identity"));
    const { status } = await bodyOf(c.req.raw, AgentPatch);
    const seen = ifMatch(c.req.header("if-match"));
    const changed = (await mesh.registry.setStatus(c.req.param("name"), status, changer, seen)) as Changed<Agent>;
    const stored = take(mesh, changed);
    return c.json(stored, 200, { etag: etag(stored) });
  });

  app.delete("/v1/agents/:name", async (c) => {
    const { mesh, changer } = mayRegister(c.get("identity"));
    take(mesh, await mesh.registry.remove(c.req.param("name"), changer, ifMatch(c.req.header("if-match"))));
    return c.body(null, 204);
  });
  otherMethods(app, "/v1/agents/:name", "GET, PUT, PATCH, DELETE");

  app.post("/v1/agents/:name/approve", async (c) => {
    const { mesh, changer } = mayRegister(c.get("identity"));
    const { tools } = await bodyOf(c.req.raw, ApproveRequest);
    const stored = take(mesh, (await mesh.registry.approve(c.req.param("name"), changer, tools)) as Changed<Agent>);
    return c.json(stored, 200, { etag: etag(stored) });
  });
  otherMethods(app, "/v1/agents/:name/approve", "POST");
}

/** What is known of an agent beside its registration: its circuit breaker, and its health where that is checked. */
async function faring(mesh: Mesh, { name, revision, endpoint, health }: Agent) {
  const breaker = breakerOf({ mesh: mesh.name, agent: name, revision });
  const checked = endpoint.kind === "http" && endpoint.healthCheck !== undefined;
  const found = checked ? ((await mesh.index.healthOf(name)) as CheckedHealth | undefined) : undefined;
  return {
    ...(breaker === undefined ? {} : { breaker: shown(breaker) }),
    ...(checked ? { health: { state: "unknown", ...health, ...(found ?? NEVER_CHECKED) } } : {}),
  };
}

const NEVER_CHECKED: CheckedHealth = { lastCheckedAt: null, lastError: null };

function shown({ state, since, retryAt }: OpenBreaker) {
  return { state, since, retryAt };
}

function reader(identity: Identity): Identity {
  requireScope(identity, "read");
  return identity;
}

/** @throws {Refused} insufficient_scope */
export function mayRegister(identity: Identity) {
  requireScope(identity, "register");
  return { mesh: identity.mesh, changer: { principal: identity.principal, admin: identity.scopes.has("admin") } };
}

async function bodyOf<T extends z.ZodType>(request: Request, schema: T): Promise<z.output<T>> {
  const body = await readBody(request, schema);
  if (!body.ok) throw new Refused(body.rejection);
  return body.value;
}

/** @throws {Refused} invalid_request, egress_denied, payload_too_large */
function complete(agent: AgentRegistration, mesh: Mesh): CompleteRegistration {
  const registration = completed(agent, mesh);
  if (!registration.ok) throw new Refused(registration.rejection);
  return registration.value;
}

/** The value of a change, which this isolate then sees at once. @throws {Refused} */
function take<T>(mesh: Mesh, changed: Changed<T>): T {
  if (!changed.ok) throw new Refused(changed.rejection);
  mesh.noteRevision(changed.revision);
  return changed.value;
}

function etag({ revision }: Agent): string {
  return `"${revision}"`;
}

/** @throws {Refused} invalid_request: a tag that was never given out can't have been meant */
function ifMatch(header: string | undefined): number | undefined {
  if (header === undefined || header === "*") return undefined;
  const revision = /^"(\d{1,15})"$/.exec(header)?.[1];
  if (revision === undefined)
    throw new Refused({ code: "invalid_request", detail: 'If-Match must be one ETag of this resource, such as "12".' });
  return Number(revision);
}

function noSuchAgent(name: string): Rejection {
  return { code: "agent_not_found", detail: `There is no agent named '${name.slice(0, 63).toWellFormed()}'.` };
}
