import { describe, expect, test } from "vitest";
import { detectLanguage } from "../../agents/language/detect.ts";
import { LANGUAGES, Language } from "../../agents/language/languages.ts";
import { termsIn } from "../../agents/language/terms.ts";
import { words } from "../../agents/language/words.ts";
import { type Rankable, rank } from "../../agents/ranker/rank.ts";

const order = async (query: string, passages: readonly Rankable[], limit = 10): Promise<number[]> => {
  const { rankings } = await rank([query], passages, { limit });
  return rankings[0]?.hits.map(({ index }) => index) ?? [];
};
const texts = (...all: string[]): Rankable[] => all.map((text) => ({ text }));

describe("words", () => {
  test("are compared without case, marks and width", () => {
    expect(words("The agents' Ｃlasses: ﬁne!")).toEqual(["the", "agents", "classes", "fine"]);
  });

  test("of scripts without spaces are pairs of neighbours", () => {
    expect(words("GPT模型很好 猫")).toEqual(["gpt", "模型", "型很", "很好", "猫"]);
  });
});

describe("terms", () => {
  test("are stems: inflections of a word are one term", () => {
    const { all } = termsIn("en");
    expect(all("policies cycles refused loops")).toEqual(all("policy cycle refusing looping"));
    expect(termsIn("de").all("Rechnungen")).toEqual(termsIn("de").all("Rechnung"));
  });

  test("of a question leave out what every text has, unless nothing is left", () => {
    expect(termsIn("en").telling("What isn't in the budget of a hop?")).toEqual(["budget", "hop"]);
    expect(termsIn("en").telling("Who am I?")).toEqual(["who", "am", "i"]);
  });

  test("of a prototype's words are words", () => {
    expect(termsIn("en").all("constructor __proto__ toString")).toHaveLength(3);
  });

  test.each(Language.options)("are known in %s", (language) => {
    expect(LANGUAGES[language].stopWords.length).toBeGreaterThan(50);
    const [stop = ""] = LANGUAGES[language].stopWords;
    expect(termsIn(language).telling(`${stop} xyzzy`)).toEqual([LANGUAGES[language].stem("xyzzy")]);
  });
});

describe("the language of a text", () => {
  test.each([
    ["en", "When in the course of human events it becomes necessary for one people."],
    ["de", "Wer bezahlt eigentlich die Rechnung für all diese Aufrufe?"],
    ["fr", "Où est passé le chat qui dormait hier sur le fauteuil ?"],
    ["es", "¿Quién paga la cuenta de todas estas llamadas inútiles?"],
    ["no", "Det er en norsk setning om en katt som sover i huset."],
  ])("is %s", (language, text) => expect(detectLanguage(text)).toBe(language));

  test("is not guessed of a word or of a language without stems", () => {
    expect(detectLanguage("hop")).toBeUndefined();
    expect(detectLanguage("模型很好猫".repeat(20))).toBeUndefined();
  });
});

describe("ranking", () => {
  test("a rare word outweighs a common one, and a short passage a long one", async () => {
    const passages = texts("common rare", "common", "common", "common and much more besides that is not asked for");
    expect(await order("common rare", passages)).toEqual([0, 1, 2, 3].filter((index) => index !== 2));
  });

  test("a word of the heading counts for more than one of the text", async () => {
    const passages = [{ text: "Whales swim far away." }, { text: "They swim far away.", heading: "Whales" }];
    expect(await order("whales", passages)).toEqual([1, 0]);
  });

  test("a passage without a word of the query is none, and of equal texts the first counts", async () => {
    expect(await order("hop", texts("other", "a hop", "a hop", "hops"))).toEqual([3, 1]);
  });

  test("finds inflected words, each source by its own language", async () => {
    const passages = [
      { text: "Die Rechnungen wurden gestern von allen Kunden bezahlt.", source: "de" },
      { text: "The invoices were paid by all of the customers yesterday.", source: "en" },
      { text: "Nothing of that kind stands in this third passage here.", source: "en" },
    ];
    const { rankings, languages } = await rank(["Rechnung", "invoice"], passages, { limit: 5 });
    expect(rankings.map(({ hits }) => hits.map(({ index }) => index))).toEqual([[0], [1]]);
    expect(languages).toEqual(["de", "en"]);
  });

  test("ranks for each query by itself, and gives no more than asked for", async () => {
    const passages = texts("alpha", "beta", "alpha beta", "alpha gamma delta");
    const { rankings } = await rank(["alpha", "beta"], passages, { limit: 2 });
    expect(rankings.map(({ query, hits }) => [query, hits.length])).toEqual([
      ["alpha", 2],
      ["beta", 2],
    ]);
    expect(rankings[1]?.hits[0]?.index).toBe(1);
  });

  test("lets others run, and ends when they say so", async () => {
    const many = texts(...Array.from({ length: 500 }, (_, n) => `hop ${n}`));
    let pauses = 0;
    const pause = () => {
      pauses += 1;
    };
    await rank(["hop"], many, { limit: 1, pause });
    expect(pauses).toBe(10);
    const stop = () => Promise.reject(new Error("cancelled"));
    await expect(rank(["hop"], many, { limit: 1, pause: stop })).rejects.toThrow("cancelled");
  });
});
