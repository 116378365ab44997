/** What the MCP client says of a failure, as a sentence of ours can have it: one line, and no dump of a schema's issues. */

interface Issue {
  readonly path?: unknown;
  readonly message?: unknown;
}

/** How SDKs begin the messages of errors that have words of their own. */
const PREFIX = /^(?:Version negotiation probe failed: |MCP error -?\d+: )+/;

/** All that the platform says of a connection, also of one that was never made. */
const LOST = "Network connection lost.";

export function errorWords(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const [issue] = issuesIn(message);
  if (issue === undefined) {
    const words = withoutPrefix(message).replace(/\s+/g, " ").trim();
    return words === LOST ? "the connection failed: nothing listens there, or it was broken off" : words;
  }
  const path = Array.isArray(issue.path) ? issue.path.join(".") : "";
  return `its answer is not one of MCP${path === "" ? "" : ` at '${path}'`}: ${String(issue.message)}`;
}

export function withoutPrefix(message: string): string {
  return message.replace(PREFIX, "");
}

/** A schema's issues, as Zod writes them into the message of its error. */
function issuesIn(message: string): readonly Issue[] {
  const from = message.search(/\[\s*\{/);
  if (from === -1) return [];
  try {
    const found = JSON.parse(message.slice(from, message.lastIndexOf("]") + 1)) as readonly Issue[];
    return found.filter(({ message: words }) => typeof words === "string");
  } catch {
    return [];
  }
}
