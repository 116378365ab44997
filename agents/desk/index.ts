/** The agent `desk`: answers a question with claims that are backed by quotes from the sources that it is given. */

import { ClerkOutput } from "../clerk/schema.ts";
import { ReviseInput, ReviseOutput } from "../critic/schema.ts";
import { type AgentDefinition, defineAgent, type Hop, HopRejected, skill } from "../define.ts";
import { MAX_RANKED } from "../ranker/schema.ts";
import { MAX_PASSAGES } from "../reader/schema.ts";
import { askAgent } from "./ask.ts";
import { draft } from "./draft.ts";
import { chooseQuotes, glean } from "./evidence.ts";
import { gather } from "./gather.ts";
import { notesOf, together } from "./notes.ts";
import { plan } from "./plan.ts";
import { rankPassages } from "./rankings.ts";
import { review } from "./review.ts";
import { revise } from "./revise.ts";
import { DeskInput, DeskOutput, type LeftOut } from "./schema.ts";

export const desk: AgentDefinition = defineAgent({
  name: "desk",
  version: "2.0.0",
  description:
    "Answers a question from documents: has them read, ranked, summarized, checked and written down, and cites each claim.",
  // The critic may send a draft back: the same agent again on the path, with another input.
  cycle: { rule: "progress" },
  skills: {
    ask: skill({
      name: "Ask",
      description: "Gives a report on up to 50 sources: claims backed by verbatim quotes with their places.",
      tags: ["documents", "question", "quotes", "report"],
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
    revise: skill({
      name: "Revise a draft",
      description: "Puts claims right that a critic has found unbacked, or withdraws them.",
      tags: ["report"],
      input: ReviseInput,
      output: ReviseOutput,
      examples: [
        {
          claims: [
            {
              id: "1.1",
              text: "The mesh runs hops.",
              cites: [1],
              sentence: "The mesh runs no hops unrecorded.",
              why: "Its words do not stand so in [1].",
            },
          ],
          quotes: [{ n: 1, text: "The mesh runs no hops unrecorded." }],
        },
      ],
      handler: revise,
    }),
  },
});

async function ask({ question, sources, quotes: most, patienceMs }: DeskInput, hop: Hop): Promise<DeskOutput> {
  const limit = Math.min(Math.floor(MAX_RANKED / sources.length), MAX_PASSAGES);
  const parts = plan(question);
  const options = { limit, patienceMs, summaries: parts.length };
  const { readings, leftOut: unread } = await gather(hop, question, sources, options);
  if (readings.length === 0) throw nothingRead(unread);

  const { passages, truncated } = glean(readings);
  const { rankings, leftOut: unranked } = await rankPassages(hop, parts, passages, most);
  const chosen = chooseQuotes(passages, rankings, most);
  const quotes = chosen.map(({ quote }) => quote);
  const drafted = await draft(hop, parts, rankings, chosen);
  const reviewed = await review(hop, drafted.sections, quotes);

  const read = { sources: readings.length, passages: passages.length, truncated: [...truncated] };
  const missing = [...unread, ...unranked, ...drafted.leftOut, ...reviewed.leftOut];
  const { sections, check } = reviewed;
  const written = await askAgent(hop, {
    agent: "clerk",
    input: {
      title: question,
      sections: sections.map(({ question: heading, claims }) => ({
        heading,
        claims: claims.map(({ text, cites }) => ({ text, cites })),
      })),
      quotes,
      notes: notesOf(read, reviewed, missing),
    },
    output: ClerkOutput,
    what: "step",
    name: "clerk",
  });
  return {
    question,
    answer: answerOf(sections, passages.length),
    sections,
    quotes,
    check,
    report: written.ok ? written.value : null,
    leftOut: written.ok ? missing : [...missing, written.missing],
    read,
  };
}

function answerOf(sections: DeskOutput["sections"], passages: number): string {
  const claims = sections.flatMap((section) => section.claims);
  if (claims.length === 0) return `None of the ${passages} passages that were read answers the question.`;
  return claims.map(({ text, cites }) => `${text} ${cites.map((n) => `[${n}]`).join("")}`).join("\n");
}

function nothingRead(leftOut: readonly LeftOut[]): HopRejected {
  const reasons = together(leftOut).map(({ names, code, detail }) => {
    const others = names.length > 1 ? ` and ${names.length - 1} more` : "";
    return `${names[0]}${others}: ${code}, ${detail}`;
  });
  const shown = reasons.slice(0, 3).join(" ");
  const more = reasons.length > 3 ? ` And ${reasons.length - 3} more reasons.` : "";
  return new HopRejected({
    code: "upstream_error",
    detail: `None of the ${leftOut.length} sources could be read. ${shown}${more}`,
  });
}
