import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keptFrom, MINUTE_MS, minuteOf, SPANS, startOf, windowSince } from "../../../mesh/index/spans.ts";

const NOW = 1_800_000_000_000;
const DAY_MS = 24 * 3_600_000;
const ago = fc.integer({ min: -DAY_MS, max: 9 * DAY_MS }).map((ms) => NOW - ms);

describe("a window", () => {
  it("begins with the start of the finest span that is kept of its time", () => {
    const startOfAge = (ageMs: number) => windowSince(NOW - ageMs, NOW).start;
    for (const [age, span] of [
      [0, SPANS[0]],
      [SPANS[0].keptMs, SPANS[0]],
      [SPANS[0].keptMs + MINUTE_MS, SPANS[1]],
      [SPANS[1].keptMs + 11 * MINUTE_MS, SPANS[2]],
      [SPANS[2].keptMs + 61 * MINUTE_MS, SPANS[3]],
    ] as const) {
      expect(startOfAge(age), String(age)).toBe(startOf(span, minuteOf(NOW - age)));
    }
    expect(startOfAge(NOW)).toBe(keptFrom(SPANS[3], NOW));
    expect(startOfAge(-DAY_MS)).toBe(minuteOf(NOW));
  });

  it("has every minute since its start in one of its pieces, and in one alone, each of whole spans that are kept", () => {
    fc.assert(
      fc.property(ago, (since) => {
        const { start, pieces } = windowSince(since, NOW);
        expect(pieces[0]?.from).toBe(start);
        expect(pieces.at(-1)?.to).toBe(Number.MAX_SAFE_INTEGER);
        for (const [place, { span, from, to }] of pieces.entries()) {
          expect(from).toBeLessThanOrEqual(to);
          expect(from % span.minutes).toBe(0);
          expect(from).toBeGreaterThanOrEqual(keptFrom(span, NOW));
          if (place > 0) expect(pieces[place - 1]?.to).toBe(from);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it("is few rows an edge, however long the mesh was busy", () => {
    const now = minuteOf(NOW);
    fc.assert(
      fc.property(ago, (since) => {
        const { pieces } = windowSince(since, NOW);
        const rows = pieces.map(({ span, from, to }) =>
          Math.max(0, Math.ceil((Math.min(to, now) - from) / span.minutes)),
        );
        expect(rows.reduce((sum, some) => sum + some, 0)).toBeLessThan(40);
      }),
    );
  });
});
