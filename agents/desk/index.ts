/** The agent `desk`: answers a question with verbatim quotes from the sources that it is given. */
import { type AgentDefinition, defineAgent, type Hop, HopRejected, skill } from "../define.ts";
import { MAX_PASSAGES } from "../reader/schema.ts";
import { assembleAnswer } from "./answer.ts";
import { gather } from "./gather.ts";
import { rank } from "./rank.ts";
import { DeskInput, DeskOutput, type LeftOut, MAX_RANKED, type Quote } from "./schema.ts";

export const desk: AgentDefinition = defineAgent({
  name: "desk",
  version: "1.0.0",
  description: "Answers a question from documents: reads each through `reader`, and quotes the passages that fit best.",
  skills: {
    ask: skill({
      name: "Ask",
      description: "Gives the best passages of up to 50 sources for a question, verbatim and with their places.",
      tags: ["documents", "question", "quotes"],
      input: DeskInput,
      output: DeskOutput,
      examples: [
        {
          question: "What does the mesh do with every hop?",
          sources: [{ source: "notes.md", text: "# Notes\n\nThe mesh admits, records and bounds every hop." }],
        },
      ],
      handler: ask,
    }),
  },
});

async function ask({ question, sources, quotes: limit }: DeskInput, hop: Hop): Promise<DeskOutput> {
  const share = Math.min(Math.floor(MAX_RANKED / sources.length), MAX_PASSAGES);
  const { readings, leftOut } = await gather(hop, sources, share);
  if (readings.length === 0) throw nothingRead(leftOut);

  const passages = readings.flatMap(({ source, passages }) => passages.map((passage) => ({ source, ...passage })));
  const best = await rank(question, passages, limit, async () => {
    await new Promise((resume) => setTimeout(resume, 0));
    hop.signal.throwIfAborted();
  });
  const quotes = best.flatMap(({ index, score }, rankIndex): Quote[] => {
    const passage = passages[index];
    return passage ? [{ n: rankIndex + 1, ...passage, score: Number(score.toFixed(4)) }] : [];
  });
  return {
    question,
    answer:
      quotes.length > 0
        ? assembleAnswer(question, quotes)
        : `None of the ${passages.length} passages that were read has a word of the question.`,
    quotes,
    leftOut: [...leftOut],
    read: {
      sources: readings.length,
      passages: passages.length,
      truncated: readings.filter(({ truncated }) => truncated).map(({ source }) => source),
    },
  };
}

function nothingRead(leftOut: readonly LeftOut[]): HopRejected {
  const reasons = leftOut.map(({ source, code, detail }) => `${source}: ${code}, ${detail}`);
  const shown = reasons.slice(0, 3).join(" ");
  const more = reasons.length > 3 ? ` And ${reasons.length - 3} more.` : "";
  return new HopRejected({
    code: "upstream_error",
    detail: `None of the ${leftOut.length} sources could be read. ${shown}${more}`,
  });
}
