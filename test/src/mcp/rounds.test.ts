import { describe, expect, it } from "vitest";
import { leftOf } from "../../../src/mcp/rounds.ts";

const limits = { hops: 10, bytes: 1_000, tokens: 500, costMicros: 70, concurrency: 4, wallMs: 9_000 };
const nothing = { hops: 0, bytes: 0, tokens: 0, costMicros: 0, concurrency: 0, wallMs: 0 };
const before = {
  limits,
  spent: { ...nothing, hops: 3, bytes: 400, tokens: 500, wallMs: 8_999 },
  overrun: { ...nothing, costMicros: 100 },
};

describe("a further round of a call", () => {
  it("has what the one before left of everything that is counted, and a time of its own", () => {
    expect(leftOf(before)).toEqual({ hops: 7, bytes: 600, tokens: 0, costMicros: 0, concurrency: 4, wallMs: 9_000 });
  });

  it("asks for less, never for more", () => {
    const asked = { hops: 2, bytes: 10_000, wallMs: 50 };
    expect(leftOf(before, asked)).toMatchObject({ hops: 2, bytes: 600, wallMs: 50 });
  });
});
