import { expect, it } from "vitest";
import { randomBytes } from "../../mesh/random.ts";

it("nobody gets the bytes of another, over many draws", () => {
  const given = Array.from({ length: 1_000 }, () => randomBytes(8).join());
  expect(new Set(given).size).toBe(1_000);
});

it("what was given stays as it is when more is drawn", () => {
  const bytes = randomBytes(16);
  const before = [...bytes];
  for (let more = 0; more < 200; more++) randomBytes(100);
  expect([...bytes]).toEqual(before);
});

it.each([0, 1, 1_000, 1_024])("%i bytes are as many", (count) => {
  expect(randomBytes(count)).toHaveLength(count);
});

it("more than one draw is refused", () => {
  expect(() => randomBytes(1_025)).toThrow("1024");
});
