/** When a failed attempt is made again. Pure. */

export interface FailedAttempt {
  /** 1 for the first. */
  readonly attempt: number;
  readonly idempotent: boolean;
  /** Whether another attempt could end otherwise: a connection that failed, 429, 502, 503, 504. */
  readonly transient: boolean;
  /** What the callee asked to wait, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
  readonly remainingMs: number;
}

const ATTEMPTS = 3;
const BASE_MS = 100;
const CAP_MS = 5_000;

/**
 * How long to wait until the next attempt, in milliseconds, or nothing: no further attempt.
 * @param jitter evenly from 0 to 1
 */
export function retryDelay(failed: FailedAttempt, jitter: number): number | undefined {
  if (!failed.idempotent || !failed.transient || failed.attempt >= ATTEMPTS) return undefined;
  const backoff = Math.min(CAP_MS, BASE_MS * 2 ** (failed.attempt - 1)) * jitter;
  const delay = Math.max(backoff, failed.retryAfterMs ?? 0);
  return delay < failed.remainingMs ? delay : undefined;
}
