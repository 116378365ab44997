/** Quotes → the clauses that a shortened claim may leave out, and those that it may not. */
import { ASSUMED, detectLanguage } from "../language/detect.ts";
import type { Language } from "../language/languages.ts";
import { plainText } from "../language/plain.ts";
import { words } from "../language/words.ts";
import { sentencesOf } from "../summarizer/sentences.ts";

export interface Clause {
  readonly words: readonly string[];
  /** Whether a claim without it would say something else. */
  readonly matters: boolean;
}

/** A sentence's clauses; the first one without the word that only ties it to the sentence before. */
export interface ClausedSentence {
  readonly clauses: readonly Clause[];
  readonly untied: readonly string[] | undefined;
}

/** What stands between clauses. A comma within a number is none of it. */
const EDGE = /(?<!\d),|,(?!\d)|[;()[\]"“”„«»—–]|--+|\s-\s/g;

const list = (text: string): ReadonlySet<string> => new Set(text.split(" "));

/** Negations, conditions, exceptions, doubts, and words of who says so: without them a sentence says something else. */
const QUALIFIERS: Partial<Readonly<Record<Language, ReadonlySet<string>>>> = {
  en: list(
    "not no never nor neither none nothing nobody cannot t without hardly scarcely barely rarely seldom " +
      "if unless except save until till when whenever where provided only whether lest though although but however " +
      "may might could perhaps possibly probably supposedly allegedly " +
      "say says said claim claims claimed argue argues argued believe believes believed think thinks thought deny " +
      "denies denied suppose supposed according alleged pretended seems seemed appears appeared false falsely wrongly",
  ),
  de: list(
    "nicht kein keine keinen keinem keiner nie niemals weder noch nichts niemand ohne kaum selten wenn falls sofern " +
      "außer bis nur ob obwohl aber jedoch doch sondern vielleicht möglicherweise wohl angeblich sagt sagte sagen " +
      "behauptet behauptete glaubt glaubte meint meinte laut scheint schien könnte dürfte würde",
  ),
  fr: list(
    "ne n pas jamais rien personne aucun aucune ni sans guère si sauf excepté jusque seulement quand lorsque mais " +
      "cependant pourtant bien peut pourrait semble semblait selon dit disait affirme prétend croit pense",
  ),
  es: list(
    "no nunca jamás nada nadie ningún ninguna ni sin apenas si salvo excepto hasta solo sólo cuando aunque pero sino " +
      "quizá quizás puede podría parece parecía según dice dijo afirma cree piensa",
  ),
};

/** At a sentence's start they only tie it to the one before. */
const TIES = list("but and however therefore thus hence moreover furthermore consequently accordingly so");

export function clausesOf(quote: string): readonly ClausedSentence[] {
  const language = detectLanguage(quote) ?? ASSUMED;
  const qualifiers = QUALIFIERS[language];
  return sentencesOf([{ text: quote }]).map(({ text }) => {
    const clauses = plainText(text)
      .split(EDGE)
      .map(words)
      .filter((clause) => clause.length > 0)
      // Where nobody knows a language's words of doubt, every clause matters.
      .map((clause) => ({
        words: clause,
        matters: qualifiers === undefined || clause.some((word) => qualifiers.has(word)),
      }));
    const [first = "", ...rest] = clauses[0]?.words ?? [];
    return { clauses, untied: TIES.has(first) ? rest : undefined };
  });
}
