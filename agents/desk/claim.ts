/** A sentence of a source → a claim of the report: readable by itself, and shorter where that can be had. */
import { plainText } from "../language/plain.ts";

/** So that a claim is read at a glance; its quote has the rest. */
const CLAIM_CHARS = 400;
/** A cut leaves at least this much. */
const SMALL_CHARS = 80;

/** They only tie a sentence to the one before, which the report does not show. */
const TIE = /^(?:But|And|However|Therefore|Thus|Hence|Moreover|Furthermore|Consequently|Accordingly),?\s+(?=\S)/;
const PARENTHESIS = /\s*\([^()]*\)(?=[\s,.;:!?]|$)/g;
const ASIDE = /\s*(?:--+|[—–])[^—–]{1,160}?(?:--+|[—–])\s*(?=\p{Ll})/gu;

/** Whether what was left out matters is the critic's to say. */
export function claimOf(sentence: string): string {
  const whole = plainText(sentence);
  const shorter = whole.replace(TIE, "").replace(PARENTHESIS, "").replace(ASIDE, " ");
  const even = shorter.replace(/\s+/g, " ").trim();
  if (even === "") return whole;
  const cut = even.length > CLAIM_CHARS ? `${beforeLastClause(even)}` : even;
  return whole.startsWith(cut.slice(0, 1)) ? cut : cut.charAt(0).toUpperCase() + cut.slice(1);
}

/** Whether every parenthesis is closed again. */
function isClosed(text: string): boolean {
  return text.split("(").length === text.split(")").length;
}

/** Whole clauses, as many as fit; the sentence where none does. */
function beforeLastClause(text: string): string {
  const edges = Array.from(text.matchAll(/[,;—–](?=\s)|\s--(?=\s)/g), ({ index }) => index);
  const fits = (index: number) => index <= CLAIM_CHARS && index >= SMALL_CHARS && isClosed(text.slice(0, index));
  const edge = edges.findLast(fits);
  return edge === undefined ? text : `${text.slice(0, edge).trimEnd()} …`;
}
