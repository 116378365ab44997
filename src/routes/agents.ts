/** Agents: register, list and search, read, replace, remove. */
import * as z from "zod";
import { builtin } from "../../mesh/builtins.ts";
import { encodeCursor } from "../../mesh/cursor.ts";
import { egressRefusal } from "../../mesh/egress/address.ts";
import { refresh, refreshIfStale } from "../../mesh/federation/refresh.ts";
import { breakerOf, type OpenBreaker } from "../../mesh/hop/breakers.ts";
import { schemaProblem } from "../../mesh/hop/schema-check.ts";
import { AGENT_BYTES } from "../../mesh/limits.ts";
import type { Mesh } from "../../mesh/mesh.ts";
import type { Changed } from "../../mesh/registry/registry.ts";
import type { Rejection } from "../../mesh/rejection.ts";
import {
  type Agent,
  AgentName,
  AgentRegistration,
  AgentReplacement,
  ApproveRequest,
  Endpoint,
  type Skill,
} from "../../mesh/schema.ts";
import { type App, otherMethods } from "../app.ts";
import { type Identity, requireScope } from "../auth.ts";
import { readBody } from "../body.ts";
import { toolNameProblem } from "../mcp/names.ts";
import { Refused } from "../problem.ts";
import { cursorOf, Limit, readQuery } from "../query.ts";

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
    const breaker = breakerOf({ mesh: mesh.name, agent: agent.name, revision: agent.revision });
    // The tag is the registration's; how the agent fares is news that it does not tell of.
    if (breaker === undefined && c.req.header("if-none-match") === tag) return c.body(null, 304, { etag: tag });
    return c.json(breaker === undefined ? agent : { ...agent, breaker: shown(breaker) }, 200, { etag: tag });
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

  app.delete("/v1/agents/:name", async (c) => {
    const { mesh, changer } = mayRegister(c.get("identity"));
    take(mesh, await mesh.registry.remove(c.req.param("name"), changer, ifMatch(c.req.header("if-match"))));
    return c.body(null, 204);
  });
  otherMethods(app, "/v1/agents/:name", "GET, PUT, DELETE");

  app.post("/v1/agents/:name/approve", async (c) => {
    const { mesh, changer } = mayRegister(c.get("identity"));
    const { tools } = await bodyOf(c.req.raw, ApproveRequest);
    const stored = take(mesh, (await mesh.registry.approve(c.req.param("name"), changer, tools)) as Changed<Agent>);
    return c.json(stored, 200, { etag: etag(stored) });
  });
  otherMethods(app, "/v1/agents/:name/approve", "POST");
}

function shown({ state, since, retryAt }: OpenBreaker) {
  return { state, since, retryAt };
}

function reader(identity: Identity): Identity {
  requireScope(identity, "read");
  return identity;
}

function mayRegister(identity: Identity) {
  requireScope(identity, "register");
  return { mesh: identity.mesh, changer: { principal: identity.principal, admin: identity.scopes.has("admin") } };
}

async function bodyOf<T extends z.ZodType>(request: Request, schema: T): Promise<z.output<T>> {
  const body = await readBody(request, schema);
  if (!body.ok) throw new Refused(body.rejection);
  return body.value;
}

/** The skills that a registration leaves out, and what a schema can't check. @throws {Refused} invalid_request, egress_denied */
function complete(agent: AgentRegistration, mesh: Mesh): AgentRegistration & { skills: readonly Skill[] } {
  if (agent.endpoint.kind === "mcp" && agent.skills !== undefined) {
    const detail = "/skills: the tools of an MCP server are its skills: leave this out.";
    throw new Refused({ code: "invalid_request", detail });
  }
  const skills =
    agent.endpoint.kind === "mcp"
      ? []
      : (agent.skills ?? [
          { id: agent.name, description: agent.description, tags: [], inputSchema: {}, outputSchema: {}, examples: [] },
        ]);
  const wrong = skillProblem(skills) ?? endpointProblem(agent, mesh) ?? toolNameProblem({ ...agent, skills });
  if (wrong !== undefined) throw new Refused(wrong);
  if (JSON.stringify(agent).length > AGENT_BYTES) {
    throw new Refused({ code: "payload_too_large", detail: `A registration is at most ${AGENT_BYTES} bytes of JSON.` });
  }
  return { ...agent, skills };
}

function skillProblem(skills: readonly Skill[]): Rejection | undefined {
  const seen = new Set<string>();
  for (const [place, skill] of skills.entries()) {
    if (seen.has(skill.id))
      return { code: "invalid_request", detail: `/skills/${place}/id: there are two skills named '${skill.id}'.` };
    seen.add(skill.id);
    for (const field of ["inputSchema", "outputSchema"] as const) {
      const problem = schemaProblem(skill[field]);
      if (problem !== undefined) {
        return {
          code: "invalid_request",
          detail: `/skills/${place}/${field}: this JSON Schema can't be used: ${problem}`,
        };
      }
    }
  }
  return undefined;
}

function endpointProblem({ name, endpoint }: AgentRegistration, mesh: Mesh): Rejection | undefined {
  switch (endpoint.kind) {
    case "builtin":
      if (builtin(name) !== undefined) return undefined;
      return { code: "invalid_request", detail: `/endpoint: this deployment has no builtin agent '${name}'.` };
    case "binding":
      if (mesh.settings.agentBindings.has(endpoint.binding)) return undefined;
      return {
        code: "invalid_request",
        detail: `/endpoint/binding: '${endpoint.binding}' is not among the deployment's HOPLINE_AGENT_BINDINGS.`,
      };
    case "http":
    case "mcp": {
      const refusal = egressRefusal(new URL(endpoint.url), mesh.egress);
      if (refusal === undefined) return undefined;
      return { code: "egress_denied", detail: `/endpoint/url: ${endpoint.url} may not be reached: ${refusal}.` };
    }
    default:
      return endpoint satisfies never;
  }
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
