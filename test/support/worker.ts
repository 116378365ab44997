/** The Worker under test: the product's, with agents that the tests need and one behind a service binding. */
import * as z from "zod";
import { bindingAgent } from "../../agents/binding.ts";
import { defineAgent, HopRejected, skill } from "../../agents/define.ts";
import { provideBuiltins } from "../../mesh/builtins.ts";

/** Calls the agents of `path` one after the other, each from the one before; answers what the last one got. */
const Path = z.object({ path: z.array(z.string()), input: z.unknown().optional() });

function relay(name: string) {
  return defineAgent({
    name,
    version: "1.0.0",
    description: "Calls the next agent of a path.",
    skills: {
      relay: skill({
        input: Path,
        output: z.unknown(),
        handler: async ({ path: [next, ...path], input }, hop) => {
          if (next === undefined) return input ?? "end";
          try {
            return await hop.call(next, { path, input });
          } catch (error) {
            if (error instanceof HopRejected) return { refused: error.rejection };
            throw error;
          }
        },
      }),
    },
  });
}

const sleeper = defineAgent({
  name: "sleeper",
  version: "1.0.0",
  description: "Sleeps without listening to its signal, reports 7 tokens, answers.",
  timeoutMs: 300,
  estimate: { tokens: 5 },
  skills: {
    sleep: skill({
      input: z.object({ ms: z.int() }),
      output: z.string(),
      handler: async ({ ms }, hop) => {
        await scheduler.wait(ms);
        hop.report({ tokens: 7 });
        return "awake";
      },
    }),
  },
});

provideBuiltins([relay("relay-a"), relay("relay-b"), relay("relay-c"), sleeper]);

export class Reviewer extends bindingAgent(relay("reviewer")) {}

export { default, Ledger, MeshIndex, Registry } from "../../src/index.ts";
