/**
 * Is a claim backed by a quote? The critic knows no meaning, so it accepts what keeps the quote's own: whole sentences,
 * word for word, and sentences without some of their clauses, as long as none of these denies, limits or doubts the rest
 * and most of the sentence is there. Case, marks, white space and Markdown's markup do not count. Everything else is unbacked.
 */
import { plainText } from "../language/plain.ts";
import { words } from "../language/words.ts";
import { type Clause, type ClausedSentence, clausesOf } from "./clauses.ts";
import type { CitedQuote, Claim, Verdict } from "./schema.ts";

/** Sentences of a quote, one behind the other, that one claim may be made of. */
const MAX_SENTENCES = 4;
/** A claim must keep this part of its sentences' words, and be this many words long if it is not all of them. */
const KEPT = 0.4;
const FEWEST_WORDS = 4;
/** Clauses of a run in which shortening is looked for; of more, which only a list or an attack has, all must be there. */
const MAX_CLAUSES = 150;

export function check(claims: readonly Claim[], quotes: readonly CitedQuote[]): readonly Verdict[] {
  const claused = new Map(quotes.map(({ n, text }) => [n, clausesOf(text)]));
  return claims.map((claim) => verdictOn(claim, claused));
}

function verdictOn({ id, text, cites }: Claim, quotes: ReadonlyMap<number, readonly ClausedSentence[]>): Verdict {
  const unbacked = (why: string): Verdict => ({ id, backed: false, how: null, quote: null, why });
  const claimed = words(plainText(text));
  if (claimed.length === 0) return unbacked("It says nothing.");
  if (cites.length === 0) return unbacked("It cites no quote.");
  const missing = cites.filter((n) => !quotes.has(n));
  if (missing.length > 0) return unbacked(`It cites ${numbered(missing)}, which is not there.`);
  let nearest: Match | undefined;
  for (const n of cites) {
    const match = bestMatch(claimed, quotes.get(n) ?? []);
    if (match?.fault === undefined && match !== undefined)
      return { id, backed: true, how: match.leftOut === 0 ? "verbatim" : "shortened", quote: n, why: null };
    nearest = match ?? nearest;
  }
  if (nearest?.fault !== undefined) return unbacked(nearest.fault);
  for (const [n, sentences] of quotes) {
    const match = cites.includes(n) ? undefined : bestMatch(claimed, sentences);
    if (match !== undefined && match.fault === undefined)
      return unbacked(`It stands in [${n}], which it does not cite.`);
  }
  return unbacked(`Its words do not stand so in ${numbered(cites)}.`);
}

function numbered(numbers: readonly number[]): string {
  return numbers.map((n) => `[${n}]`).join(", ");
}

interface Match {
  /** Words of the quote's sentences that the claim does without. */
  readonly leftOut: number;
  /** Why the claim says less, or something else, than what it is made of. */
  readonly fault: string | undefined;
}

/** Over every run of sentences: a match without a fault, else the one that leaves out least, else nothing. */
function bestMatch(claimed: readonly string[], sentences: readonly ClausedSentence[]): Match | undefined {
  let faulty: Match | undefined;
  for (let from = 0; from < sentences.length; from++) {
    for (let count = 1; count <= MAX_SENTENCES && from + count <= sentences.length; count++) {
      const match = matchRun(claimed, sentences.slice(from, from + count));
      if (match === undefined) continue;
      if (match.fault === undefined) return match;
      if (faulty === undefined || match.leftOut < faulty.leftOut) faulty = match;
    }
  }
  return faulty;
}

function matchRun(claimed: readonly string[], run: readonly ClausedSentence[]): Match | undefined {
  const clauses = run.reduce((sum, sentence) => sum + sentence.clauses.length, 0);
  const dropped = clauses > MAX_CLAUSES ? nothingDropped(claimed, run) : droppedClauses(claimed, run);
  if (dropped === undefined) return undefined;
  const total = run.flatMap(({ clauses }) => clauses).reduce((sum, clause) => sum + clause.words.length, 0);
  const leftOut = dropped.reduce((sum, clause) => sum + clause.words.length, 0);
  const mattering = dropped.find(({ matters }) => matters);
  if (mattering !== undefined) {
    return {
      leftOut,
      fault: `It leaves out “${mattering.words.join(" ").slice(0, 120)}”, which may change what is said.`,
    };
  }
  const short = leftOut > 0 && (claimed.length < FEWEST_WORDS || claimed.length < total * KEPT);
  return { leftOut, fault: short ? "It keeps too little of the sentence that it is made of." : undefined };
}

function nothingDropped(claimed: readonly string[], run: readonly ClausedSentence[]): Dropped | undefined {
  const all = run.flatMap(({ clauses }) => clauses).flatMap((clause) => clause.words);
  return all.length === claimed.length && all.every((word, at) => word === claimed[at]) ? [] : undefined;
}

type Dropped = readonly Clause[];

/**
 * The clauses that the claim does without, where the others make it, in order and whole; nothing where they do not.
 * Of several ways any is as good: all of them leave the same words out.
 */
function droppedClauses(claimed: readonly string[], run: readonly ClausedSentence[]): Dropped | undefined {
  const steps = run.flatMap(({ clauses, untied }) =>
    clauses.map((clause, at) => ({ clause, untied: at === 0 ? untied : undefined })),
  );
  const known = new Map<number, Dropped | undefined>();
  const from = (step: number, at: number): Dropped | undefined => {
    const next = steps[step];
    if (next === undefined) return at === claimed.length ? [] : undefined;
    const key = step * (claimed.length + 1) + at;
    if (known.has(key)) return known.get(key);
    const way = keeping(next, claimed, at, (end) => from(step + 1, end)) ?? without(next.clause, from(step + 1, at));
    known.set(key, way);
    return way;
  };
  return from(0, 0);
}

/** The first way on from where the clause ends in the claim, whole or without the word that only ties it. */
function keeping(
  { clause, untied }: { readonly clause: Clause; readonly untied: readonly string[] | undefined },
  claimed: readonly string[],
  at: number,
  goOn: (end: number) => Dropped | undefined,
): Dropped | undefined {
  for (const kept of untied === undefined ? [clause.words] : [clause.words, untied]) {
    if (!kept.every((word, index) => claimed[at + index] === word)) continue;
    const way = goOn(at + kept.length);
    if (way !== undefined) return way;
  }
  return undefined;
}

function without(clause: Clause, rest: Dropped | undefined): Dropped | undefined {
  return rest === undefined ? undefined : [clause, ...rest];
}
