/**
 * The languages whose stems and stop words are known: those that `tinyld/light` tells apart and `@orama` has both for.
 * Together 33 kB of the compressed Worker, and 33 kB more to tell which one a text is in.
 */
import { stemmer as arabic } from "@orama/stemmers/arabic";
import { stemmer as dutch } from "@orama/stemmers/dutch";
import { stemmer as english } from "@orama/stemmers/english";
import { stemmer as finnish } from "@orama/stemmers/finnish";
import { stemmer as french } from "@orama/stemmers/french";
import { stemmer as german } from "@orama/stemmers/german";
import { stemmer as greek } from "@orama/stemmers/greek";
import { stemmer as hungarian } from "@orama/stemmers/hungarian";
import { stemmer as italian } from "@orama/stemmers/italian";
import { stemmer as norwegian } from "@orama/stemmers/norwegian";
import { stemmer as portuguese } from "@orama/stemmers/portuguese";
import { stemmer as romanian } from "@orama/stemmers/romanian";
import { stemmer as russian } from "@orama/stemmers/russian";
import { stemmer as spanish } from "@orama/stemmers/spanish";
import { stemmer as swedish } from "@orama/stemmers/swedish";
import { stemmer as turkish } from "@orama/stemmers/turkish";
import { stopwords as arabicStops } from "@orama/stopwords/arabic";
import { stopwords as dutchStops } from "@orama/stopwords/dutch";
import { stopwords as englishStops } from "@orama/stopwords/english";
import { stopwords as finnishStops } from "@orama/stopwords/finnish";
import { stopwords as frenchStops } from "@orama/stopwords/french";
import { stopwords as germanStops } from "@orama/stopwords/german";
import { stopwords as greekStops } from "@orama/stopwords/greek";
import { stopwords as hungarianStops } from "@orama/stopwords/hungarian";
import { stopwords as italianStops } from "@orama/stopwords/italian";
import { stopwords as norwegianStops } from "@orama/stopwords/norwegian";
import { stopwords as portugueseStops } from "@orama/stopwords/portuguese";
import { stopwords as romanianStops } from "@orama/stopwords/romanian";
import { stopwords as russianStops } from "@orama/stopwords/russian";
import { stopwords as spanishStops } from "@orama/stopwords/spanish";
import { stopwords as swedishStops } from "@orama/stopwords/swedish";
import { stopwords as turkishStops } from "@orama/stopwords/turkish";
import * as z from "zod";

/** ISO 639-1. */
export const Language = z.enum([
  "ar",
  "de",
  "el",
  "en",
  "es",
  "fi",
  "fr",
  "hu",
  "it",
  "nl",
  "no",
  "pt",
  "ro",
  "ru",
  "sv",
  "tr",
]);
export type Language = z.infer<typeof Language>;

export interface LanguageFacts {
  readonly stem: (word: string) => string;
  /** As published: with apostrophes and marks. */
  readonly stopWords: readonly string[];
}

/** Words that `@orama/stopwords` 3.1.18 has forgotten: an English article, of all words. */
const FORGOTTEN = { en: ["a"], de: ["wer"], pt: ["é"], no: ["ei"], ro: ["o", "a", "și"] };

export const LANGUAGES: Readonly<Record<Language, LanguageFacts>> = {
  ar: { stem: arabic, stopWords: arabicStops },
  de: { stem: german, stopWords: [...germanStops, ...FORGOTTEN.de] },
  el: { stem: greek, stopWords: greekStops },
  en: { stem: english, stopWords: [...englishStops, ...FORGOTTEN.en] },
  es: { stem: spanish, stopWords: spanishStops },
  fi: { stem: finnish, stopWords: finnishStops },
  fr: { stem: french, stopWords: frenchStops },
  hu: { stem: hungarian, stopWords: hungarianStops },
  it: { stem: italian, stopWords: italianStops },
  nl: { stem: dutch, stopWords: dutchStops },
  no: { stem: norwegian, stopWords: [...norwegianStops, ...FORGOTTEN.no] },
  pt: { stem: portuguese, stopWords: [...portugueseStops, ...FORGOTTEN.pt] },
  ro: { stem: romanian, stopWords: [...romanianStops, ...FORGOTTEN.ro] },
  ru: { stem: russian, stopWords: russianStops },
  sv: { stem: swedish, stopWords: swedishStops },
  tr: { stem: turkish, stopWords: turkishStops },
};
