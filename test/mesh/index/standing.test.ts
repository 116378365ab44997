/** How an agent stands by its health checks. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { afterCheck, type Standing } from "../../../mesh/index/standing.ts";

const NEW: Standing = { state: "unknown", since: 0, streak: 0 };

/** `+` a check that went well, `-` one that failed; each a second after the other. */
function standingAfter(checks: string, rules = { unhealthyAfter: 3, healthyAfter: 2 }): Standing {
  return [...checks].reduce((standing, check, n) => afterCheck(standing, check === "+", rules, n + 1), NEW);
}

describe("an agent that is checked", () => {
  test.each([
    ["", "unknown", 0],
    ["+", "healthy", 1],
    ["--", "unknown", 0],
    ["---", "unhealthy", 3],
    ["+--", "healthy", 1],
    ["+--+--", "healthy", 1],
    ["+---", "unhealthy", 4],
    ["---+", "unhealthy", 3],
    ["---+-+", "unhealthy", 3],
    ["---++", "healthy", 5],
    ["+---++---", "unhealthy", 9],
  ])("stands after %s as %s, since check %i", (checks, state, since) => {
    expect(standingAfter(checks)).toMatchObject({ state, since });
  });

  test("changes its state only by so many checks in a row as the rules say, whatever came before", () => {
    const rules = fc.record({
      unhealthyAfter: fc.integer({ min: 1, max: 5 }),
      healthyAfter: fc.integer({ min: 1, max: 5 }),
    });
    const checks = fc.array(fc.constantFrom("+", "-"), { maxLength: 40 }).map((all) => all.join(""));
    fc.assert(
      fc.property(checks, rules, (all, rule) => {
        const [before, now] = [standingAfter(all.slice(0, -1), rule), standingAfter(all, rule)];
        const needed = now.state === "unhealthy" ? "-".repeat(rule.unhealthyAfter) : "+".repeat(rule.healthyAfter);
        if (before.state !== "unknown" && now.state !== before.state) expect(all.endsWith(needed)).toBe(true);
        if (all.endsWith("-".repeat(rule.unhealthyAfter))) expect(now.state).toBe("unhealthy");
        if (all.endsWith("+".repeat(rule.healthyAfter))) expect(now.state).toBe("healthy");
      }),
    );
  });
});
