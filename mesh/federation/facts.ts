/** Wire shapes of what is known of federated MCP servers and their tools. */
import * as z from "zod";
import { JsonSchema } from "../schema.ts";

const JsonObject = z.record(z.string(), z.unknown());

/** What is known of a tool of a federated MCP server. */
export const ToolFacts = z
  .strictObject({
    outputSchema: JsonSchema.optional().meta({ description: "What the server says of `structuredContent`." }),
    annotations: JsonObject.optional().meta({ description: "The server's own claims; nobody has checked them." }),
    digest: z.string().meta({ description: "SHA-256 of the tool's definition as the server tells it now." }),
    approved: z
      .string()
      .meta({ description: "The digest that was approved: the first one seen, until an owner approves another." }),
    needs: z
      .array(z.enum(["sampling", "elicitation", "roots"]))
      .optional()
      .meta({ description: "What a client must be able to do: to others the server does not show the tool." }),
    taskSupport: z
      .enum(["optional", "required"])
      .optional()
      .meta({ description: "What the server says of calls as tasks: `required` takes no other." }),
  })
  .meta({ id: "ToolFacts", description: "A federated tool; changed since its approval where the digests differ." });
export type ToolFacts = z.infer<typeof ToolFacts>;

/** What was last heard of a federated MCP server. */
export const UpstreamFacts = z
  .strictObject({
    era: z.enum(["sessions", "stateless"]).meta({ description: "2025 with sessions, or 2026-07-28." }).optional(),
    protocolVersion: z.string().optional(),
    server: z.strictObject({ name: z.string(), version: z.string(), title: z.string().optional() }).optional(),
    lastSeenAt: z.int().nullable().meta({ description: "Epoch milliseconds; null while it was never reached." }),
    lastError: z
      .string()
      .nullable()
      .meta({ description: "Why it could not be asked for its tools the last time; null when it could." }),
    resources: z.array(JsonObject).optional().meta({ description: "As the server lists them." }),
    resourceTemplates: z.array(JsonObject).optional().meta({ description: "As the server lists them." }),
    prompts: z.array(JsonObject).optional().meta({ description: "As the server lists them." }),
    gone: z
      .record(z.string(), z.string())
      .optional()
      .meta({ description: "Approved digests of tools that it has no more, in case they come back." }),
    skipped: z
      .array(z.string())
      .optional()
      .meta({ description: "Tools that could not be taken, each with its reason." }),
  })
  .meta({ id: "Upstream", description: "A federated MCP server as it was last heard of." });
export type UpstreamFacts = z.infer<typeof UpstreamFacts>;
