import { describe, expect, test } from "vitest";
import * as z from "zod";
import { check } from "../../agents/critic/check.ts";
import { critic } from "../../agents/critic/index.ts";
import { CriticInput, CriticOutput, ReviseInput } from "../../agents/critic/schema.ts";
import { defineAgent, skill } from "../../agents/define.ts";
import { revise } from "../../agents/desk/revise.ts";
import { deskHop, REFUSED } from "../support/desk-hop.ts";

const QUOTE = [
  "But it could not be less folly to abolish liberty.",
  "If men were angels, no government would be necessary.",
  "The elephant (Elephas) is slow, and lives long in Africa.",
  "The moon, he claimed, is made of cheese and of nothing else.",
  "Hops cost **1,000** micro-USD; `bytes` are free.",
].join(" ");

const verdict = (text: string, cites: number[] = [1], quote = QUOTE) =>
  check(
    [{ id: "a", text, cites }],
    [
      { n: 1, text: quote },
      { n: 2, text: "Whales are the largest animals of all." },
    ],
  )[0];

describe("a claim is backed", () => {
  test.each([
    ["verbatim", "If men were angels, no government would be necessary."],
    ["verbatim", "if MEN were angels: no government would be necessary"],
    ["verbatim", "It could not be less folly to abolish liberty."],
    ["verbatim", "Hops cost 1,000 micro-USD; bytes are free"],
    [
      "verbatim",
      "It could not be less folly to abolish liberty. If men were angels, no government would be necessary.",
    ],
    ["shortened", "The elephant is slow, and lives long in Africa."],
    ["shortened", "Hops cost 1,000 micro-USD …"],
    ["shortened", "The moon, he claimed, is made of cheese and of nothing else. Hops cost 1,000 micro-USD …"],
  ])("%s: %s", (how, text) => expect(verdict(text)).toEqual({ id: "a", backed: true, how, quote: 1, why: null }));

  test("by one of several quotes", () => {
    expect(verdict("Whales are the largest animals of all", [1, 2])).toMatchObject({ backed: true, quote: 2 });
  });
});

describe("a claim is unbacked", () => {
  test.each([
    ["No government would be necessary.", "leaves out “if men were angels”"],
    ["The moon is made of cheese and of nothing else.", "leaves out “he claimed”"],
    ["Men were angels, no government would be necessary", "do not stand so"],
    ["Government would be necessary if men were angels", "do not stand so"],
    ["The elephant is slow and lives long in Asia.", "do not stand so"],
    ["Folly to abolish liberty.", "do not stand so"],
    ["The elephant", "too little"],
    ["Elephas", "too little"],
    ["Hops cost 1000 micro-USD", "do not stand so"],
    ["…", "says nothing"],
  ])("%s", (text, why) => {
    expect(verdict(text)).toMatchObject({ backed: false, how: null, quote: null, why: expect.stringContaining(why) });
  });

  test.each([
    [
      "The ledger decides on hops",
      "The ledger decides on hops, as it did through all of those long years, in this mesh and in each of the others.",
    ],
    ["Hops cost money", "Hops cost money, as all know."],
  ])("when it keeps too little: %s", (text, quote) => {
    expect(verdict(text, [1], quote)?.why).toContain("too little");
  });

  test("when it cites nothing, what is not there, or another quote than the one that has it", () => {
    const text = "Whales are the largest animals of all";
    expect(verdict(text, [])?.why).toContain("cites no quote");
    expect(verdict(text, [2, 9])?.why).toContain("cites [9], which is not there");
    expect(verdict(text, [1])?.why).toContain("stands in [2], which it does not cite");
  });

  test("when it is shortened in a language whose words of doubt nobody knows", () => {
    const quote =
      "Olifanten zijn langzaam, en zij leven lang, in het hele zuiden van Afrika, zo heeft men ons verteld.";
    expect(
      verdict("Olifanten zijn langzaam, en zij leven lang, in het hele zuiden van Afrika", [1], quote)?.backed,
    ).toBe(false);
    expect(verdict(quote, [1], quote)?.backed).toBe(true);
  });
});

test("a long quote of many clauses is checked at once", () => {
  const quote = "a, b, ".repeat(500);
  const begun = performance.now();
  verdict("a, b, ".repeat(300), [1], quote);
  expect(performance.now() - begun).toBeLessThan(2_000);
});

describe("the agent", () => {
  const quotes = [{ n: 1, text: "The ledger, unless it sleeps, decides on hops." }];
  const wrong = { id: "w", text: "The ledger decides on hops.", cites: [1], sentence: quotes[0]?.text };
  const right = { id: "r", text: "The ledger, unless it sleeps, decides on hops.", cites: [1] };
  const invented = { id: "i", text: "The ledger is made of gold.", cites: [1] };
  const sendBack = { agent: "desk", skill: "revise" };
  const review = async (input: unknown, running = deskHop()) =>
    CriticOutput.parse(await critic.skills.check?.handler(CriticInput.parse(input), running.hop));

  test("names the unbacked, and sends nothing back unless it is told to whom", async () => {
    const running = deskHop();
    const result = await review({ claims: [wrong, right, invented], quotes }, running);
    expect(result).toMatchObject({ unbacked: ["w", "i"], sentBack: [], withdrawn: [], refused: null });
    expect(running.calls).toEqual([]);
  });

  test("sends the unbacked back once, with the reasons, and checks what comes", async () => {
    const running = deskHop();
    const result = await review({ claims: [wrong, right, invented], quotes, sendBack }, running);
    expect(running.calls).toHaveLength(1);
    const { claims: returned } = ReviseInput.parse(running.calls[0]?.input);
    expect(returned.map(({ id, why }) => [id, why !== ""])).toEqual([
      ["w", true],
      ["i", true],
    ]);
    expect(result).toMatchObject({ unbacked: [], withdrawn: ["i"], sentBack: [{ id: "w" }, { id: "i" }] });
    expect(result.claims.map(({ id, text }) => [id, text])).toEqual([
      ["w", right.text],
      ["r", right.text],
    ]);
  });

  test("does not send back a second time what is unbacked still", async () => {
    const stubborn = defineAgent({
      name: "stubborn",
      version: "1.0.0",
      description: "",
      skills: { revise: skill({ input: z.unknown(), output: z.unknown(), handler: (input) => input }) },
    });
    const running = deskHop({ agents: [stubborn] });
    const result = await review({ claims: [wrong], quotes, sendBack: { ...sendBack, agent: "stubborn" } }, running);
    expect(running.calls).toHaveLength(1);
    expect(result).toMatchObject({ unbacked: ["w"], sentBack: [{ id: "w" }], withdrawn: [] });
  });

  test("may be refused the return: then the verdicts stand, and the refusal is told", async () => {
    const running = deskHop({ refuse: () => REFUSED });
    expect(await review({ claims: [wrong], quotes, sendBack }, running)).toMatchObject({
      unbacked: ["w"],
      sentBack: [],
      refused: { code: "budget_exceeded", detail: REFUSED.message },
    });
  });
});

test("a revision takes the sentence as its quote has it, under the quote that has it, and withdraws what none has", () => {
  const quotes = [
    { n: 1, text: "Nothing of it." },
    { n: 2, text: "The **ledger**, unless it sleeps,\ndecides." },
  ];
  const claim = { text: "x", cites: [1], why: "" };
  const claims = [
    { ...claim, id: "a", sentence: "The **ledger**, unless it sleeps,\ndecides." },
    { ...claim, id: "b", sentence: "Gold." },
    { ...claim, id: "c" },
  ];
  expect(revise({ claims, quotes }).claims).toMatchObject([
    { id: "a", text: "The ledger, unless it sleeps, decides.", cites: [2] },
  ]);
});
