/**
 * The chain of bench/agents.ts, written with the kit that ships (`hopline/agent`), as one process of its own:
 * `HOPLINE_URL=… HOPLINE_KEY=… node bench/restate/kit.ts`. What the kit adds is the check of each hop token's signature,
 * the schemas, and the limits of what it reads.
 */
import * as z from "zod";
import { defineAgent, serveAgent, skill } from "../../agents/serve.ts";

for (const place of [5, 4, 3, 2, 1]) {
  const answer = skill({
    input: z.unknown(),
    output: z.unknown(),
    handler: (input, hop) => (place === 5 ? input : hop.call(`kit-hop-${place + 1}`, input)),
  });
  const agent = defineAgent({
    name: `kit-hop-${place}`,
    version: "1.0.0",
    description: "Called by the benchmark.",
    maxConcurrency: 10_000,
    skills: { answer },
  });
  await serveAgent(agent, { port: 0, register: true });
}
process.send?.("ready");
process.on("disconnect", () => process.exit());
