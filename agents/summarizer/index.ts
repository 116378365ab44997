/** The agent `summarizer`: picks the sentences that tell most of what passages say. It writes none of its own. */
import { type AgentDefinition, defineAgent, skill } from "../define.ts";
import { SummarizerInput, SummarizerOutput } from "./schema.ts";
import { summarize } from "./summarize.ts";

export const summarizer: AgentDefinition = defineAgent({
  name: "summarizer",
  version: "1.0.0",
  description:
    "Picks the most telling sentences of passages, about a question or in general, verbatim and with places.",
  idempotent: true,
  skills: {
    summarize: skill({
      name: "Summarize passages",
      description: "Gives the central sentences of up to 50 passages by TextRank, none twice, each where it stands.",
      tags: ["summary", "textrank"],
      input: SummarizerInput,
      output: SummarizerOutput,
      examples: [
        {
          passages: [{ text: "The mesh bounds every hop. Hops that are refused stand in the call graph." }],
          focus: "What does the mesh do with a hop?",
          sentences: 1,
        },
      ],
      handler: (input) => summarize(input),
    }),
  },
});
