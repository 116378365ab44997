/** Names and sentences that others wrote, made fit to be shown: nothing invisible, nothing that reorders what stands beside it. */

/** Controls, format characters (bidi overrides, zero widths, tags), lone surrogates, line separators, noncharacters. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}]/gu;
const NAMED: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };
/** The joiners within emoji and in scripts that need them. They hide and reorder nothing. */
const JOINERS = "\u200c\u200d";

/**
 * The text with what can't be seen shown as an escape (`\u202e`). Every format still has to escape its own markup.
 * @param most code points; what is longer ends in an ellipsis
 */
export function visible(text: string, most = Number.POSITIVE_INFINITY): string {
  return shortened(text, most).replace(UNSEEN, (character) =>
    JOINERS.includes(character) ? character : (NAMED[character] ?? escaped(character)),
  );
}

/** A name as it is shown: there is always something to see. */
export function shownName(name: string, most: number): string {
  return name.trim() === "" ? "(no name)" : visible(name, most);
}

function escaped(character: string): string {
  const hex = (character.codePointAt(0) ?? 0).toString(16);
  return hex.length > 4 ? `\\u{${hex}}` : `\\u${hex.padStart(4, "0")}`;
}

/** Cut between code points: half a character would be a lone surrogate. */
function shortened(text: string, most: number): string {
  if (text.length <= most) return text;
  const points = [...text.slice(0, 2 * most + 2)];
  return points.length <= most ? points.join("") : `${points.slice(0, most - 1).join("")}…`;
}
