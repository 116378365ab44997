/** What a long run fills, and when it stops to look: pure, so that a short run does as a long one does. */

/** How many chains each of the ledgers has at the end: the largest is compared with one of a hundredth, and of a tenth. */
export function ledgerSizes(chains: number): readonly number[] {
  return [100, 10, 1].map((part) => Math.max(1, Math.round(chains / part)));
}

/** At how many chains it looks at memory and disk: the last is all of them. */
export function stages(chains: number): readonly number[] {
  const tenths = Array.from({ length: 10 }, (_, place) => Math.round((chains * (place + 1)) / 10));
  return [...new Set(tenths)].filter((stage) => stage > 0);
}
