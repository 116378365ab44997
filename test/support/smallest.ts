/** The smallest history that fails as well, by leaving out whatever can be left out: what a person can read. */
import { LedgerPort } from "./ledger.ts";
import { type Setup, SideBySide, type Step } from "./side-by-side.ts";

export interface History {
  readonly setup: Setup;
  readonly steps: readonly Step[];
}

interface Failure extends History {
  readonly message: string;
}

/** Plays a history in a ledger of its own. @returns it up to the step that failed, if one does */
export function failureOf({ setup, steps }: History): Failure | undefined {
  const both = new SideBySide(new LedgerPort(), setup, 1);
  let place = 0;
  try {
    for (const step of steps) {
      place += 1;
      both.play(step);
    }
    both.end();
    return undefined;
  } catch (error) {
    return { setup, steps: steps.slice(0, place), message: error instanceof Error ? error.message : String(error) };
  }
}

const SMALL = [0, 1, 2, 3, 4, 5, 6, 8, 10, 15, 20];

/** Plays at most so many candidates: some seconds. */
const TRIES = 3_000;

export function smallest(history: History): Failure | undefined {
  const first = failureOf(history);
  if (first === undefined) return undefined;
  let least: Failure = first;
  let tries = 0;
  const improve = (place: number): boolean => {
    for (const instead of simpler(least.steps[place])) {
      tries += 1;
      const failure = failureOf({ setup: least.setup, steps: least.steps.toSpliced(place, 1, ...instead) });
      if (failure !== undefined) {
        least = failure;
        return true;
      }
      if (tries > TRIES) return false;
    }
    return false;
  };
  for (let changed = true; changed && tries <= TRIES; ) {
    changed = false;
    for (let place = least.steps.length - 1; place >= 0; place--) if (improve(place)) changed = true;
  }
  return least;
}

/** A step left out, or with one number smaller, or one thing less asked for. */
function* simpler(step: Step | undefined): Generator<Step[]> {
  yield [];
  for (const [key, value] of Object.entries(step ?? {})) {
    for (const number of typeof value === "number" ? SMALL.filter((small) => small < value) : [])
      yield [{ ...step, [key]: number } as Step];
    if (typeof value !== "object" || value === null) continue;
    if (key === "allowance") yield [{ ...step, [key]: undefined } as Step];
    for (const part of Object.keys(value)) {
      const { [part]: amount, ...others } = value as Record<string, number>;
      if (key === "allowance") yield [{ ...step, [key]: others } as Step];
      else if (amount !== 0) yield [{ ...step, [key]: { ...value, [part]: 0 } } as Step];
    }
  }
}

export function describe({ setup, steps, message }: Failure): string {
  return [message, JSON.stringify(setup), ...steps.map((step, place) => `${place + 1}. ${JSON.stringify(step)}`)].join(
    "\n",
  );
}
