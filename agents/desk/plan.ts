/** A question → the sub-questions that are asked by themselves, by its words alone: the same question, the same plan. */
import { ASSUMED, detectLanguage } from "../language/detect.ts";
import type { Language } from "../language/languages.ts";
import { termsIn } from "../language/terms.ts";
import { words } from "../language/words.ts";

export interface SubQuestion {
  /** In the question's own words. */
  readonly question: string;
  /** What is looked for: its words, and those of the one before that it leans on. */
  readonly search: string;
}

/** Each costs a summary. */
const MAX_SUB_QUESTIONS = 4;

/** A part with fewer terms of its own leans on the part before. */
const FEWEST_TERMS = 2;

/** An `and` before one of these begins another question; before anything else it joins two words. */
const OPENERS: Partial<Readonly<Record<Language, RegExp>>> = {
  en: /[,;]?\s+(?:and|or|but)(?:\s+also)?\s+(?=(?:who|whom|whose|what|when|where|which|why|how|is|are|was|were|does|do|did|has|have|can|could|should|will|would|may|must)\b)/giu,
  de: /[,;]?\s+(?:und|oder|aber)\s+(?=(?:wer|wen|wem|wessen|was|wann|wo|wohin|woher|welche[rsmn]?|warum|wieso|weshalb|wie|ist|sind|war|waren|hat|haben|kann|darf|muss|soll|wird)\b)/giu,
  fr: /[,;]?\s+(?:et|ou|mais)\s+(?=(?:qui|que|quoi|quand|où|quel(?:le)?s?|pourquoi|comment|combien|est|sont|a|ont|peut|doit)\b)/giu,
  es: /[,;]?\s+(?:y|o|pero)\s+(?=¿?(?:quién(?:es)?|qué|cuándo|dónde|cuál(?:es)?|cómo|cuánto|por\s+qué|es|son|fue|puede|debe)\b)/giu,
};

/** They stand for something that was named before. */
const PRONOUNS: Partial<Readonly<Record<Language, ReadonlySet<string>>>> = {
  en: new Set("he she it they him her them his hers its their theirs this that these those there one ones".split(" ")),
  de: new Set(
    "er sie es ihn ihm ihr ihnen sein seine seinen seiner ihre ihren ihrer dies diese dieser dieses das".split(" "),
  ),
  fr: new Set("il elle ils elles le la les lui leur leurs son sa ses ce cela ceci ça en y".split(" ")),
  es: new Set("él ella ellos ellas lo la los las le les su sus esto eso este esta ese esa".split(" ")),
};

export function plan(question: string): readonly SubQuestion[] {
  const language = detectLanguage(question) ?? ASSUMED;
  const { telling } = termsIn(language);
  const parts = question
    .split(/(?<=[?？;؛])\s+|(?<=\p{L}{2}[.!])\s+(?=[\p{Lu}¿])|(?<=[？。])/u)
    .flatMap((part) => part.split(OPENERS[language] ?? /(?!)/u))
    .map((part) => part.replace(/^[\s,;]+|[\s,;]+$/g, ""))
    .filter((part) => words(part).length > 0);
  // More parts than are asked for stay together in the last one.
  const kept =
    parts.length > MAX_SUB_QUESTIONS
      ? [...parts.slice(0, MAX_SUB_QUESTIONS - 1), parts.slice(MAX_SUB_QUESTIONS - 1).join(" ")]
      : parts;
  if (kept.length < 2) return [{ question, search: question }];
  let before = "";
  return kept.map((part) => {
    const leans =
      telling(part).length < FEWEST_TERMS || words(part).some((word) => PRONOUNS[language]?.has(word) === true);
    const search = leans && before !== "" ? `${part} ${before}` : part;
    // What a part that leans is about is what the part before was about.
    before = leans && before !== "" ? before : part;
    return { question: asQuestion(part, question), search };
  });
}

/** It begins like a sentence, and ends like the question that it is a part of. */
function asQuestion(part: string, whole: string): string {
  const begun = part.replace(/^\p{Ll}/u, (letter) => letter.toUpperCase());
  return /[?？]\s*$/.test(whole) && !/[?？.!]$/.test(begun) ? `${begun}?` : begun;
}
