import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { putInPlace } from "../../../scripts/serve/build.ts";

let dist: string;

beforeEach(() => {
  dist = mkdtempSync(join(tmpdir(), "hopline-build-"));
});

afterEach(() => rmSync(dist, { recursive: true, force: true }));

function built(name: string, code: string): string {
  const folder = join(dist, name);
  mkdirSync(folder);
  writeFileSync(join(folder, "index.js"), code);
  return folder;
}

it("what was built is put in its place", () => {
  const [made, place] = [built("making", "one"), join(dist, "place")];
  putInPlace(made, place);
  expect(readFileSync(join(place, "index.js"), "utf8")).toBe("one");
  expect(existsSync(made)).toBe(false);
});

it("of two that build the same at once, the second takes the first one's", () => {
  const [made, place] = [built("making", "two"), built("place", "one")];
  putInPlace(made, place);
  expect(readFileSync(join(place, "index.js"), "utf8")).toBe("one");
  expect(existsSync(made)).toBe(false);
});

it("a place that is taken by something else is an error, and nothing is lost", () => {
  const made = built("making", "one");
  const place = join(dist, "place");
  mkdirSync(join(place, "other"), { recursive: true });
  expect(() => putInPlace(made, place)).toThrow("ENOTEMPTY");
  expect(existsSync(join(made, "index.js"))).toBe(true);
});
