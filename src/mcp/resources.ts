/** Chains and agents as resources, by templates: what a client reads, completes and follows. */
import {
  type CompleteResult,
  ProtocolError,
  ProtocolErrorCode,
  type ReadResourceResult,
  ResourceNotFoundError,
  type ResourceTemplateType,
} from "@modelcontextprotocol/server";
import { mermaid } from "../../mesh/chain/render/mermaid.ts";
import { CHAIN_ID } from "../../mesh/ids.ts";
import type { ChainItem } from "../../mesh/index/store.ts";
import { GRAPH_HOPS } from "../../mesh/limits.ts";
import type { Agent } from "../../mesh/schema.ts";
import type { Identity } from "../auth.ts";
import { Refused } from "../problem.ts";
import { findChain } from "../routes/chains.ts";
import { readPage } from "../routes/graph.ts";
import { mayRead } from "./access.ts";

const BASE = "hopline://";

const TEMPLATES = {
  chain: {
    uriTemplate: `${BASE}chains/{id}`,
    name: "chain",
    title: "Chain",
    description: "The state of a chain: status, budget, what is spent, its hops. Subscribe to be told when it changes.",
    mimeType: "application/json",
  },
  graph: {
    uriTemplate: `${BASE}chains/{id}/graph`,
    name: "chain-graph",
    title: "Call graph",
    description: "Who called whom in a chain: a Mermaid diagram, and JSON with every hop.",
    mimeType: "text/vnd.mermaid",
  },
  agent: {
    uriTemplate: `${BASE}agents/{name}`,
    name: "agent",
    title: "Agent",
    description: "An agent as it is registered: its skills, schemas, endpoint and limits.",
    mimeType: "application/json",
  },
} as const satisfies Record<string, ResourceTemplateType>;

export type Named =
  | { readonly kind: "chain" | "graph"; readonly id: string }
  | { readonly kind: "agent"; readonly name: string };

/** What a URI names, by its form alone. */
export function namedBy(uri: string): Named | undefined {
  const [, id, graph] = /^hopline:\/\/chains\/([0-9a-f]{32})(\/graph)?$/.exec(uri) ?? [];
  if (id !== undefined) return { kind: graph === undefined ? "chain" : "graph", id };
  const name = /^hopline:\/\/agents\/([a-z][a-z0-9-]{0,62})$/.exec(uri)?.[1];
  return name === undefined ? undefined : { kind: "agent", name };
}

export function templatesFor(identity: Identity): ResourceTemplateType[] {
  return mayRead(identity) ? Object.values(TEMPLATES) : [];
}

/** @throws {ProtocolError} where there is nothing for this caller: what it may not read is as if it were not there */
export async function readResource(identity: Identity, uri: string): Promise<ReadResourceResult> {
  const named = namedBy(uri);
  if (named === undefined || !mayRead(identity)) throw new ResourceNotFoundError(uri);
  const { mesh } = identity;
  try {
    switch (named.kind) {
      case "chain":
        return { contents: [jsonOf(uri, (await findChain(mesh, named.id)).chain)] };
      case "graph": {
        const page = await readPage(mesh, named.id, 0, GRAPH_HOPS);
        const diagram = { uri, mimeType: TEMPLATES.graph.mimeType, text: mermaid(page, "agents") };
        return { contents: [diagram, jsonOf(uri, { ...page.graph, truncated: page.nextCursor !== undefined })] };
      }
      case "agent": {
        const agent = await mesh.agent(named.name);
        if (agent === undefined) throw new ResourceNotFoundError(uri);
        return { contents: [jsonOf(uri, agent)] };
      }
      default:
        return named satisfies never;
    }
  } catch (error) {
    if (error instanceof Refused) throw new ResourceNotFoundError(uri);
    throw error;
  }
}

function jsonOf(uri: string, value: object) {
  return { uri, mimeType: "application/json", text: JSON.stringify(value) };
}

/** Values that one completion offers; the specification allows 100. */
const COMPLETIONS = 100;

export async function complete(
  identity: Identity,
  uriTemplate: string,
  argument: { readonly name: string; readonly value: string },
): Promise<CompleteResult> {
  const known = Object.values(TEMPLATES).some((template) => template.uriTemplate === uriTemplate);
  if (!known) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `There is no template ${uriTemplate}.`);
  const values = mayRead(identity) ? await valuesOf(identity, argument) : [];
  const shown = values.slice(0, COMPLETIONS);
  return { completion: { values: shown, hasMore: values.length > shown.length } };
}

async function valuesOf(
  { mesh }: Identity,
  { name, value }: { readonly name: string; readonly value: string },
): Promise<string[]> {
  if (name === "name") {
    const found = (await mesh.registry.list({ limit: COMPLETIONS + 1 }, justBefore(value))) as Agent[];
    return found.map((agent) => agent.name).filter((known) => known.startsWith(value));
  }
  if (name !== "id") return [];
  const found = (await mesh.index.searchChains({ since: 0, limit: 2 * COMPLETIONS })) as ChainItem[];
  return found.map(({ chainId }) => chainId).filter((id) => CHAIN_ID.test(id) && id.startsWith(value));
}

/** Text that no name stands between and those that begin with `value`. */
function justBefore(value: string): string {
  const last = value.charCodeAt(value.length - 1);
  return value === "" || last === 0 ? "" : `${value.slice(0, -1)}${String.fromCharCode(last - 1)}\uffff`;
}
