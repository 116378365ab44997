/** What the list of chains is asked for, by the parameters of the page. */
export type Params = Readonly<Record<string, string>>;

const HOUR_MS = 3_600_000;

/** Spans to look back over, by their name in the address. */
export const SPANS = {
  "15m": { words: "last 15 minutes", ms: HOUR_MS / 4 },
  "1h": { words: "last hour", ms: HOUR_MS },
  "24h": { words: "last 24 hours", ms: 24 * HOUR_MS },
  "7d": { words: "last 7 days", ms: 7 * 24 * HOUR_MS },
} as const;

export const STATUSES = ["running", "done", "failed", "cancelled", "expired"] as const;

/** @param now epoch milliseconds */
export function queryOf({ status, agent, since, cursor }: Params, now: number): URLSearchParams {
  const span = Object.hasOwn(SPANS, since ?? "") ? SPANS[since as keyof typeof SPANS] : undefined;
  return new URLSearchParams({
    ...(status === undefined ? {} : { status }),
    ...(agent === undefined ? {} : { agent }),
    ...(span === undefined ? {} : { since: String(now - span.ms) }),
    ...(cursor === undefined ? {} : { cursor }),
  });
}
