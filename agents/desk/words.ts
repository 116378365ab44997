/** Text → the words that are compared: no marks, no case, no plural. */

/** Scripts that put no space between words: every two neighbours are a word of theirs. */
const UNSPACED = "Han Hiragana Katakana Thai Lao Khmer Myanmar"
  .split(" ")
  .map((script) => `\\p{Script=${script}}`)
  .join("");

const IS_UNSPACED = new RegExp(`^[${UNSPACED}]`, "v");
const WORDS = new RegExp(`[${UNSPACED}]+|[[\\p{L}\\p{N}\\p{M}]--[${UNSPACED}]]+`, "gv");

/** They are in every text, and say nothing about what a question is about. */
const STOP_WORDS = new Set(
  (
    "a about all also an and any are as at be because been but by can could d did do does for from get had has have " +
    "he her here his how i if in into is it its ll m may me might more most must my no not of on one or our re s " +
    "shall she should so some such t tell than that the their them then there these they this those to us ve was we " +
    "were what when where which who whom whose why will with would you your"
  ).split(" "),
);

export function words(text: string): string[] {
  return Array.from(text.normalize("NFKC").toLowerCase().matchAll(WORDS), ([word]) => word).flatMap((word) =>
    IS_UNSPACED.test(word) ? pairs(word) : singular(word),
  );
}

/** What a question asks for: its words without those that every text has, unless it has no others. */
export function wantedWords(question: string): ReadonlySet<string> {
  const all = words(question);
  const telling = all.filter((word) => !STOP_WORDS.has(word));
  return new Set(telling.length > 0 ? telling : all);
}

/** Harman's S stemmer, and `classes`: cycles and cycle are one word, as are policies and policy; status stays. */
function singular(word: string): string {
  if (word.length <= 3 || !word.endsWith("s")) return word;
  if (/[^ae]ies$/.test(word)) return `${word.slice(0, -3)}y`;
  if (/(?:ss|sh|x)es$/.test(word)) return word.slice(0, -2);
  if (/(?:[aeo]es|us|ss)$/.test(word)) return word;
  return word.slice(0, -1);
}

function pairs(run: string): string[] {
  const characters = [...run];
  if (characters.length === 1) return characters;
  return characters.slice(1).map((character, index) => `${characters[index]}${character}`);
}
