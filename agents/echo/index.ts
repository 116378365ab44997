/** The agent `echo`: the shortest one that there can be, for a first call and for measuring. */
import * as z from "zod";
import { type AgentDefinition, defineAgent, skill } from "../define.ts";

export const echo: AgentDefinition = defineAgent({
  name: "echo",
  version: "1.0.0",
  description: "Answers what it is told. Invoke it first to see that the mesh runs.",
  idempotent: true,
  skills: {
    echo: skill({
      name: "Echo",
      description: "Gives its input back, whatever JSON it is.",
      tags: ["test"],
      input: z.unknown(),
      output: z.unknown(),
      examples: [{ hello: "mesh" }],
      handler: (input) => input,
    }),
  },
});
