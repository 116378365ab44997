import { describe, expect, test } from "vitest";
import * as z from "zod";
import { defineAgent, skill } from "../../../agents/define.ts";
import { desk } from "../../../agents/desk/index.ts";
import { DeskInput, DeskOutput } from "../../../agents/desk/schema.ts";
import { type DeskHop, deskHop, REFUSED } from "../../support/desk-hop.ts";

async function ask(input: unknown, { hop }: DeskHop = deskHop()): Promise<DeskOutput> {
  return DeskOutput.parse(await desk.skills.ask?.handler(DeskInput.parse(input), hop));
}

const NOTES =
  "# Notes\n\nThe mesh admits, records and bounds every hop.\n\n# Other\n\nBread needs flour, water and salt.\n";
const PLAIN = "A purse is a limit with what is spent and held of it.";

describe("a report", () => {
  test("claims what a quote says, which has its place in the source", async () => {
    const { quotes, answer, sections, check } = await ask({
      question: "What does bread need?",
      sources: [
        { source: "notes.md", text: NOTES },
        { source: "plain", text: PLAIN },
      ],
    });
    const place = { start: 66, end: 100, line: 7, heading: "Other" };
    expect(quotes).toEqual([
      { n: 1, source: "notes.md", text: "Bread needs flour, water and salt.", ...place, score: expect.any(Number) },
    ]);
    expect(NOTES.slice(66, 100)).toBe(quotes[0]?.text);
    expect(answer).toBe("Bread needs flour, water and salt. [1]");
    expect(sections[0]?.claims).toEqual([
      { text: "Bread needs flour, water and salt.", cites: [1], backing: "verbatim" },
    ]);
    expect(check).toEqual({ claims: 1, sentBack: 0, unbacked: 0 });
  });

  test("goes through every agent of the desk, each once for one question", async () => {
    const running = deskHop();
    await ask({ question: "What does bread need?", sources: [{ source: "n.md", text: NOTES }] }, running);
    expect(running.calls.map(({ path, skill }) => [path.join(" → "), skill])).toEqual([
      ["desk → reader", "read"],
      ["desk → ranker", "rank"],
      ["desk → summarizer", "summarize"],
      ["desk → critic", "check"],
      ["desk → clerk", "render"],
    ]);
  });

  test("answers each sub-question in a section of its own, from quotes that they share", async () => {
    const { sections, quotes } = await ask({
      question: "What does bread need, and what does the mesh do with a hop?",
      sources: [{ source: "notes.md", text: NOTES }],
    });
    expect(sections.map(({ question, claims }) => [question, claims.map(({ text }) => text)])).toEqual([
      ["What does bread need?", ["Bread needs flour, water and salt."]],
      ["What does the mesh do with a hop?", ["The mesh admits, records and bounds every hop."]],
    ]);
    expect(quotes.map(({ n }) => n)).toEqual([1, 2]);
  });

  test("has no more quotes than asked for, best first", async () => {
    const text = Array.from({ length: 30 }, (_, n) => `${"hop ".repeat(n + 1)}${"filler ".repeat(60)}`).join("\n\n");
    const { quotes } = await ask({ question: "hop", sources: [{ source: "x", text }], quotes: 7 });
    expect(quotes.map(({ n }) => n)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(quotes[0]?.text.startsWith("hop hop")).toBe(true);
    const scores = quotes.map(({ score }) => score ?? 0);
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
  });

  test("says so when no passage has a word of the question", async () => {
    const { quotes, answer, report } = await ask({ question: "zebra", sources: [{ source: "x", text: PLAIN }] });
    expect(quotes).toEqual([]);
    expect(answer).toContain("None of the 1 passages");
    expect(report?.markdown).toContain("Nothing was found");
  });

  test("of an empty source finds nothing, and asks nobody to rank it", async () => {
    const running = deskHop();
    const { read } = await ask({ question: "zebra", sources: [{ source: "x", text: "" }] }, running);
    expect(read).toEqual({ sources: 1, passages: 0, truncated: [] });
    expect(running.calls.map(({ agent }) => agent)).toEqual(["reader", "clerk"]);
  });

  test("quotes no bare heading, however well it fits", async () => {
    const text = "# Whales\n\n## Whales and whales\n\nThe blue whale is the largest of all animals.";
    const { quotes } = await ask({ question: "whales", sources: [{ source: "w.md", text }] });
    expect(quotes.map((quote) => quote.text)).toEqual(["The blue whale is the largest of all animals."]);
  });

  test("says of which sources only the beginning was read", async () => {
    const long = "A paragraph about hops that is long enough to stand by itself. "
      .repeat(6)
      .concat("\n\n")
      .repeat(1_001);
    const sources = [
      { source: "long", text: long },
      { source: "x", text: PLAIN },
    ];
    const { read, report } = await ask({ question: "hops", sources });
    expect(read).toEqual({ sources: 2, passages: 1_001, truncated: ["long"] });
    expect(report?.markdown).toContain("Of long only the beginning was read");
  });

  test("of many long sources takes no more than one call of the ranker can carry, of each the same share", async () => {
    const text = `${"A paragraph about hops that is long enough to stand by itself. ".repeat(12)}\n\n`.repeat(600);
    const sources = Array.from({ length: 10 }, (_, n) => ({ source: `s${n}`, text }));
    const running = deskHop();
    const { read } = await ask({ question: "hops", sources }, running);
    expect(read).toMatchObject({ sources: 10, truncated: { length: 10 } });
    const ranked = running.calls.find(({ agent }) => agent === "ranker");
    expect(JSON.stringify(ranked?.input).length).toBeLessThan(4 * 2 ** 20);
    expect(read.passages).toBeGreaterThan(3_500);
  });

  test("is the same for the same question", async () => {
    const input = { question: "hop", sources: [{ source: "notes.md", text: NOTES }] };
    expect(await ask(input)).toEqual(await ask(input));
  });
});

describe("a draft that the critic sends back", () => {
  // The aside that shortening takes away denies the rest.
  const sources = [{ source: "x", text: "The ledger (unless it is asleep) decides on every single hop of a chain." }];

  test("is put right by the desk, once, within the critic's hop", async () => {
    const running = deskHop();
    const { sections, check } = await ask({ question: "What decides on a hop?", sources }, running);
    expect(check).toEqual({ claims: 1, sentBack: 1, unbacked: 0 });
    expect(sections[0]?.claims).toEqual([{ text: sources[0]?.text, cites: [1], backing: "verbatim" }]);
    const returns = running.calls.filter(({ agent }) => agent === "desk");
    expect(returns.map(({ path, skill }) => [path.join(" → "), skill])).toEqual([["desk → critic → desk", "revise"]]);
  });

  test("and cannot be, loses the claim, and the report says so", async () => {
    const running = deskHop({ refuse: ({ agent }) => (agent === "desk" ? REFUSED : undefined) });
    const { sections, check, leftOut } = await ask({ question: "What decides on a hop?", sources }, running);
    expect(sections[0]?.claims).toEqual([]);
    expect(check).toEqual({ claims: 1, sentBack: 0, unbacked: 1 });
    expect(leftOut).toEqual([{ what: "step", name: "desk/revise", code: "budget_exceeded", detail: REFUSED.message }]);
  });
});

describe("a refusal", () => {
  const sources = ["a", "b", "c"].map((source) => ({ source, text: `Source ${source} tells of hops.` }));

  test("leaves out its source alone, with code and sentence", async () => {
    const running = deskHop({
      refuse: ({ agent, input }) =>
        agent === "reader" && (input as { source: string }).source === "b" ? REFUSED : undefined,
    });
    const output = await ask({ question: "hops", sources }, running);
    expect(output.leftOut).toEqual([{ what: "source", name: "b", code: "budget_exceeded", detail: REFUSED.message }]);
    expect(output.quotes.map(({ source }) => source).toSorted()).toEqual(["a", "c"]);
    expect(output.report?.markdown).toContain("Left out: b");
  });

  test("of every source fails the answer, and names the reasons", async () => {
    const running = deskHop({ refuse: () => REFUSED });
    await expect(ask({ question: "hops", sources }, running)).rejects.toMatchObject({
      code: "upstream_error",
      message: expect.stringMatching(/None of the 3 sources could be read. a and 2 more: budget_exceeded, The call/),
    });
  });

  test.each(["ranker", "summarizer", "critic", "clerk"])("of the %s is worked around, and told", async (name) => {
    const running = deskHop({ refuse: ({ agent }) => (agent === name ? REFUSED : undefined) });
    const output = await ask({ question: "What tells of hops?", sources }, running);
    expect(output.leftOut).toEqual([{ what: "step", name, code: "budget_exceeded", detail: REFUSED.message }]);
    expect(output.answer).toContain("tells of hops");
    expect(output.quotes).toHaveLength(3);
    expect(output.report === null).toBe(name === "clerk");
    expect(output.check === null).toBe(name === "critic");
    const backing = new Set(output.sections.flatMap(({ claims }) => claims.map((claim) => claim.backing)));
    expect([...backing]).toEqual([name === "critic" ? "unchecked" : "verbatim"]);
  });

  test("of the critic leaves the sentences as their sources have them: nobody has checked a shorter one", async () => {
    const running = deskHop({ refuse: ({ agent }) => (agent === "critic" ? REFUSED : undefined) });
    const text = "However, the ledger (a Durable Object) decides on every hop.";
    const { sections } = await ask({ question: "Who decides on a hop?", sources: [{ source: "x", text }] }, running);
    expect(sections[0]?.claims[0]?.text).toBe(text);
  });

  test("is worked around, a defect is not", async () => {
    const running = deskHop({ refuse: ({ agent }) => (agent === "ranker" ? new TypeError("defect") : undefined) });
    await expect(ask({ question: "hops", sources }, running)).rejects.toThrow("defect");
  });

  test("is what an answer that is none of an agent's comes to", async () => {
    const odd = { input: z.unknown(), output: z.unknown(), handler: () => ({ nothing: true }) };
    const agents = ["ranker", "critic"].map((name) =>
      defineAgent({ name, version: "1.0.0", description: "", skills: { odd: skill(odd) } }),
    );
    const output = await ask({ question: "hops", sources }, deskHop({ agents }));
    expect(output.leftOut).toMatchObject([
      { name: "ranker", code: "upstream_error" },
      { name: "critic", code: "upstream_error" },
    ]);
    expect(output.quotes).toHaveLength(3);
  });
});

describe("few hops", () => {
  const sources = Array.from({ length: 9 }, (_, n) => ({ source: `s${n}.md`, text: `Number ${n} of the hops.` }));

  test("are kept for ranking, summary and check; sources that fit the question by name come first", async () => {
    const running = deskHop({ remaining: { hops: 5 } });
    const { leftOut, read } = await ask(
      { question: "hops of whales", sources: [...sources, { source: "whale.md", text: "No whale has hops." }] },
      running,
    );
    const asked = running.calls.filter(({ agent }) => agent === "reader");
    expect(asked.map(({ input }) => (input as { source: string }).source).toSorted()).toEqual(["s0.md", "whale.md"]);
    expect(read.sources).toBe(2);
    expect(leftOut).toHaveLength(8);
    expect(leftOut[0]).toMatchObject({
      what: "source",
      code: "budget_exceeded",
      detail: expect.stringContaining("2 of 10 sources were asked for"),
    });
  });

  test("are never too few for one source", async () => {
    const running = deskHop({ remaining: { hops: 1 } });
    expect((await ask({ question: "hops", sources }, running)).read.sources).toBe(1);
  });
});

describe("the fan-out", () => {
  const sources = Array.from({ length: 20 }, (_, n) => ({ source: `s${n}`, text: `Number ${n} of the hops.` }));

  test("reads all sources at once", async () => {
    const running = deskHop();
    await ask({ question: "hops", sources }, running);
    expect(running.most()).toBe(20);
  });

  test("asks for no more at once than the hop may have open, and still reads all", async () => {
    const running = deskHop({ remaining: { concurrency: 3 } });
    expect((await ask({ question: "hops", sources }, running)).read.sources).toBe(20);
    expect(running.most()).toBe(3);
  });

  test("stops asking once the hop is aborted", async () => {
    const running = deskHop({ signal: AbortSignal.abort(new Error("cancelled")) });
    await expect(ask({ question: "hops", sources }, running)).rejects.toThrow("cancelled");
    expect(running.calls).toEqual([]);
  });
});

describe("a reader of one's own", () => {
  const passages = [{ text: "Hops from elsewhere.", start: 0, end: 20, line: 1 }];
  const mine = defineAgent({
    name: "mine",
    version: "1.0.0",
    description: "",
    skills: {
      read: skill({
        input: z.unknown(),
        output: z.unknown(),
        handler: () => ({ source: "a db", type: "text", passages, truncated: false }),
      }),
    },
  });

  test("is called in the place of the reader, within an allowance and the desk's patience", async () => {
    const running = deskHop({ agents: [mine] });
    const allowances: unknown[] = [];
    const hop: DeskHop["hop"] = {
      ...running.hop,
      call: (agent, input, options) => {
        if (options?.allowance) allowances.push([agent, options.allowance]);
        return running.hop.call(agent, input, options);
      },
    };
    const sources = [
      { source: "a db", url: "https://db.example/", reader: "mine" },
      { source: "x", text: PLAIN },
    ];
    const { quotes } = await ask({ question: "hops", sources, patienceMs: 500 }, { ...running, hop });
    expect(allowances).toEqual([["mine", { hops: 10, concurrency: 4, wallMs: 500 }]]);
    expect(quotes).toMatchObject([{ source: "a db", text: "Hops from elsewhere." }]);
    const { input } = running.calls.find(({ agent }) => agent === "mine") ?? {};
    expect(input).toEqual({ source: "a db", url: "https://db.example/", limit: 1_000 });
  });

  test("whose passages are too long to be checked loses these, and is named", async () => {
    const long = { text: `Hops. ${"x ".repeat(2_500)}`, start: 0, end: 5_006, line: 1 };
    const handler = () => ({ source: "a db", type: "text", passages: [long, ...passages], truncated: false });
    const wordy = { ...mine, skills: { read: { ...mine.skills.read, handler } as never } };
    const sources = [{ source: "a db", text: "", reader: "mine" }];
    const { quotes, read } = await ask({ question: "hops", sources }, deskHop({ agents: [wordy] }));
    expect(quotes.map(({ text }) => text)).toEqual(["Hops from elsewhere."]);
    expect(read.truncated).toEqual(["a db"]);
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
    { question: "q", sources: [{ ...source, reader: "No Name" }] },
    { question: "q", sources: [source], patienceMs: 1 },
  ])("%# is refused", (input) => {
    expect(DeskInput.safeParse(input).success).toBe(false);
  });
});
