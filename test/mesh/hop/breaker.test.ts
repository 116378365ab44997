import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Breaker,
  closedAt,
  type Heard,
  heardBy,
  IN_A_ROW,
  isWell,
  PAUSE_CEILING_MS,
  PAUSE_MS,
  passage,
  RECENT,
  RECENT_MS,
} from "../../../mesh/hop/breaker.ts";

const TIMEOUT_MS = 60_000;

/** Calls that pass one after another, `everyMs` apart. */
function heard(breaker: Breaker, ends: readonly Heard[], from: number, everyMs = 1): Breaker {
  return ends.reduce((state, end, n) => heardBy(state, end, false, from + n * everyMs), breaker);
}
const times = (n: number, ...ends: Heard[]): Heard[] => Array.from({ length: n }, () => ends).flat();
const open = heard(closedAt(0), times(IN_A_ROW, "sick"), 0, 0);

describe("a closed breaker", () => {
  it("opens at so many failures in a row, and not at one less", () => {
    expect(heard(closedAt(0), times(IN_A_ROW - 1, "sick"), 0).state).toBe("closed");
    expect(open).toEqual({ state: "open", since: 0, retryAt: PAUSE_MS, pauseMs: PAUSE_MS });
    expect(heard(closedAt(0), [...times(IN_A_ROW - 1, "sick"), "well", "sick"], 0).state).toBe("closed");
  });

  it("opens when half of the last calls have failed, if they were made in a short time", () => {
    const flapping = times(RECENT / 2, "well", "sick");
    expect(heard(closedAt(0), flapping, 0).state).toBe("open");
    expect(heard(closedAt(0), flapping.slice(1), 0).state).toBe("closed");
    expect(heard(closedAt(0), flapping, 0, RECENT_MS / (RECENT - 2)).state).toBe("closed");
    expect(heard(closedAt(0), times(RECENT, "well", "well", "sick"), 0).state).toBe("closed");
  });

  it("opens at a failure, not at a success that comes when half have failed", () => {
    const late = [...times(4, "sick"), "well", ...times(4, "sick"), "well", "sick", "sick", ...times(7, "well")];
    const before = heard(closedAt(0), late as Heard[], 0);
    expect(before.state).toBe("closed");
    expect(heardBy(before, "well", false, 30).state).toBe("closed");
    expect(heardBy(heardBy(before, "well", false, 30), "sick", false, 31).state).toBe("open");
  });

  it("counts nothing of a call that was stopped", () => {
    expect(heard(closedAt(0), times(100, "unknown"), 0)).toEqual(closedAt(0));
    expect(heard(closedAt(0), times(IN_A_ROW, "sick", "unknown"), 0).state).toBe("open");
  });

  it("is forgotten when its failures have gone out of sight", () => {
    const once = heardBy(closedAt(0), "sick", false, 0);
    expect(isWell(once)).toBe(false);
    expect(isWell(heard(once, times(RECENT, "well"), 1))).toBe(true);
  });
});

describe("an open breaker", () => {
  it("refuses with the time that is left, then lets one trial pass", () => {
    expect(passage(open, PAUSE_MS - 1, TIMEOUT_MS)).toEqual({ pass: false, retryAfterMs: 1 });
    const trial = passage(open, PAUSE_MS, TIMEOUT_MS);
    expect(trial).toMatchObject({ pass: true, trial: true, breaker: { state: "half-open" } });
    if (!trial.pass) return;
    expect(passage(trial.breaker, PAUSE_MS, TIMEOUT_MS)).toMatchObject({ pass: false });
    expect(passage(trial.breaker, PAUSE_MS + TIMEOUT_MS, TIMEOUT_MS)).toMatchObject({ pass: true, trial: true });
  });

  it("does not heed what calls of before still answer", () => {
    expect(heardBy(open, "well", false, 1)).toBe(open);
    expect(heardBy(open, "sick", false, 1)).toBe(open);
  });
});

describe("a trial", () => {
  const trial = (breaker: Breaker, heard: Heard) => {
    const at = breaker.state === "closed" ? 0 : breaker.retryAt;
    const passed = passage(breaker, at, TIMEOUT_MS);
    if (!passed.pass) throw new Error("No trial was let through.");
    return heardBy(passed.breaker, heard, passed.trial, at);
  };

  it("that goes well closes it, with nothing remembered", () => {
    expect(isWell(trial(open, "well"))).toBe(true);
  });

  it("that fails opens it for twice as long, up to a minute", () => {
    const pauses: number[] = [];
    let breaker = open;
    for (let n = 0; n < 6; n++) {
      breaker = trial(breaker, "sick");
      if (breaker.state === "open") pauses.push(breaker.retryAt - breaker.since);
    }
    expect(pauses).toEqual([10_000, 20_000, 40_000, 60_000, 60_000, 60_000]);
  });

  it("that says nothing leaves the next call to be one", () => {
    const breaker = trial(open, "unknown");
    expect(passage(breaker, PAUSE_MS, TIMEOUT_MS)).toMatchObject({ pass: true, trial: true });
  });
});

it("whatever happens, nobody is refused for longer than a minute", () => {
  const events = fc.array(
    fc.record({ ms: fc.nat(30_000), heard: fc.constantFrom<Heard>("well", "sick", "unknown"), lost: fc.boolean() }),
    { maxLength: 200 },
  );
  fc.assert(
    fc.property(events, (all) => {
      let [breaker, now] = [closedAt(0), 0];
      for (const { ms, heard, lost } of all) {
        now += ms;
        const passed = passage(breaker, now, TIMEOUT_MS);
        if (!passed.pass) {
          expect(passed.retryAfterMs).toBeGreaterThan(0);
          expect(passed.retryAfterMs).toBeLessThanOrEqual(PAUSE_CEILING_MS);
        } else breaker = lost ? passed.breaker : heardBy(passed.breaker, heard, passed.trial, now);
        const later = now + Math.max(PAUSE_CEILING_MS, TIMEOUT_MS);
        expect(passage(breaker, later, TIMEOUT_MS).pass).toBe(true);
      }
    }),
  );
});
