/** Text → its words, as they are compared: without marks, case and width. */

/** Scripts that put no space between words: every two neighbours are a word of theirs. */
const UNSPACED = "Han Hiragana Katakana Thai Lao Khmer Myanmar"
  .split(" ")
  .map((script) => `\\p{Script=${script}}`)
  .join("");

const IS_UNSPACED = new RegExp(`^[${UNSPACED}]`, "v");
const WORDS = new RegExp(`[${UNSPACED}]+|[[\\p{L}\\p{N}\\p{M}]--[${UNSPACED}]]+`, "gv");

export function words(text: string): string[] {
  return Array.from(text.normalize("NFKC").toLowerCase().matchAll(WORDS), ([word]) => word).flatMap((word) =>
    IS_UNSPACED.test(word) ? pairs(word) : word,
  );
}

function pairs(run: string): string[] {
  const characters = [...run];
  if (characters.length === 1) return characters;
  return characters.slice(1).map((character, index) => `${characters[index]}${character}`);
}

/** A word with fewer characters tells little: most are articles and pronouns, in any language. */
const TELLING_CHARS = 4;

/** How many different words of `search` that tell something a text has. */
export function sharedWords(search: string): (text: string) => number {
  const wanted = new Set(words(search).filter((word) => word.length >= TELLING_CHARS));
  return (text) => new Set(words(text).filter((word) => wanted.has(word))).size;
}
