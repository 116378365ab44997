/** A mergeable latency histogram: counts in buckets that grow by 5 %, so a quantile is right to about 2.5 %. */
const GROWTH = Math.log(1.05);

/** Counts by bucket number. Bucket 0 is below one millisecond. */
export type Latencies = Record<string, number>;

export function addLatency(latencies: Latencies, ms: number): void {
  const bucket = ms < 1 ? 0 : 1 + Math.floor(Math.log(ms) / GROWTH);
  latencies[bucket] = (latencies[bucket] ?? 0) + 1;
}

export function mergeLatencies(into: Latencies, from: Latencies): void {
  for (const bucket in from) into[bucket] = (into[bucket] ?? 0) + (from[bucket] ?? 0);
}

/** The latency in milliseconds below which the share `quantile` of the calls stayed, or null without calls. */
export function latencyQuantile(latencies: Latencies, quantile: number): number | null {
  return latencyQuantiles(latencies, [quantile])[0] ?? null;
}

/** The same for several quantiles, which ascend: the buckets are gone through once. */
export function latencyQuantiles(latencies: Latencies, quantiles: readonly number[]): (number | null)[] {
  let total = 0;
  for (const bucket in latencies) total += latencies[bucket] ?? 0;
  if (total === 0) return quantiles.map(() => null);
  const found: number[] = [];
  let below = 0;
  // An object has its whole-number keys in ascending order.
  for (const bucket in latencies) {
    below += latencies[bucket] ?? 0;
    while (found.length < quantiles.length && below >= Math.max(1, Math.ceil((quantiles[found.length] ?? 1) * total)))
      found.push(middleOf(Number(bucket)));
  }
  return found;
}

function middleOf(bucket: number): number {
  return bucket === 0 ? 0 : Math.round(Math.exp((bucket - 0.5) * GROWTH) * 10) / 10;
}
