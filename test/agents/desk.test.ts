import { describe, expect, test } from "vitest";
import { type Hop, HopRejected } from "../../agents/define.ts";
import { excerpt } from "../../agents/desk/answer.ts";
import { desk } from "../../agents/desk/index.ts";
import { rank } from "../../agents/desk/rank.ts";
import { DeskInput, DeskOutput } from "../../agents/desk/schema.ts";
import { wantedWords, words } from "../../agents/desk/words.ts";
import { shippedAgents } from "../../agents/index.ts";
import { ReaderInput } from "../../agents/reader/schema.ts";

const AGENTS = shippedAgents(() => Promise.reject(new Error("no network")));

/** A hop whose calls reach the real reader, but for the sources that `refuse` has a word on. */
function fakeHop(refuse: (source: string) => Error | undefined = () => undefined, concurrency = 64) {
  const calls = { open: 0, most: 0, agents: new Set<string>() };
  const hop = {
    signal: new AbortController().signal,
    remaining: () => Promise.resolve({ concurrency }),
    call: async (agent: string, input: unknown) => {
      calls.agents.add(agent);
      calls.open += 1;
      calls.most = Math.max(calls.most, calls.open);
      try {
        const parsed = ReaderInput.parse(input);
        await new Promise((resume) => setTimeout(resume, 1));
        const refusal = refuse(parsed.source);
        if (refusal) throw refusal;
        return await AGENTS.find(({ name }) => name === agent)?.skills.read?.handler(parsed, hop);
      } finally {
        calls.open -= 1;
      }
    },
  } as Hop;
  return { hop, calls };
}

async function ask(input: unknown, hop: Hop = fakeHop().hop): Promise<DeskOutput> {
  return DeskOutput.parse(await desk.skills.ask?.handler(DeskInput.parse(input), hop));
}

const NOTES =
  "# Notes\n\nThe mesh admits, records and bounds every hop.\n\n# Other\n\nBread needs flour, water and salt.\n";
const PLAIN = "A purse is a limit with what is spent and held of it.";

describe("an answer", () => {
  test("quotes the passage that fits the question, verbatim and with its place", async () => {
    const { quotes, answer } = await ask({
      question: "What does bread need?",
      sources: [
        { source: "notes.md", text: NOTES },
        { source: "plain", text: PLAIN },
      ],
    });
    expect(quotes).toEqual([
      {
        n: 1,
        source: "notes.md",
        text: "Bread needs flour, water and salt.",
        start: 66,
        end: 100,
        line: 7,
        heading: "Other",
        score: expect.any(Number),
      },
    ]);
    expect(NOTES.slice(66, 100)).toBe(quotes[0]?.text);
    expect(answer).toBe("“Bread needs flour, water and salt.” [1]");
  });

  test("finds a passage by its heading", async () => {
    const { quotes } = await ask({ question: "other", sources: [{ source: "notes.md", text: NOTES }] });
    expect(quotes).toMatchObject([{ heading: "Other" }]);
  });

  test("has no more quotes than asked for, best first, numbered in order", async () => {
    const text = Array.from({ length: 30 }, (_, n) => `${"hop ".repeat(n + 1)}${"filler ".repeat(60)}`).join("\n\n");
    const { quotes } = await ask({ question: "hop", sources: [{ source: "x", text }], quotes: 7 });
    expect(quotes.map(({ n }) => n)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(quotes.map(({ score }) => score)).toEqual(quotes.map(({ score }) => score).toSorted((a, b) => b - a));
    expect(quotes[0]?.text.startsWith("hop hop")).toBe(true);
  });

  test("says so when no passage has a word of the question", async () => {
    const { quotes, answer } = await ask({ question: "zebra", sources: [{ source: "x", text: PLAIN }] });
    expect(quotes).toEqual([]);
    expect(answer).toContain("None of the 1 passages");
  });

  test("says of which sources only the beginning was read", async () => {
    const long = "A paragraph about hops that is long enough to stand by itself. "
      .repeat(6)
      .concat("\n\n")
      .repeat(1_001);
    const { read } = await ask({
      question: "hops",
      sources: [
        { source: "long", text: long },
        { source: "x", text: PLAIN },
      ],
    });
    expect(read).toEqual({ sources: 2, passages: 1_001, truncated: ["long"] });
  });

  test("is shared evenly: many long sources are each read in part", async () => {
    const text = "A paragraph about hops that is long enough to stand by itself. ".repeat(6).concat("\n\n").repeat(600);
    const sources = Array.from({ length: 10 }, (_, n) => ({ source: `s${n}`, text }));
    const { read } = await ask({ question: "hops", sources });
    expect(read).toMatchObject({ sources: 10, passages: 5_000, truncated: { length: 10 } });
  });
});

describe("a refusal", () => {
  const sources = ["a", "b", "c"].map((source) => ({ source, text: `Source ${source} tells of hops.` }));
  const refusal = new HopRejected({
    code: "budget_exceeded",
    dimension: "hops",
    limit: 2,
    actual: 3,
    available: 0,
    purse: "chain",
  });

  test("leaves out its source alone, with code and sentence", async () => {
    const { hop } = fakeHop((source) => (source === "b" ? refusal : undefined));
    const output = await ask({ question: "hops", sources }, hop);
    expect(output.leftOut).toEqual([{ source: "b", code: "budget_exceeded", detail: refusal.message }]);
    expect(output.quotes.map(({ source }) => source)).toEqual(["a", "c"]);
    expect(output.read.sources).toBe(2);
  });

  test("of every source fails the answer, and names the reasons", async () => {
    const { hop } = fakeHop(() => refusal);
    await expect(ask({ question: "hops", sources }, hop)).rejects.toMatchObject({
      code: "upstream_error",
      message: expect.stringMatching(/None of the 3 sources could be read. a: budget_exceeded, .*b: budget_exceeded/),
    });
  });

  test("is worked around, a defect is not", async () => {
    const { hop } = fakeHop((source) => (source === "b" ? new TypeError("defect") : undefined));
    await expect(ask({ question: "hops", sources }, hop)).rejects.toThrow("defect");
  });

  test("is what an answer that is none of a reader's comes to", async () => {
    const { hop } = fakeHop();
    const strange = { ...hop, call: () => Promise.resolve({ nothing: true }) };
    await expect(ask({ question: "hops", sources }, strange)).rejects.toMatchObject({ code: "upstream_error" });
  });
});

describe("the fan-out", () => {
  const sources = Array.from({ length: 20 }, (_, n) => ({ source: `s${n}`, text: `Number ${n} of the hops.` }));

  test("reads all sources at once, through the reader alone", async () => {
    const { hop, calls } = fakeHop();
    await ask({ question: "hops", sources }, hop);
    expect(calls).toMatchObject({ most: 20, agents: new Set(["reader"]) });
  });

  test("asks for no more at once than the hop may have open, and still reads all", async () => {
    const { hop, calls } = fakeHop(undefined, 3);
    expect((await ask({ question: "hops", sources }, hop)).read.sources).toBe(20);
    expect(calls.most).toBe(3);
  });

  test("stops asking once the hop is aborted", async () => {
    const { hop, calls } = fakeHop(undefined, 1);
    const aborted = { ...hop, signal: AbortSignal.abort(new Error("cancelled")) };
    await expect(ask({ question: "hops", sources }, aborted)).rejects.toThrow("cancelled");
    expect(calls.agents.size).toBe(0);
  });
});

describe("the input", () => {
  const source = { source: "x", text: "y" };
  test.each([
    { question: " ", sources: [source] },
    { question: "q", sources: [] },
    { question: "q", sources: Array(51).fill(source) },
    { question: "q", sources: [source], quotes: 0 },
    { question: "q", sources: [source], quotes: 21 },
    { question: "q", sources: [{ source: "x" }] },
  ])("%# is refused", (input) => {
    expect(DeskInput.safeParse(input).success).toBe(false);
  });
});

describe("words", () => {
  test("are compared without case, marks, plural and width", () => {
    expect(words("Policies, CYCLES & the agents' Ｃlasses: status, ﬁne!")).toEqual(
      words("policy cycle the agent class status fine"),
    );
  });

  test("of scripts without spaces are pairs of neighbours", () => {
    expect(words("GPT模型很好 猫")).toEqual(["gpt", "模型", "型很", "很好", "猫"]);
  });

  test("of a question leave out what every text has, unless nothing is left", () => {
    expect([...wantedWords("What is the budget of a hop?")]).toEqual(["budget", "hop"]);
    expect([...wantedWords("Who are you?")]).toEqual(["who", "are", "you"]);
  });
});

describe("ranking", () => {
  test("a rare word outweighs a common one, and a short passage a long one", async () => {
    const passages = ["common rare", "common", "common", "common and much more besides that is not asked for"];
    const ranked = await rank(
      "common rare",
      passages.map((text) => ({ text })),
      10,
    );
    expect(ranked.map(({ index }) => index)).toEqual([0, 1, 3]);
  });

  test("the same text twice is one quote, and words of a prototype are words", async () => {
    const passages = ["constructor __proto__ toString", "constructor __proto__ toString", "other"];
    expect(
      await rank(
        "__proto__ constructor",
        passages.map((text) => ({ text })),
        10,
      ),
    ).toMatchObject([{ index: 0 }]);
  });
});

describe("an excerpt", () => {
  test("begins with the sentence that has most of the wanted words, and shows what it leaves away", () => {
    const text = `${"Filler sentence here. ".repeat(20)}The ledger decides each hop. ${"More filler there. ".repeat(20)}`;
    const shown = excerpt(text, wantedWords("ledger hop"));
    expect(shown).toMatch(/^…The ledger decides each hop\. More filler.*\.…$/);
    expect(shown.length).toBeLessThan(330);
  });

  test("begins with the first of equal sentences, without the marks that close what was before", () => {
    const text = `**Filler.** A hop is first. ${"Filler sentence here. ".repeat(20)}A hop is second.`;
    expect(excerpt(text, wantedWords("hop"))).toMatch(/^…A hop is first\. Filler/);
  });

  test("of code has no fences", () => {
    expect(excerpt("```ts\nconst a = 1;\n```", new Set())).toBe("const a = 1;");
  });

  test("of one endless sentence is cut", () => {
    expect(excerpt("😀".repeat(400), new Set()).isWellFormed()).toBe(true);
    expect(excerpt(`x${"😀".repeat(400)}`, new Set()).isWellFormed()).toBe(true);
    expect(excerpt("word ".repeat(200), wantedWords("word")).length).toBeLessThan(330);
  });
});
