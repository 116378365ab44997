/**
 * TextRank (Mihalcea and Tarau, 2004): a sentence is as central as the central sentences that resemble it. The weights
 * of the graph are cosines of tf·idf, which know no sentence's length, where the paper counts common words.
 */

/** Of the paper: how much of a sentence's rank comes from the others. */
const DAMPING = 0.85;
/** The same where there is a question: what it asks about counts for more than what is central (Otterbacher et al., 2005). */
const BIASED_DAMPING = 0.3;
/** It has settled when a round moves less than this, altogether. */
const SETTLED = 1e-6;
const MAX_ROUNDS = 100;

/** Terms and their weights, of length 1. */
export type TermVector = ReadonlyMap<string, number>;

/** Rare terms weigh more: tf · (1 + ln(n / df)), each vector brought to length 1. */
export function termVectors(sentences: readonly (readonly string[])[]): readonly TermVector[] {
  const holders = new Map<string, number>();
  for (const terms of sentences) {
    for (const term of new Set(terms)) holders.set(term, (holders.get(term) ?? 0) + 1);
  }
  return sentences.map((terms) => {
    const counts = new Map<string, number>();
    for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1);
    const weights = [...counts].map(
      ([term, count]) => [term, count * (1 + Math.log(sentences.length / (holders.get(term) ?? 1)))] as const,
    );
    const length = Math.hypot(...weights.map(([, weight]) => weight)) || 1;
    return new Map(weights.map(([term, weight]) => [term, weight / length]));
  });
}

/** The cosine of two vectors of length 1. */
export function similarity(left: TermVector, right: TermVector): number {
  const [small, large] = left.size < right.size ? [left, right] : [right, left];
  let sum = 0;
  for (const [term, weight] of small) sum += weight * (large.get(term) ?? 0);
  return sum;
}

/**
 * The ranks of all sentences, by power iteration; they sum to 1.
 *
 * @param bias is where a walk over the graph starts again, in proportion: for a question, what it asks about. Without
 * one, or where it is nothing but zeros, anywhere.
 */
export function textRank(vectors: readonly TermVector[], bias?: readonly number[]): readonly number[] {
  const count = vectors.length;
  if (count === 0) return [];
  const weights = vectors.map((left, row) =>
    vectors.map((right, column) => (row === column ? 0 : similarity(left, right))),
  );
  const outgoing = weights.map((row) => row.reduce((sum, weight) => sum + weight, 0));
  const total = bias?.reduce((sum, weight) => sum + weight, 0) ?? 0;
  const damping = total > 0 ? BIASED_DAMPING : DAMPING;
  const restart = vectors.map((_, at) => (total > 0 ? (bias?.[at] ?? 0) / total : 1 / count));
  let ranks: readonly number[] = restart;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    // What has no neighbour gives its rank to where walks start, so that no rank is lost.
    const stranded = ranks.reduce((sum, rank, at) => sum + (outgoing[at] === 0 ? rank : 0), 0);
    const next = ranks.map((_, column) => {
      let fromOthers = 0;
      for (let row = 0; row < count; row++) {
        const out = outgoing[row] ?? 0;
        if (out > 0) fromOthers += ((ranks[row] ?? 0) * (weights[row]?.[column] ?? 0)) / out;
      }
      const start = restart[column] ?? 0;
      return (1 - damping) * start + damping * (fromOthers + stranded * start);
    });
    const moved = next.reduce((sum, rank, at) => sum + Math.abs(rank - (ranks[at] ?? 0)), 0);
    ranks = next;
    if (moved < SETTLED) break;
  }
  return ranks;
}
