/** What goes out sealed and comes back. */
import { expect, test } from "vitest";
import { keyedSeal } from "../../../mesh/identity/seal.ts";

const secret = new TextEncoder().encode("a secret of the mesh");
const VALUE = { state: "☃ of the server", count: 2 };

test("what was sealed is opened as it was", () => {
  const { seal, open } = keyedSeal(secret, "rounds");
  expect(open(seal(VALUE))).toEqual(VALUE);
});

test("what was changed anywhere, or sealed with another secret or for another purpose, is nothing", () => {
  const { seal, open } = keyedSeal(secret, "rounds");
  const sealed = seal(VALUE);
  for (let place = 0; place < sealed.length; place++) {
    const changed = `${sealed.slice(0, place)}${sealed[place] === "A" ? "B" : "A"}${sealed.slice(place + 1)}`;
    expect(open(changed), String(place)).toBeUndefined();
  }
  for (const other of ["", ".", "a.b", `${sealed}.x`, sealed.slice(0, -1), `${sealed}A`])
    expect(open(other)).toBeUndefined();
  expect(open(keyedSeal(new TextEncoder().encode("another"), "rounds").seal(VALUE))).toBeUndefined();
  expect(open(keyedSeal(secret, "else").seal(VALUE))).toBeUndefined();
});
