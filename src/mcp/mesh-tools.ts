/** The mesh's own tools: who there is, what happened in a chain, and stopping one. */
import type { CallToolResult, Tool } from "@modelcontextprotocol/server";
import * as z from "zod";
import { mermaid } from "../../mesh/chain/render/mermaid.ts";
import { encodeCursor } from "../../mesh/cursor.ts";
import { GRAPH_HOPS } from "../../mesh/limits.ts";
import { MESH_PREFIX } from "../../mesh/registry/tool-names.ts";
import type { Agent } from "../../mesh/schema.ts";
import type { Identity } from "../auth.ts";
import { schemaRejection } from "../body.ts";
import { Refused } from "../problem.ts";
import { cursorOf } from "../query.ts";
import { cancelChain, findChain } from "../routes/chains.ts";
import { readPage } from "../routes/graph.ts";
import { mayCall, mayCancel, mayRead } from "./access.ts";
import { findTools } from "./find-tools.ts";
import { META } from "./meta.ts";
import { refusalResult } from "./problem.ts";

/** A tool of the mesh, for one caller. */
export interface MeshTool {
  readonly tool: Tool;
  readonly run: (identity: Identity, args: unknown) => Promise<CallToolResult>;
}

interface Definition<T extends z.ZodType> {
  readonly title: string;
  readonly description: string;
  readonly input: T;
  readonly readOnly: boolean;
  readonly may: (identity: Identity) => boolean;
  readonly run: (identity: Identity, args: z.output<T>) => Promise<CallToolResult>;
}

/** Agents and tools of one answer. */
const FOUND = 50;
const chainId = z.string().meta({ description: "The id of a chain: 32 lower-case hex digits." });
const limit = z.int().min(1).max(FOUND).default(20);

const TOOLS: ReadonlyMap<string, MeshTool & { readonly may: Definition<z.ZodType>["may"] }> = new Map([
  define("list_agents", {
    title: "List agents",
    description: "Lists the agents of the mesh by name: what they do, their skills, and whether they take calls.",
    input: z.strictObject({ cursor: cursorOf(z.string().max(63)), limit }),
    readOnly: true,
    may: mayRead,
    run: listAgents,
  }),
  define("find_tools", {
    title: "Find tools",
    description:
      "Searches the tools of the mesh's agents by words of their names, descriptions, skills and tags, best first. Use it when the list of tools does not hold what you need: every tool that is found can be called by its name.",
    input: z.strictObject({ query: z.string().min(1).max(256), limit }),
    readOnly: true,
    may: mayCall,
    run: async (identity, { query, limit }) => told({ tools: await findTools(identity, query, limit) }),
  }),
  define("call_graph", {
    title: "Call graph of a chain",
    description:
      "Who called whom in a chain, refused calls included: as a Mermaid diagram, or as JSON with every hop, its status, reason and usage.",
    input: z.strictObject({ chainId, format: z.enum(["mermaid", "json"]).default("mermaid") }),
    readOnly: true,
    may: mayRead,
    run: callGraph,
  }),
  define("chain", {
    title: "Status of a chain",
    description: "The state of a chain: whether it runs, its budget's limits, what is spent and reserved, its hops.",
    input: z.strictObject({ chainId }),
    readOnly: true,
    may: mayRead,
    run: async ({ mesh }, args) => told((await findChain(mesh, args.chainId)).chain),
  }),
  define("cancel_chain", {
    title: "Cancel a chain",
    description: "Stops a chain that you have started: its open calls are aborted, and no further ones are admitted.",
    input: z.strictObject({ chainId }),
    readOnly: false,
    may: mayCancel,
    run: async (identity, args) => told(await cancelChain(identity, args.chainId)),
  }),
]);

/** Those that a caller may use. */
export function meshTools(identity: Identity): MeshTool[] {
  return [...TOOLS.values()].filter(({ may }) => may(identity));
}

export function meshTool(identity: Identity, name: string): MeshTool | undefined {
  const found = TOOLS.get(name);
  return found?.may(identity) ? found : undefined;
}

function define<T extends z.ZodType>(id: string, { input, ...definition }: Definition<T>) {
  const { title, description, readOnly, may } = definition;
  const name = `${MESH_PREFIX}${id}`;
  const inputSchema = z.toJSONSchema(input, { io: "input", unrepresentable: "any" }) as Tool["inputSchema"];
  const annotations = {
    readOnlyHint: readOnly,
    destructiveHint: !readOnly,
    idempotentHint: true,
    openWorldHint: false,
  };
  const run = async (identity: Identity, args: unknown): Promise<CallToolResult> => {
    const parsed = input.safeParse(args);
    if (!parsed.success) return refusalResult(schemaRejection(parsed.error));
    try {
      return await definition.run(identity, parsed.data);
    } catch (error) {
      if (error instanceof Refused) return refusalResult(error.rejection, error.place);
      throw error;
    }
  };
  return [name, { tool: { name, title, description, inputSchema, annotations }, may, run }] as const;
}

/** JSON as text, and as structure for programs. */
function told(value: object): CallToolResult {
  const structuredContent = value as Record<string, unknown>;
  return { content: [{ type: "text", text: JSON.stringify(value) }], structuredContent };
}

async function listAgents(
  { mesh }: Identity,
  { cursor, limit }: { cursor?: unknown; limit: number },
): Promise<CallToolResult> {
  const found = (await mesh.registry.list({ limit: limit + 1 }, typeof cursor === "string" ? cursor : "")) as Agent[];
  const shown = found.slice(0, limit);
  const agents = shown.map(({ name, version, description, status, endpoint, skills }) => ({
    name,
    version,
    description,
    status,
    kind: endpoint.kind,
    skills: skills.map(({ id, name, description, tags }) => ({ id, name, description, tags })),
  }));
  const next = found.length > limit ? { nextCursor: encodeCursor(shown.at(-1)?.name) } : {};
  return told({ agents, ...next });
}

async function callGraph(
  { mesh }: Identity,
  args: { chainId: string; format: "mermaid" | "json" },
): Promise<CallToolResult> {
  const page = await readPage(mesh, args.chainId, 0, GRAPH_HOPS);
  const _meta = { [META.chainId]: page.chain.chainId };
  if (args.format === "json") return { ...told({ ...page.graph, truncated: page.nextCursor !== undefined }), _meta };
  return { content: [{ type: "text", text: mermaid(page, "agents") }], _meta };
}
