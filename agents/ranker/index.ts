/** The agent `ranker`: says which passages answer a question best. */
import { type AgentDefinition, defineAgent, type Hop, skill } from "../define.ts";
import { rank } from "./rank.ts";
import { RankerInput, RankerOutput } from "./schema.ts";

export const ranker: AgentDefinition = defineAgent({
  name: "ranker",
  version: "1.0.0",
  description: "Ranks passages for questions by BM25, with the stems and stop words of the passages' languages.",
  idempotent: true,
  skills: {
    rank: skill({
      name: "Rank passages",
      description: "Gives for each of up to 8 queries the passages that fit best, of up to 5,000, with their scores.",
      tags: ["search", "bm25"],
      input: RankerInput,
      output: RankerOutput,
      examples: [
        {
          queries: ["Who bounds the hops?"],
          passages: [{ text: "The mesh bounds every hop." }, { text: "Bread needs flour." }],
          limit: 1,
        },
      ],
      handler: ({ queries, passages, limit, language }, hop) => answer(queries, passages, limit, language, hop),
    }),
  },
});

async function answer(
  queries: RankerInput["queries"],
  passages: RankerInput["passages"],
  limit: number,
  language: RankerInput["language"],
  hop: Hop,
): Promise<RankerOutput> {
  const pause = async (): Promise<void> => {
    await new Promise((resume) => setTimeout(resume, 0));
    hop.signal.throwIfAborted();
  };
  const { rankings, languages } = await rank(queries, passages, { limit, language, pause });
  return { rankings: rankings.map(({ query, hits }) => ({ query, hits: [...hits] })), languages: [...languages] };
}
