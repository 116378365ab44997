/** A mergeable latency histogram: counts in buckets that grow by 5 %, so a quantile is right to about 2.5 %. */
const GROWTH = Math.log(1.05);

/** Counts by bucket number. Bucket 0 is below one millisecond. */
export type Latencies = Record<string, number>;

export function addLatency(latencies: Latencies, ms: number): void {
  const bucket = ms < 1 ? 0 : 1 + Math.floor(Math.log(ms) / GROWTH);
  latencies[bucket] = (latencies[bucket] ?? 0) + 1;
}

export function mergeLatencies(into: Latencies, from: Latencies): void {
  for (const [bucket, count] of Object.entries(from)) into[bucket] = (into[bucket] ?? 0) + count;
}

/** The latency in milliseconds below which the share `quantile` of the calls stayed, or null without calls. */
export function latencyQuantile(latencies: Latencies, quantile: number): number | null {
  const buckets = Object.entries(latencies)
    .map(([bucket, count]) => ({ bucket: Number(bucket), count }))
    .sort((a, b) => a.bucket - b.bucket);
  const total = buckets.reduce((sum, { count }) => sum + count, 0);
  let rank = Math.max(1, Math.ceil(quantile * total));
  for (const { bucket, count } of buckets) {
    rank -= count;
    if (rank <= 0) return bucket === 0 ? 0 : Math.round(Math.exp((bucket - 0.5) * GROWTH) * 10) / 10;
  }
  return null;
}
