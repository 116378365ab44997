/** Real MCP clients of both eras, as other people's programs are. */
import { Client as NewClient, StreamableHTTPClientTransport as NewTransport } from "@modelcontextprotocol/client";
import { Client as OldClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as OldTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";

const INFO = { name: "test", version: "1.0.0" };

export interface Connected {
  readonly client: OldClient;
  readonly transport: OldTransport;
}

/** A client of the 2025 era, with a session. */
export async function connectOld(url: string, key: string): Promise<Connected> {
  const transport = new OldTransport(new URL("/mcp", url), { requestInit: bearer(key) });
  const client = new OldClient(INFO);
  // Its own types are not exact about optional properties.
  await client.connect(transport as Transport);
  return { client, transport };
}

/** A client of 2026-07-28. */
export async function connectNew(url: string, key: string): Promise<NewClient> {
  const client = new NewClient(INFO, { versionNegotiation: { mode: "auto" } });
  await client.connect(new NewTransport(new URL("/mcp", url), { requestInit: bearer(key) }));
  return client;
}

function bearer(key: string) {
  return { headers: { authorization: `Bearer ${key}` } };
}

/** What a result says in words. */
export function textOf(result: unknown): string {
  const { content = [] } = result as { content?: readonly { type: string; text?: string }[] };
  return content.map(({ text }) => text ?? "").join("\n");
}

/** A value of the mesh in a result's `_meta`. */
export function metaOf(result: unknown, key: string): unknown {
  return (result as { _meta?: Record<string, unknown> })._meta?.[`io.hopline/${key}`];
}
