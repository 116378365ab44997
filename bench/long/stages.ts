/** When a long run stops to look: pure, so that a short run looks as a long one does. */

export interface Stage {
  /** Chains that there are then. */
  readonly chains: number;
  /** Whether latencies are measured there, beside memory and disk. */
  readonly latencies: boolean;
}

/** Where the growth of a ledger is looked at. */
const MARKS = [1_000, 10_000, 100_000];

/** @param chains how many there are at the end; memory is looked at in tenths */
export function stages(chains: number): readonly Stage[] {
  const marks = new Set([...MARKS.filter((mark) => mark < chains), chains]);
  const tenths = Array.from({ length: 10 }, (_, place) => Math.round((chains * (place + 1)) / 10));
  const all = new Set([...marks, ...tenths]);
  return [...all].toSorted((a, b) => a - b).map((at) => ({ chains: at, latencies: marks.has(at) }));
}
