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
