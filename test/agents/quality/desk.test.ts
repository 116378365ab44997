/** The desk over the held set, its agents in this process; `npm run bench:desk` asks a started mesh. */
import { expect, test } from "vitest";
import { desk } from "../../../agents/desk/index.ts";
import { DeskInput, DeskOutput } from "../../../agents/desk/schema.ts";
import { heldQuestions, heldSources } from "../../../bench/desk/held.ts";
import { type HeldQuestion, type Judged, judge, summaryOf } from "../../../bench/desk/quality.ts";
import { deskHop } from "../../support/desk-hop.ts";

const sources = heldSources();

async function report(question: string): Promise<DeskOutput> {
  const input = DeskInput.parse({ question, sources });
  return DeskOutput.parse(await desk.skills.ask?.handler(input, deskHop().hop));
}

test("finds the passage that answers among five quotes, of four questions in five; and claims nothing unbacked", async () => {
  const judged: Judged[] = [];
  for (const held of heldQuestions()) judged.push(judge(held, await report(held.question)));
  const { questions, recall, backed, claims } = summaryOf(judged);
  expect(questions).toBeGreaterThanOrEqual(20);
  expect(recall).toBeGreaterThanOrEqual(0.8);
  expect(claims).toBeGreaterThan(questions);
  expect(backed).toBe(1);
}, 120_000);

const held: HeldQuestion = { question: "q", source: "s", answer: "The  Answer" };
const output = {
  quotes: [{ n: 1, source: "s", text: "Here is the answer, not elsewhere." }],
  sections: [{ question: "q", claims: [{ text: "Here is the answer", cites: [1], backing: "shortened" }] }],
  check: null,
} as unknown as DeskOutput;

test("the judge knows a miss, and a claim that no cited quote has", () => {
  expect(judge(held, output)).toMatchObject({ rank: 1, claims: 1, backed: 1 });
  expect(judge({ ...held, source: "other" }, output).rank).toBeUndefined();
  expect(judge({ ...held, answer: "missing" }, output).rank).toBeUndefined();
  const claimed = (text: string, more: object = {}) =>
    judge(held, {
      ...output,
      sections: [{ question: "q", claims: [{ text, cites: [1], backing: "verbatim", ...more }] }],
    });
  expect(claimed("The answer is here").backed).toBe(0);
  expect(claimed("Here is another answer").backed).toBe(0);
  expect(claimed("Here is the answer", { cites: [2] }).backed).toBe(0);
  expect(claimed("Here is the answer", { backing: "unchecked" }).backed).toBe(0);
});
