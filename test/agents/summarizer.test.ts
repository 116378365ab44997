import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { choose } from "../../agents/summarizer/choose.ts";
import { SummarizerInput } from "../../agents/summarizer/schema.ts";
import { sentencesOf } from "../../agents/summarizer/sentences.ts";
import { summarize } from "../../agents/summarizer/summarize.ts";
import { similarity, termVectors, textRank } from "../../agents/summarizer/text-rank.ts";

const sentences = (text: string): string[] => sentencesOf([{ text }]).map((sentence) => sentence.text);
const summary = (texts: readonly string[], more: object = {}) =>
  summarize(SummarizerInput.parse({ passages: texts.map((text) => ({ text })), ...more }));

describe("sentences", () => {
  test("end where people end them, not at abbreviations and numbers", () => {
    expect(sentences("Dr. Smith paid 3.5 million. He left (on Monday. Really). It was\nlate!")).toEqual([
      "Dr. Smith paid 3.5 million.",
      "He left (on Monday. Really).",
      "It was\nlate!",
    ]);
    expect(sentences("猫が好きです。犬も好き。")).toEqual(["猫が好きです。", "犬も好き。"]);
  });

  test("end behind emphasis, at blank lines, and before items, headings and rows", () => {
    expect(sentences("**No loss.** A hop is settled.\n\nNext\n- one\n- two\n# Head\nText here.")).toEqual([
      "**No loss.**",
      "A hop is settled.",
      "Next",
      "- one",
      "- two",
      "# Head",
      "Text here.",
    ]);
  });

  test("are not made of code in fences", () => {
    expect(sentences("Before.\n\n```sh\nnpm start. Now.\n```\nAfter.")).toEqual(["Before.", "After."]);
  });

  test("are found in a long quotation, too", () => {
    const said = "He said so. ".repeat(40).trim();
    expect(sentences(`“${said}”`).length).toBe(40);
  });

  const PIECES = [
    "A b. ",
    "(",
    ")",
    '"',
    "“",
    "”",
    "\n",
    "\r\n",
    "\n\n",
    "- ",
    "# ",
    "|",
    "```\n",
    ".",
    "U.S. ",
    "。",
    "\ud800",
    "😀",
    "**",
    "1. ",
  ];
  test("stand where they say, in order, whatever the text", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...PIECES), { maxLength: 80 }), (pieces) => {
        const text = pieces.join("");
        let last = 0;
        for (const { start, end, text: sentence } of sentencesOf([{ text }])) {
          expect(text.slice(start, end)).toBe(sentence);
          expect(sentence.trim()).toBe(sentence);
          expect(start).toBeGreaterThanOrEqual(last);
          last = end;
        }
      }),
      { numRuns: 300 },
    );
  });

  test.each(["(", '"', ".", "「", "\n- ", "U.S. ", "(a. ", "```\n", "~~~", "**"])(
    "of a hostile text come at once: %j",
    (piece) => {
      const begun = performance.now();
      sentencesOf([{ text: piece.repeat(Math.ceil(4_000 / piece.length)) }]);
      expect(performance.now() - begun).toBeLessThan(2_000);
    },
  );
});

describe("TextRank", () => {
  const star = [
    ["a", "b", "c"],
    ["a", "x"],
    ["b", "y"],
    ["c", "z"],
  ];

  test("ranks what resembles the others first, and loses no rank", () => {
    const ranks = textRank(termVectors(star));
    expect(ranks.indexOf(Math.max(...ranks))).toBe(0);
    expect(ranks.reduce((sum, rank) => sum + rank, 0)).toBeCloseTo(1, 5);
  });

  test("ranks equals equally, and what stands alone not to nothing", () => {
    const ranks = textRank(termVectors([["a"], ["a"], ["b"]]));
    const [one = 0, two = 1, alone = 0] = ranks;
    expect(ranks.reduce((sum, rank) => sum + rank, 0)).toBeCloseTo(1, 5);
    expect(one).toBeCloseTo(two, 6);
    expect(alone).toBeGreaterThan(0);
    expect(textRank([])).toEqual([]);
  });

  test("follows a question where there is one, and is as without where it tells nothing", () => {
    const vectors = termVectors(star);
    const asked = textRank(vectors, [0, 0, 0, 1]);
    expect(asked.indexOf(Math.max(...asked))).toBe(3);
    expect(textRank(vectors, [0, 0, 0, 0])).toEqual(textRank(vectors));
  });

  test("its vectors have length 1, and a rare term weighs more", () => {
    const [first = new Map()] = termVectors([["a", "b"], ["a"], ["a"]]);
    expect(similarity(first, first)).toBeCloseTo(1, 10);
    expect(first.get("b")).toBeGreaterThan(first.get("a") ?? 1);
  });
});

test("of two good sentences the one that is more unlike what is chosen comes first", () => {
  const like = new Map([
    ["a", Math.SQRT1_2],
    ["b", Math.SQRT1_2],
  ]);
  const vectors = [
    new Map([["a", 1]]),
    new Map([
      ["a", 0.5],
      ["b", Math.sqrt(0.75)],
    ]),
    new Map([["c", 1]]),
    like,
  ];
  expect(choose(vectors, [1, 0.9, 0.7, 0.1], 2)).toEqual({ chosen: [0, 2], redundant: 1 });
  expect(choose(vectors, [1, 0.9, 0.5, 0.1], 2)).toEqual({ chosen: [0, 1], redundant: 1 });
});

describe("a summary", () => {
  const MESH = "The mesh admits every hop before it runs. It records the hop in a ledger.";
  const BREAD = "Bread needs flour and water. The dough rests for an hour.";

  test("is about what is asked", () => {
    expect(summary([MESH, BREAD], { focus: "What does bread need?", sentences: 1 }).sentences).toMatchObject([
      { text: "Bread needs flour and water.", passage: 1, start: 0, end: 28, score: 1 },
    ]);
  });

  test("says nothing twice, and counts what it left away", () => {
    const twice = "The mesh admits every hop before it runs!";
    const { sentences: chosen, redundant } = summary([MESH, twice, BREAD], {
      focus: "mesh hop runs admits",
      sentences: 3,
    });
    expect(chosen.filter(({ text }) => text.startsWith("The mesh admits"))).toHaveLength(1);
    expect(redundant).toBe(1);
  });

  test("has no more sentences than asked for, nor than there are", () => {
    expect(summary([MESH, BREAD], { sentences: 2 }).sentences).toHaveLength(2);
    expect(summary(["One only sentence stands here."], { sentences: 5 })).toMatchObject({
      considered: 1,
      sentences: { length: 1 },
    });
    expect(summary(["..."]).sentences).toEqual([]);
  });

  test("prefers sentences to scraps", () => {
    expect(
      summary(["Hops. The mesh bounds hops of every chain."], { focus: "hops", sentences: 1 }).sentences,
    ).toMatchObject([{ text: "The mesh bounds hops of every chain." }]);
  });
});
