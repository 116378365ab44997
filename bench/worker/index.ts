/** The Worker that is measured: the product's entry, with the agents that the scenarios call. */
import * as z from "zod";
import { type AgentDefinition, defineAgent, type Hop, skill } from "../../agents/define.ts";
import { provideBuiltins } from "../../mesh/builtins.ts";

/** Above what any scenario has open at once, so that a full agent never says more about the result than the ledger. */
const MAX_CONCURRENCY = 10_000;
const TIMEOUT_MS = 900_000;

function agent(name: string, handler: (input: unknown, hop: Hop) => unknown): AgentDefinition {
  const answer = skill({ input: z.unknown(), output: z.unknown(), handler });
  return defineAgent({
    name,
    version: "1.0.0",
    description: "Called by the benchmark.",
    timeoutMs: TIMEOUT_MS,
    maxConcurrency: MAX_CONCURRENCY,
    skills: { answer },
  });
}

const leaf = agent("leaf", (input) => input);
const fan = agent("fan", (input, hop) => Promise.all(Array.from({ length: 10 }, () => hop.call("leaf", input))));
const relays = [1, 2, 3, 4].map((place) => agent(`hop-${place}`, (input, hop) => hop.call(`hop-${place + 1}`, input)));
const last = agent("hop-5", (input) => input);

/** What `grow-1` is asked for: how deep the measured calls are, how many calls come before them, how many they are. */
const Growth = z.object({
  depth: z.int(),
  before: z.int(),
  measured: z.int(),
  /** Where to say that the measured calls begin and end: only the driver can read this process's CPU time. */
  mark: z.string(),
});

/** Calls of one wave wait together, so that they share commits as busy chains do. */
const WAVE = 10;

async function callLeaf(hop: Hop, times: number): Promise<void> {
  for (let made = 0; made < times; made += WAVE) {
    await Promise.all(Array.from({ length: Math.min(WAVE, times - made) }, () => hop.call("leaf", made)));
  }
}

/** `grow-1` calls `grow-2` and so on, until the next call is at the depth asked for; that one makes the calls. */
const growers = Array.from({ length: 7 }, (_, place) =>
  agent(`grow-${place + 1}`, async (input, hop) => {
    const { depth, before, measured, mark } = Growth.parse(input);
    if (hop.depth < depth - 1) return hop.call(`grow-${hop.depth + 1}`, input);
    await callLeaf(hop, before);
    await fetch(`${mark}/begin`, { method: "POST" });
    await callLeaf(hop, measured);
    await fetch(`${mark}/end`, { method: "POST" });
    return null;
  }),
);

provideBuiltins([leaf, fan, ...relays, last, ...growers]);

/** All its classes: wrangler.toml binds them. */
export * from "../../src/index.ts";
export { default } from "../../src/index.ts";
