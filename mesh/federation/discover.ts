/** Asks an upstream MCP server what it is and which tools it has. */
import type { Client } from "@modelcontextprotocol/client";
import { weigh } from "../hop/payload.ts";
import { schemaProblem } from "../hop/schema-check.ts";
import { DESCRIPTION_CHARS, DISCOVERY_MS, UPSTREAM_OFFERS, UPSTREAM_OFFERS_BYTES, UPSTREAM_TOOLS } from "../limits.ts";
import { TOOL_NAME_CHARS } from "../registry/tool-names.ts";
import type { JsonSchema } from "../schema.ts";
import { type Connection, type Upstream, withUpstream } from "./connect.ts";
import { errorWords } from "./error-words.ts";
import type { UpstreamFacts } from "./facts.ts";
import type { FoundTool } from "./pins.ts";

export type Discovered =
  | { readonly ok: true; readonly facts: UpstreamFacts; readonly tools: readonly FoundTool[] }
  | { readonly ok: false; readonly error: string };

/** Tools by the names that MCP allows; others could not be called by the names they would get here. */
const TOOL_NAME = /^[A-Za-z0-9_.-]+$/;

/** What a server may ask of a client. Some show a tool only to those that declare what it asks for. */
const ASKABLE = ["sampling", "elicitation", "roots"] as const;
type Askable = (typeof ASKABLE)[number];

/** Never throws: a dead upstream is a finding. */
export async function discover(upstream: Upstream, now: () => number): Promise<Discovered> {
  try {
    const found = await withClient(upstream, ASKABLE, (connection) => told(connection, now));
    if (!found.ok || found.tools.length === 0) return found;
    const needs = await needsOf(upstream, new Set(found.tools.map(({ name }) => name)));
    const tools = found.tools.map((tool) => {
      const wanted = needs.get(tool.name);
      return wanted === undefined ? tool : { ...tool, needs: wanted };
    });
    return { ...found, tools };
  } catch (error) {
    return { ok: false, error: clean(errorWords(error), 500) };
  }
}

/** As a client that declares so much. */
function withClient<T>(
  upstream: Upstream,
  able: readonly Askable[],
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const capabilities = Object.fromEntries(able.map((one) => [one, {}]));
  return withUpstream({ ...upstream, relay: { capabilities }, anew: true }, { timeout: DISCOVERY_MS }, work);
}

/** What a client must declare to be shown a tool, of those that not every client is shown. */
async function needsOf(upstream: Upstream, all: ReadonlySet<string>): Promise<Map<string, Askable[]>> {
  const needs = new Map<string, Askable[]>();
  const hiddenFrom = async (able: readonly Askable[]): Promise<string[]> => {
    const shown = await withClient(upstream, able, ({ client }) => listed(client)).catch(() => undefined);
    const names = new Set(shown?.map(({ name }) => name) ?? all);
    return [...all].filter((name) => !names.has(name));
  };
  if ((await hiddenFrom([])).length === 0) return needs;
  for (const capability of ASKABLE) {
    for (const name of await hiddenFrom(ASKABLE.filter((one) => one !== capability))) {
      needs.set(name, [...(needs.get(name) ?? []), capability]);
    }
  }
  return needs;
}

async function listed(client: Client): Promise<ListedTool[]> {
  const can = client.getServerCapabilities();
  if (can !== undefined && can.tools === undefined) return [];
  return (await client.listTools(undefined, { timeout: DISCOVERY_MS, cacheMode: "bypass" })).tools;
}

async function told({ client, protocolVersion }: Connection, now: () => number): Promise<Discovered> {
  const skipped: string[] = [];
  const tools: FoundTool[] = [];
  for (const tool of await listed(client)) {
    const found = tools.length < UPSTREAM_TOOLS ? await foundTool(tool) : "there are too many";
    if (typeof found === "string") skipped.push(`${tool.name.slice(0, 128).toWellFormed()}: ${found}`);
    else tools.push(found);
  }
  const offers = await offersOf(client);
  const { name = "", version = "", title } = client.getServerVersion() ?? {};
  const facts: UpstreamFacts = {
    era: (protocolVersion ?? "") >= "2026-07-28" ? "stateless" : "sessions",
    ...(protocolVersion === undefined ? {} : { protocolVersion }),
    server: {
      name: clean(name, 128),
      version: clean(version, 64),
      ...(title ? { title: clean(title, 128) } : {}),
    },
    lastSeenAt: now(),
    lastError: null,
    ...offers,
    ...(skipped.length === 0 ? {} : { skipped: skipped.slice(0, 20) }),
  };
  return { ok: true, facts, tools };
}

type Offers = Pick<UpstreamFacts, "resources" | "resourceTemplates" | "prompts">;

/** What a server has beside tools. A list that fails is as if it were empty: its tools are there all the same. */
async function offersOf(client: Client): Promise<Offers> {
  const can = client.getServerCapabilities();
  const options = { timeout: DISCOVERY_MS, cacheMode: "bypass" } as const;
  const list = async <T>(has: unknown, read: () => Promise<readonly T[]>): Promise<Record<string, unknown>[]> => {
    if (has === undefined) return [];
    const listed = await read().catch((): readonly T[] => []);
    return bounded(listed as readonly Record<string, unknown>[]);
  };
  const resources = await list(can?.resources, async () => (await client.listResources(undefined, options)).resources);
  const resourceTemplates = await list(
    can?.resources,
    async () => (await client.listResourceTemplates(undefined, options)).resourceTemplates,
  );
  const prompts = await list(can?.prompts, async () => (await client.listPrompts(undefined, options)).prompts);
  return {
    ...(resources.length === 0 ? {} : { resources }),
    ...(resourceTemplates.length === 0 ? {} : { resourceTemplates }),
    ...(prompts.length === 0 ? {} : { prompts }),
  };
}

/** As many as are taken, each with the members that a list has. */
function bounded(listed: readonly Record<string, unknown>[]): Record<string, unknown>[] {
  const taken: Record<string, unknown>[] = [];
  let bytes = 0;
  for (const item of listed.slice(0, UPSTREAM_OFFERS)) {
    const { _meta: _, icons: __, ...kept } = item;
    bytes += JSON.stringify(kept).length;
    if (bytes > UPSTREAM_OFFERS_BYTES) break;
    taken.push(kept);
  }
  return taken;
}

/** What a text from outside may be in a name or a sentence of ours. */
function clean(text: string, chars: number): string {
  return text.toWellFormed().replaceAll("\u0000", "").slice(0, chars).toWellFormed();
}

interface ListedTool {
  readonly name: string;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly inputSchema: unknown;
  readonly outputSchema?: unknown;
  readonly annotations?: unknown;
  readonly execution?: { readonly taskSupport?: string | undefined } | undefined;
}

/** @returns why a tool can't be taken */
async function foundTool(tool: ListedTool): Promise<FoundTool | string> {
  const { name, title, description = "", annotations } = tool;
  const { taskSupport } = tool.execution ?? {};
  if (name.length > TOOL_NAME_CHARS) return `its name is longer than ${TOOL_NAME_CHARS} characters`;
  if (!TOOL_NAME.test(name)) return "its name has characters other than letters, digits and _ . -";
  const [inputSchema, outputSchema] = [tool.inputSchema as JsonSchema, tool.outputSchema as JsonSchema | undefined];
  const problem = schemaProblem(inputSchema) ?? (outputSchema && schemaProblem(outputSchema));
  if (problem !== undefined) return `its JSON Schema can't be used: ${problem}`;
  const said = {
    name,
    title: title ?? null,
    description,
    inputSchema,
    outputSchema: outputSchema ?? null,
    annotations: annotations ?? null,
  };
  return {
    name,
    ...(title === undefined ? {} : { title: clean(title, 128) }),
    description: clean(description, DESCRIPTION_CHARS),
    inputSchema,
    outputSchema,
    annotations: annotations as Record<string, unknown> | undefined,
    digest: await weigh(said).digest,
    ...(taskSupport === "optional" || taskSupport === "required" ? { taskSupport } : {}),
  };
}
