/** How good the desk's reports are: what it found, and whether its claims stand where it says that they stand. Pure. */
import type { DeskOutput } from "../../agents/desk/schema.ts";
import { plainText } from "../../agents/language/plain.ts";
import { words } from "../../agents/language/words.ts";

/** A question, as a user would put it, and the passage that answers it: the source, and a part of its text. */
export interface HeldQuestion {
  readonly question: string;
  readonly source: string;
  readonly answer: string;
}

export interface Judged {
  readonly question: string;
  /** The place of the answering passage among the quotes, from 1; nothing where it is not among them. */
  readonly rank: number | undefined;
  /** Whether a claim has the answer itself. */
  readonly answered: boolean;
  readonly claims: number;
  /** Claims whose words stand, in their order, in a quote that they cite. */
  readonly backed: number;
  readonly sentBack: number;
}

/** A question's quotes that are looked at. */
export const AT = 5;

export function judge({ question, source, answer }: HeldQuestion, { quotes, sections, check }: DeskOutput): Judged {
  const wanted = even(answer);
  const at = quotes.findIndex((quote) => quote.source === source && even(quote.text).includes(wanted));
  const claims = sections.flatMap((section) => section.claims);
  const texts = new Map(quotes.map(({ n, text }) => [n, text]));
  const backed = claims.filter(
    ({ text, cites, backing }) => backing !== "unchecked" && cites.some((n) => standsIn(text, texts.get(n) ?? "")),
  );
  return {
    question,
    rank: at === -1 || at >= AT ? undefined : at + 1,
    answered: claims.some(({ text }) => words(text).join(" ").includes(words(answer).join(" "))),
    claims: claims.length,
    backed: backed.length,
    sentBack: check?.sentBack ?? 0,
  };
}

/** Not the critic's own rule, so that its mistakes would show: no word is new, and none has changed its place. */
function standsIn(claim: string, quote: string): boolean {
  const said = words(plainText(quote));
  let from = 0;
  for (const word of words(plainText(claim))) {
    const at = said.indexOf(word, from);
    if (at === -1) return false;
    from = at + 1;
  }
  return true;
}

function even(text: string): string {
  return text.replace(/[‘’]/g, "'").replace(/\s+/g, " ").toLowerCase();
}

export interface Summary {
  readonly questions: number;
  readonly recall: number;
  /** Mean of 1/rank, 0 for a miss. */
  readonly reciprocalRank: number;
  /** Share of the questions whose answer stands in a claim. */
  readonly answered: number;
  readonly claims: number;
  readonly backed: number;
  readonly sentBack: number;
}

export function summaryOf(judged: readonly Judged[]): Summary {
  const sum = (value: (one: Judged) => number): number => judged.reduce((total, one) => total + value(one), 0);
  const questions = judged.length;
  const claims = sum((one) => one.claims);
  return {
    questions,
    recall: sum(({ rank }) => (rank === undefined ? 0 : 1)) / questions,
    reciprocalRank: sum(({ rank }) => (rank === undefined ? 0 : 1 / rank)) / questions,
    answered: sum(({ answered }) => (answered ? 1 : 0)) / questions,
    claims,
    backed: claims === 0 ? 0 : sum(({ backed }) => backed) / claims,
    sentBack: sum(({ sentBack }) => sentBack),
  };
}
