/** Which sentences make the summary: the best ones that do not say what a better one has said. */
import { similarity, type TermVector } from "./text-rank.ts";

/** From this cosine on, two sentences say the same. */
const SAME = 0.6;
/** Maximal marginal relevance (Carbonell and Goldstein, 1998): how much rank counts against likeness to what is chosen. */
const RELEVANCE = 0.7;

export interface Choice {
  /** In the order of their choice. */
  readonly chosen: readonly number[];
  /** Better ones than the last chosen that say the same as a chosen one. */
  readonly redundant: number;
}

/** @param ranks are brought to the best one's 1 before they are weighed against likeness */
export function choose(vectors: readonly TermVector[], ranks: readonly number[], most: number): Choice {
  const best = Math.max(...ranks, Number.MIN_VALUE);
  const left = new Set(ranks.keys());
  const chosen: number[] = [];
  let redundant = 0;
  while (chosen.length < most && left.size > 0) {
    let pick: { readonly at: number; readonly worth: number; readonly likeness: number } | undefined;
    for (const at of left) {
      const likeness = Math.max(0, ...chosen.map((other) => similarity(vectors[at] ?? EMPTY, vectors[other] ?? EMPTY)));
      if (likeness >= SAME) {
        left.delete(at);
        redundant += 1;
        continue;
      }
      const worth = (RELEVANCE * (ranks[at] ?? 0)) / best - (1 - RELEVANCE) * likeness;
      if (pick === undefined || worth > pick.worth) pick = { at, worth, likeness };
    }
    if (pick === undefined) break;
    left.delete(pick.at);
    chosen.push(pick.at);
  }
  return { chosen, redundant };
}

const EMPTY: TermVector = new Map();
