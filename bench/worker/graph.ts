/** The Worker whose mesh's graph is measured: agents that all call each other. */
import * as z from "zod";
import { defineAgent, skill } from "../../agents/define.ts";
import { provideBuiltins } from "../../mesh/builtins.ts";

/** 45 agents make 45 · 44 edges between them, and 45 from whoever starts. */
const AGENTS = 45;
const names = Array.from({ length: AGENTS }, (_, place) => `agent-${place}`);

provideBuiltins(
  names.map((name) =>
    defineAgent({
      name,
      version: "1.0.0",
      description: "Called by the benchmark.",
      maxConcurrency: 10_000,
      skills: {
        answer: skill({
          input: z.enum(["all", "none"]),
          output: z.null(),
          handler: async (input, hop) => {
            const others = input === "all" ? names.filter((other) => other !== name) : [];
            await Promise.all(others.map((other) => hop.call(other, "none")));
            return null;
          },
        }),
      },
    }),
  ),
);

/** All its classes: wrangler.toml binds them. */
export * from "../../src/index.ts";
export { default } from "../../src/index.ts";
