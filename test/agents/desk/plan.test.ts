import { expect, test } from "vitest";
import { plan } from "../../../agents/desk/plan.ts";

const questions = (question: string): string[] => plan(question).map((part) => part.question);

test.each([
  ["What bounds a hop?", ["What bounds a hop?"]],
  ["purses and budgets", ["purses and budgets"]],
  ["What is the difference between a purse and a budget?", ["What is the difference between a purse and a budget?"]],
  ["What bounds a hop, and who pays for the chain?", ["What bounds a hop?", "Who pays for the chain?"]],
  ["What bounds a hop? Who pays for the chain?", ["What bounds a hop?", "Who pays for the chain?"]],
  ["Which agents are called and when is a chain over", ["Which agents are called", "When is a chain over"]],
  ["Wer bezahlt die Rechnung und wann wird sie fällig?", ["Wer bezahlt die Rechnung?", "Wann wird sie fällig?"]],
  [
    "Qui paie la facture de la chaîne et quand est-elle due ?",
    ["Qui paie la facture de la chaîne?", "Quand est-elle due ?"],
  ],
  ["U.S. laws of 1.5 kinds?", ["U.S. laws of 1.5 kinds?"]],
])("%s", (question, parts) => expect(questions(question)).toEqual(parts));

test("a part that leans on the one before is looked for with its words", () => {
  const [, leaning, own] = plan(
    "Who wrote the Federalist papers, and when did he do it, and what bounds the hops of a chain?",
  );
  expect(leaning?.search).toContain("Federalist papers");
  expect(own?.search).toBe("what bounds the hops of a chain?");
});

test("several leaning parts lean on what was named last", () => {
  const parts = plan("Who was Irene Adler? Why did she leave? What did he say of her?");
  expect(parts.map(({ search }) => search.includes("Irene Adler"))).toEqual([true, true, true]);
});

test("more than four parts stay together in the last one, and nothing is lost", () => {
  const question = "What is alpha? What is beta? What is gamma? What is delta? What is epsilon?";
  const parts = plan(question);
  expect(parts).toHaveLength(4);
  expect(parts.at(-1)?.question).toContain("epsilon");
});

test.each(["?", "???", "and and and", " a ", "?".repeat(1_000), "and who ".repeat(125)])(
  "%j has a plan",
  (question) => {
    expect(plan(question).length).toBeGreaterThan(0);
  },
);
