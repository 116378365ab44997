/** The agents that ship with the mesh. */
import type { AgentDefinition } from "./define.ts";
import { desk } from "./desk/index.ts";
import { echo } from "./echo/index.ts";
import { makeReader, type ReadUrl } from "./reader/index.ts";

/** @param readUrl is the reader's only way out, and decides which addresses may be read. */
export function shippedAgents(readUrl: ReadUrl): readonly AgentDefinition[] {
  return [echo, makeReader(readUrl), desk];
}
