/** Has the passages ranked for each sub-question, and does it roughly where nobody else does. */
import type { Hop } from "../define.ts";
import { RankerOutput } from "../ranker/schema.ts";
import { askAgent } from "./ask.ts";
import { byCommonWords, type Evidence, type Ranking } from "./evidence.ts";
import type { SubQuestion } from "./plan.ts";
import type { LeftOut } from "./schema.ts";

export interface Rankings {
  /** One for each sub-question. */
  readonly rankings: readonly Ranking[];
  readonly leftOut: readonly LeftOut[];
}

export async function rankPassages(
  hop: Hop,
  parts: readonly SubQuestion[],
  passages: readonly Evidence[],
  limit: number,
): Promise<Rankings> {
  if (passages.length === 0) return { rankings: parts.map(() => ({ hits: [] })), leftOut: [] };
  const answered = await askAgent(hop, {
    agent: "ranker",
    input: {
      queries: parts.map(({ search }) => search),
      passages: passages.map(({ text, heading, source }) => ({ text, heading, source })),
      limit,
    },
    output: RankerOutput,
    what: "step",
    name: "ranker",
  });
  if (answered.ok) return { rankings: answered.value.rankings, leftOut: [] };
  return {
    rankings: parts.map(({ search }) => byCommonWords(passages, search, limit)),
    leftOut: [answered.missing],
  };
}
