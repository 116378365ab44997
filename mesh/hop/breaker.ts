/**
 * The circuit breaker of a callee. Closed: calls pass, and failures are counted. Open: calls are refused for a while.
 * Half-open: one call is a trial, and its end decides. Pure: what was and what happened in, what is now out.
 */

/** An attempt's end, as far as it says something of the callee. `unknown`: it was stopped, or never made. */
export type Heard = "well" | "sick" | "unknown";

export type Breaker =
  | { readonly state: "closed"; readonly since: number; readonly recent: readonly Ended[] }
  | Open
  /** `trialUntil`: a trial of which nothing is heard until then is given up. */
  | (Omit<Open, "state"> & { readonly state: "half-open"; readonly trialUntil: number });

interface Open {
  readonly state: "open";
  /** Times are epoch milliseconds. */
  readonly since: number;
  readonly retryAt: number;
  /** How long it is open this time, in milliseconds. */
  readonly pauseMs: number;
}

interface Ended {
  readonly at: number;
  readonly sick: boolean;
}

/** Failures in a row that open it: one that restarts fails less often, one that is gone is found within a few calls. */
export const IN_A_ROW = 5;
/** Calls of which half must have failed, and the time in which they were made, in milliseconds. */
export const RECENT = 20;
export const RECENT_MS = 10_000;
/** How long it is open, in milliseconds: doubled each time that a trial fails. */
export const PAUSE_MS = 5_000;
export const PAUSE_CEILING_MS = 60_000;

export function closedAt(now: number): Breaker {
  return { state: "closed", since: now, recent: [] };
}

export type Passage =
  | { readonly pass: true; readonly trial: boolean; readonly breaker: Breaker }
  | { readonly pass: false; readonly retryAfterMs: number };

/** Whether a call may be made now. @param timeoutMs how long it may take: so long a trial is waited for */
export function passage(breaker: Breaker, now: number, timeoutMs: number): Passage {
  switch (breaker.state) {
    case "closed":
      return { pass: true, trial: false, breaker };
    case "open":
      if (now < breaker.retryAt) return { pass: false, retryAfterMs: breaker.retryAt - now };
      return { pass: true, trial: true, breaker: { ...breaker, state: "half-open", trialUntil: now + timeoutMs } };
    case "half-open":
      if (now < breaker.trialUntil) return { pass: false, retryAfterMs: Math.min(PAUSE_MS, breaker.trialUntil - now) };
      return { pass: true, trial: true, breaker: { ...breaker, trialUntil: now + timeoutMs } };
    default:
      return breaker satisfies never;
  }
}

/** The breaker after an attempt has ended. While it is not closed, only the trial counts: others were called before. */
export function heardBy(breaker: Breaker, heard: Heard, trial: boolean, now: number): Breaker {
  if (breaker.state === "closed") return heard === "unknown" ? breaker : counted(breaker, heard === "sick", now);
  if (!trial || breaker.state === "open") return breaker;
  switch (heard) {
    case "well":
      return closedAt(now);
    case "sick":
      return opened(now, Math.min(PAUSE_CEILING_MS, breaker.pauseMs * 2));
    case "unknown": {
      const { since, pauseMs } = breaker;
      return { state: "open", since, pauseMs, retryAt: now };
    }
    default:
      return heard satisfies never;
  }
}

function counted(breaker: Breaker & { state: "closed" }, sick: boolean, now: number): Breaker {
  const recent = [...breaker.recent, { at: now, sick }].slice(-RECENT);
  const last = recent.slice(-IN_A_ROW);
  const inTime = recent.filter(({ at }) => now - at <= RECENT_MS);
  const failures = inTime.filter((ended) => ended.sick).length;
  const opens =
    (last.length === IN_A_ROW && last.every((ended) => ended.sick)) ||
    (inTime.length === RECENT && failures * 2 >= RECENT);
  return opens && sick ? opened(now, PAUSE_MS) : { ...breaker, recent };
}

function opened(now: number, pauseMs: number): Breaker {
  return { state: "open", since: now, retryAt: now + pauseMs, pauseMs };
}

/** Whether it is as if nothing had ever failed: then there is nothing to remember. */
export function isWell(breaker: Breaker): boolean {
  return breaker.state === "closed" && breaker.recent.every(({ sick }) => !sick);
}
