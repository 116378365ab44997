/** Words → the terms that are compared: their stems, in a language. */
import { LANGUAGES, type Language } from "./languages.ts";
import { words } from "./words.ts";

export interface Terms {
  /** Of every word, in its order. */
  all(text: string): string[];
  /** Without the words that are in every text; all of them where there are no others. */
  telling(text: string): string[];
}

/** Made when a language is first met: most isolates meet one. The tables never change, so isolates may share them. */
const known = new Map<Language, Terms>();

export function termsIn(language: Language): Terms {
  const terms = known.get(language) ?? make(language);
  known.set(language, terms);
  return terms;
}

/** Kept for each language: stemming a word costs microseconds, and texts repeat their words. */
const STEMS = 5_000;

function make(language: Language): Terms {
  const { stem, stopWords } = LANGUAGES[language];
  // A list has "isn't"; a text, once it is cut into words, "isn" and "t".
  const stops = new Set(stopWords.flatMap(words));
  const stems = new Map<string, string>();
  const stemOf = (word: string): string => {
    const kept = stems.get(word);
    if (kept !== undefined) return kept;
    const made = stem(word);
    if (stems.size < STEMS) stems.set(word, made);
    return made;
  };
  return {
    all: (text) => words(text).map(stemOf),
    telling(text) {
      const all = words(text);
      const telling = all.filter((word) => !stops.has(word));
      return (telling.length > 0 ? telling : all).map(stemOf);
    },
  };
}
