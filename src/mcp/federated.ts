/**
 * Resources and prompts of federated servers. They pass through as they are: resources under their own URIs, prompts named as
 * tools are. Reading one is no hop: it starts no agent and has no budget, only the bounds that every answer of an upstream has.
 */

import { UriTemplate } from "@modelcontextprotocol/sdk/shared/uriTemplate.js";
import {
  type CompleteResult,
  type GetPromptResult,
  type Prompt,
  ProtocolError,
  ProtocolErrorCode,
  type ReadResourceResult,
  type Resource,
  type ResourceTemplateType,
} from "@modelcontextprotocol/server";
import { type Connection, withUpstream } from "../../mesh/federation/connect.ts";
import type { UpstreamFacts } from "../../mesh/federation/facts.ts";
import { refreshIfStale } from "../../mesh/federation/refresh.ts";
import type { Relay } from "../../mesh/hop/call.ts";
import { UPSTREAM_READ_MS } from "../../mesh/limits.ts";
import { MESH_PREFIX } from "../../mesh/registry/tool-names.ts";
import type { Agent } from "../../mesh/schema.ts";
import type { Identity } from "../auth.ts";
import { mayCall } from "./access.ts";

/** Servers of which resources and prompts are listed, by name. */
const SERVERS = 500;

/** Whose server it is, and what stands between it and its client. */
export interface Asking {
  readonly identity: Identity;
  readonly relay?: Relay | undefined;
  readonly signal: AbortSignal;
}

async function serversFor({ mesh, ...identity }: Identity): Promise<Agent[]> {
  if (!mayCall(identity)) return [];
  const found = (await mesh.registry.list({ kind: "mcp", limit: SERVERS }, "")) as Agent[];
  const active = found.filter(({ status }) => status === "active");
  for (const server of active) refreshIfStale(mesh, server);
  return active;
}

type Offer = "resources" | "resourceTemplates" | "prompts";

function offersOf<T>(server: Agent, offer: Offer): T[] {
  return ((server.upstream as UpstreamFacts | undefined)?.[offer] ?? []) as T[];
}

/** Of two servers with one URI the first by name has it. */
export async function listResources(identity: Identity): Promise<Resource[]> {
  const servers = await serversFor(identity);
  const byUri = new Map<string, Resource>();
  for (const resource of servers.flatMap((server) => offersOf<Resource>(server, "resources"))) {
    if (!byUri.has(resource.uri)) byUri.set(resource.uri, resource);
  }
  return [...byUri.values()];
}

export async function listTemplates(identity: Identity): Promise<ResourceTemplateType[]> {
  const servers = await serversFor(identity);
  return servers.flatMap((server) => offersOf<ResourceTemplateType>(server, "resourceTemplates"));
}

export async function listPrompts(identity: Identity): Promise<Prompt[]> {
  const servers = await serversFor(identity);
  const byName = new Map<string, Prompt>();
  for (const server of servers) {
    for (const prompt of offersOf<Prompt>(server, "prompts")) {
      const name = promptName(server, prompt.name);
      if (!byName.has(name) && !name.startsWith(MESH_PREFIX)) byName.set(name, { ...prompt, name });
    }
  }
  return [...byName.values()];
}

function promptName({ name, endpoint }: Agent, prompt: string): string {
  return endpoint.kind === "mcp" && endpoint.toolPrefix ? `${name}__${prompt}` : prompt;
}

/** The server that has a resource, for this caller. */
export async function serverOf(identity: Identity, uri: string): Promise<Agent | undefined> {
  const servers = await serversFor(identity);
  return (
    servers.find((one) => offersOf<Resource>(one, "resources").some((resource) => resource.uri === uri)) ??
    servers.find((one) =>
      offersOf<ResourceTemplateType>(one, "resourceTemplates").some((template) => fits(template, uri)),
    )
  );
}

/** @returns nothing where no server has it */
export async function readFederated(asking: Asking, uri: string): Promise<ReadResourceResult | undefined> {
  const server = await serverOf(asking.identity, uri);
  if (server === undefined) return undefined;
  return passed(asking, server, ({ client }, options) =>
    client.readResource({ uri, ...answersOf(asking) } as never, options),
  ) as Promise<ReadResourceResult>;
}

/** A template that can't be read fits nothing. */
function fits({ uriTemplate }: ResourceTemplateType, uri: string): boolean {
  try {
    return new UriTemplate(uriTemplate).match(uri) !== null;
  } catch {
    return false;
  }
}

/** @throws {ProtocolError} where there is no such prompt for this caller */
export async function getPrompt(
  asking: Asking,
  name: string,
  args: Record<string, string> | undefined,
): Promise<GetPromptResult> {
  const found = await promptNamed(asking.identity, name);
  if (found === undefined) throw noSuchPrompt(name);
  return passed(asking, found.server, ({ client }, options) =>
    client.getPrompt(
      { name: found.prompt, ...(args === undefined ? {} : { arguments: args }), ...answersOf(asking) } as never,
      options,
    ),
  ) as Promise<GetPromptResult>;
}

async function promptNamed(identity: Identity, name: string): Promise<{ server: Agent; prompt: string } | undefined> {
  for (const server of await serversFor(identity)) {
    const prompt = offersOf<Prompt>(server, "prompts").find((one) => promptName(server, one.name) === name);
    if (prompt !== undefined) return { server, prompt: prompt.name };
  }
  return undefined;
}

function noSuchPrompt(name: string): ProtocolError {
  const detail = `There is no prompt '${name.slice(0, 128).toWellFormed()}' for this key. prompts/list has those there are.`;
  return new ProtocolError(ProtocolErrorCode.InvalidParams, detail);
}

/** Completes an argument of a server's prompt or template. @returns nothing where no server has it */
export async function completeFederated(
  asking: Asking,
  ref: { readonly type: string; readonly name?: string; readonly uri?: string },
  argument: { readonly name: string; readonly value: string },
  context: unknown,
): Promise<CompleteResult | undefined> {
  const { identity } = asking;
  const prompt = ref.type === "ref/prompt" ? await promptNamed(identity, ref.name ?? "") : undefined;
  const server =
    prompt?.server ??
    (await serversFor(identity)).find((one) =>
      offersOf<ResourceTemplateType>(one, "resourceTemplates").some(({ uriTemplate }) => uriTemplate === ref.uri),
    );
  if (server === undefined) return undefined;
  const asked = prompt === undefined ? ref : { ...ref, name: prompt.prompt };
  return passed(asking, server, ({ client }, options) =>
    client.complete({ ref: asked, argument, ...(context === undefined ? {} : { context }) } as never, options),
  ) as Promise<CompleteResult>;
}

function answersOf({ relay }: Asking): Record<string, unknown> {
  const { inputResponses, requestState } = relay?.answers ?? {};
  return {
    ...(inputResponses === undefined ? {} : { inputResponses }),
    ...(requestState === undefined ? {} : { requestState }),
  };
}

/** What the server answers, or its own error: nothing of it is ours. */
async function passed(
  { identity, relay, signal }: Asking,
  { name, endpoint }: Agent,
  work: (
    connection: Connection,
    options: { signal: AbortSignal; timeout: number; allowInputRequired: boolean },
  ) => Promise<unknown>,
): Promise<unknown> {
  if (endpoint.kind !== "mcp") throw new TypeError(`'${name}' is no federated server.`);
  const upstream = { url: endpoint.url, policy: identity.mesh.egress, relay };
  const options = { signal, timeout: UPSTREAM_READ_MS };
  try {
    const allowInputRequired = relay !== undefined && relay.ask === undefined;
    return await withUpstream(upstream, options, (connection) => work(connection, { ...options, allowInputRequired }));
  } catch (error) {
    const { code } = (error ?? {}) as { code?: unknown };
    const message = error instanceof Error ? error.message.slice(0, 500).toWellFormed() : "";
    throw new ProtocolError(
      typeof code === "number" ? code : ProtocolErrorCode.InternalError,
      `Server '${name}' has failed: ${message}`,
    );
  }
}
