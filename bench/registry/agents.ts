/** The agents that fill the registry: alike in their words, as those of one owner are, and each with some of its own. */

export const REGISTERED_BEFORE = 1_000;
export const REGISTERED = 100_000;

const TOPICS = ["billing", "weather", "contracts", "logistics", "translation", "support", "research", "inventory"];
const SKILLS = ["answer", "summarise", "classify", "extract", "compare"];

export function nameOf(n: number): string {
  return `agent-${String(n).padStart(6, "0")}`;
}

/** A word that a hundredth of a thousandth of them has: one agent. */
export function ownWordOf(n: number): string {
  return `case${n}x`;
}

/** @param host of the agents, where they echo */
export function registrationOf(n: number, host: string) {
  const topic = TOPICS[n % TOPICS.length] ?? "";
  const skill = SKILLS[n % SKILLS.length] ?? "";
  return {
    name: nameOf(n),
    version: "1.0.0",
    description: `An agent of team ${n % 97} that answers questions about ${topic}. Knows ${ownWordOf(n)}.`,
    endpoint: { kind: "http", url: `${host}/product/${nameOf(n)}` },
    skills: [
      {
        id: skill,
        name: `${skill} ${topic}`,
        description: `Takes a question about ${topic} and gives an answer with its sources.`,
        tags: [topic, "bench"],
        inputSchema: { type: "object", properties: { question: { type: "string" } }, required: ["question"] },
        outputSchema: { type: "object" },
      },
    ],
  };
}
