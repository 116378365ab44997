/** Which language a text is in. */
import { detectAll } from "tinyld/light";
import { Language } from "./languages.ts";

/** More of a text says nothing new, and costs. */
const LOOK_CHARS = 2_000;

/** Below this many characters, and this sure, a guess is as often wrong as right. */
const TELLING_CHARS = 24;
const TELLING_ACCURACY = 0.1;

/** English where nothing tells: what a stemmer of the wrong language does to a text is little, and done to the question too. */
export const ASSUMED: Language = "en";

/** @returns nothing for a text that is too short, or in a language whose stems are not known */
export function detectLanguage(text: string): Language | undefined {
  const beginning = text.slice(0, LOOK_CHARS);
  if (beginning.length < TELLING_CHARS) return undefined;
  const [best] = detectAll(beginning);
  if (best === undefined || best.accuracy < TELLING_ACCURACY) return undefined;
  return Language.safeParse(best.lang).data;
}
