/** How wide text gets, estimated: the Worker has no fonts, and the reader's are not known. On the wide side. */

/** Full-width scripts and emoji. */
const WIDE =
  /[\p{Emoji_Presentation}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303f\uff00-\uff60]/u;
const NO_WIDTH = /[\p{M}\u200c\u200d]/u;

/** Width in px of monospaced text of this size: each character is 0.6 em in the fonts that systems bring. */
export function monoWidth(text: string, size: number): number {
  return [...text].reduce((sum, character) => sum + em(character, 0.61), 0) * size;
}

/** Width in px of proportional text of this size. */
export function sansWidth(text: string, size: number): number {
  return [...text].reduce((sum, character) => sum + em(character, SANS_EM.get(character) ?? 0.64), 0) * size;
}

/** What is much narrower or wider than the rest, in em of the widest font that is likely. */
const SANS_EM = new Map([
  ...[..." .,:;'|!ijl·"].map((character) => [character, 0.33] as const),
  ...[..."()[]tfr-"].map((character) => [character, 0.42] as const),
  ...[..."mMwW%@…→"].map((character) => [character, 1] as const),
]);

function em(character: string, plain: number): number {
  if (NO_WIDTH.test(character)) return 0;
  return WIDE.test(character) ? 1.15 : plain;
}

/** The text as far as it fits, with an ellipsis for the rest. */
export function fitted(text: string, most: number, widthOf: (text: string) => number): string {
  if (widthOf(text) <= most) return text;
  const points = [...text];
  while (points.length > 1 && widthOf(`${points.join("")}…`) > most) points.pop();
  return `${points.join("")}…`;
}
