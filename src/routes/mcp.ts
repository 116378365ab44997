/** The mesh as an MCP server: Streamable HTTP of both eras at one path. */
import { isLegacyRequest } from "@modelcontextprotocol/server";
import type { Context } from "hono";
import * as z from "zod";
import { type App, type AppEnv, otherMethods } from "../app.ts";
import { authenticate, type Identity } from "../auth.ts";
import { readBody } from "../body.ts";
import { settingsOf } from "../env.ts";
import { errorResponse } from "../mcp/answers.ts";
import { foreign } from "../mcp/guard.ts";
import { challenge, MCP_PATH, METADATA_PATH, ORIGIN_METADATA_PATH, resourceMetadata } from "../mcp/metadata.ts";
import { sessionCall, statelessCall } from "../mcp/plain-call.ts";
import { serveSession } from "../mcp/sessions.ts";
import { serveStateless } from "../mcp/stateless.ts";
import { Refused } from "../problem.ts";

const METHODS = ["POST", "GET", "DELETE"];

/** Mounted before keys are asked for: this path answers a missing one in the words of its own protocol. */
export function mcpRoutes(app: App): void {
  const metadata = (c: Context<AppEnv>) =>
    c.json(resourceMetadata(c.req.url), 200, { "cache-control": "public, max-age=300" });
  app.get(METADATA_PATH, metadata);
  otherMethods(app, METADATA_PATH, "GET");
  // Clients that do not look for the path's own document find the origin's.
  app.all(ORIGIN_METADATA_PATH, metadata);
  app.all(MCP_PATH, async (c) => {
    try {
      return await answer(c);
    } catch (error) {
      if (error instanceof Refused) return refused(error, c.req.url);
      console.error("mcp: a request failed", error);
      return errorResponse({ code: "internal", detail: "The mesh has failed at this request. Its log says why." });
    }
  });
}

async function answer(c: Context<AppEnv>): Promise<Response> {
  const request = c.req.raw;
  const { adminKey, mcpToolsCap, egress } = settingsOf(c.env);
  const own = { hosts: egress.own.hosts, loopback: egress.allowLoopback };
  // A request of a binding has no Host; its URL has what stands for it.
  const asked = request.headers.get("host") ?? new URL(request.url).host;
  const why = foreign(asked, request.headers.get("origin"), own);
  if (why !== undefined) return errorResponse({ code: "edge_forbidden", detail: why });
  const { method } = request;
  if (!METHODS.includes(method)) {
    const detail = `This resource has ${METHODS.join(", ")}.`;
    return errorResponse({ code: "method_not_allowed", detail }, { allow: METHODS.join(", ") });
  }
  const identity = await authenticate(request, adminKey, c.get("open"));
  if (method !== "POST") return session(c, undefined, identity);
  const body = await readBody(request, z.unknown());
  if (!body.ok) return errorResponse(body.rejection);
  const { value } = body;
  // Ordinary calls say at a glance of which era they are.
  const plain = statelessCall(request, value);
  const legacy =
    plain === undefined && (sessionCall(request, value) !== undefined || (await isLegacyRequest(request, value)));
  if (legacy) return session(c, value, identity);
  return serveStateless(request, { body: value, plain }, identity, mcpToolsCap, c.env.TASKS);
}

function session(c: Context<AppEnv>, body: unknown, identity: Identity): Promise<Response> {
  return serveSession(c.req.raw, body, identity, c.env.MCP_SESSION);
}

function refused({ rejection, headers }: Refused, url: string): Response {
  const unknown = rejection.code === "unauthenticated" || rejection.code === "token_invalid";
  return errorResponse(rejection, { ...headers, ...(unknown ? { "www-authenticate": challenge(url) } : {}) });
}
