/** What a caller may see and use over MCP. */
import type { Identity } from "../auth.ts";

/** Agents are tools of whoever may call them: keys that start chains, and hops, which continue theirs. */
export function mayCall({ scopes, hop }: Pick<Identity, "scopes" | "hop">): boolean {
  return hop !== undefined || scopes.has("invoke") || scopes.has("admin");
}

export function mayRead({ scopes }: Pick<Identity, "scopes">): boolean {
  return scopes.has("read") || scopes.has("admin");
}

/** Whether a key cancels chains that it has started. */
export function mayCancel({ scopes }: Pick<Identity, "scopes">): boolean {
  return scopes.has("invoke") || scopes.has("admin");
}
