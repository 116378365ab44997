/**
 * The circuit breakers of this isolate. Isolates don't share them: each finds a sick callee by itself. Only a callee that
 * has failed has one, so that a healthy one costs a look into a map. A changed registration is another callee.
 */
import { BREAKERS } from "../limits.ts";
import { type Breaker, closedAt, type Heard, heardBy, isWell, passage } from "./breaker.ts";

export interface Callee {
  readonly mesh: string;
  readonly agent: string;
  /** Of its registration. */
  readonly revision: number;
}

/** A call that may be made. Its end is told once for each attempt. */
export interface Passed {
  readonly pass: true;
  heard(heard: Heard, now: number): void;
  /** Whether the callee is still called: after a failure that has opened the breaker it is not. */
  goesOn(): boolean;
}

export interface Barred {
  readonly pass: false;
  readonly retryAfterMs: number;
}

/** In the order of their last change. One that is forgotten is closed. */
const breakers = new Map<string, Breaker>();

export function passTo(callee: Callee, timeoutMs: number, now: number): Passed | Barred {
  const key = keyOf(callee);
  const known = breakers.get(key);
  const passed = known && passage(known, now, timeoutMs);
  if (passed?.pass === false) return passed;
  if (passed?.trial) keep(key, passed.breaker);
  let trial = passed?.trial ?? false;
  return {
    pass: true,
    heard: (heard, at) => {
      const before = breakers.get(key);
      if (before === undefined && heard !== "sick") return;
      keep(key, heardBy(before ?? closedAt(at), heard, trial, at));
      trial = false;
    },
    goesOn: () => (breakers.get(key)?.state ?? "closed") === "closed",
  };
}

export type OpenBreaker = Exclude<Breaker, { state: "closed" }>;

/** How this isolate sees a callee, unless it calls it as always. */
export function breakerOf(callee: Callee): OpenBreaker | undefined {
  const breaker = breakers.get(keyOf(callee));
  return breaker === undefined || breaker.state === "closed" ? undefined : breaker;
}

function keep(key: string, breaker: Breaker): void {
  breakers.delete(key);
  if (isWell(breaker)) return;
  breakers.set(key, breaker);
  const [oldest] = breakers.keys();
  if (breakers.size > BREAKERS && oldest !== undefined) breakers.delete(oldest);
}

function keyOf({ mesh, agent, revision }: Callee): string {
  return `${mesh}/${agent}/${revision}`;
}
