/** Agents that behave as badly as agents do, in processes that the mesh knows nothing of: it has to stop them itself. */
import * as z from "zod";
import { type AgentDefinition, defineAgent, type ServedAgent, serveAgent, skill } from "../../agents/serve.ts";
import { Client } from "../../cli/client.ts";
import { path } from "../../cli/session.ts";
import type { Source } from "./sources.ts";

const anything = { input: z.unknown(), output: z.unknown() };

function rogue(name: string, description: string, handler: Parameters<typeof skill>[0]["handler"]): AgentDefinition {
  return defineAgent({ name, version: "1.0.0", description, skills: { read: skill({ ...anything, handler }) } });
}

/** How many it calls at once, round after round. */
const FAN = 3;

const ROGUES: readonly AgentDefinition[] = [
  rogue("rogue-loop", "Has rogue-mirror do its work, which gives it back: a loop.", (input, hop) =>
    hop.call("rogue-mirror", input),
  ),
  rogue("rogue-mirror", "Gives every call back to rogue-loop.", (input, hop) => hop.call("rogue-loop", input)),
  rogue("rogue-fan", "Calls echo again and again: it has ten hops of the chain, with its own.", async (input, hop) => {
    for (;;) await Promise.all(Array.from({ length: FAN }, () => hop.call("echo", input)));
  }),
  rogue(
    "rogue-hang",
    "Never answers: it is stopped when the desk has waited for two seconds.",
    (_, hop) =>
      new Promise((_, fail) => {
        hop.signal.addEventListener("abort", () => fail(hop.signal.reason), { once: true });
      }),
  ),
];

/** What they are, a line each. */
export const ROGUE_LINES: readonly string[] = ROGUES.map(({ name, description }) => `${name.padEnd(14)}${description}`);

/** The sources that only they could read. */
export const ROGUE_SOURCES: readonly Source[] = ["rogue-loop", "rogue-fan", "rogue-hang"].map((reader) => ({
  source: `a source read by ${reader}`,
  text: "Nobody will ever see this.",
  reader,
}));

/** @returns what takes them away again: from the mesh, and their servers */
export async function startRogues(mesh: string, key: string): Promise<() => Promise<void>> {
  // With a signal of its own: an interrupted demo takes them away, too.
  const client = new Client({ url: mesh, key, source: "the demo's" }, new AbortController().signal);
  const served: ServedAgent[] = [];
  const stop = async (): Promise<void> => {
    for (const { name } of ROGUES) {
      await client.text(path("agents", name), { method: "DELETE" }).catch(() => undefined);
    }
    await Promise.all(served.map((agent) => agent.stop()));
  };
  try {
    for (const agent of ROGUES) {
      served.push(await serveAgent(agent, { port: 0, mesh, register: { key }, signals: false, graceMs: 0 }));
    }
    return stop;
  } catch (error) {
    await stop();
    throw error;
  }
}
