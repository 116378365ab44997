/** The agents that ship with the mesh. */
import { clerk } from "./clerk/index.ts";
import { critic } from "./critic/index.ts";
import type { AgentDefinition } from "./define.ts";
import { desk } from "./desk/index.ts";
import { echo } from "./echo/index.ts";
import { ranker } from "./ranker/index.ts";
import { makeReader, type ReadUrl } from "./reader/index.ts";
import { summarizer } from "./summarizer/index.ts";

/** @param readUrl is the reader's only way out, and decides which addresses may be read. */
export function shippedAgents(readUrl: ReadUrl): readonly AgentDefinition[] {
  return [echo, makeReader(readUrl), ranker, summarizer, critic, clerk, desk];
}
