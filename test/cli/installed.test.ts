/** What `npm start` and `npm test` take for installed, when somebody else has installed it. */
import { expect, test } from "vitest";
// @ts-expect-error It runs before there is a compiler: it has no types.
import { isAsLocked } from "../../scripts/installed.mjs";

const lock = (packages: Record<string, object>) => ({ packages: { "": { name: "hopline" }, ...packages } });
const A = { version: "1.0.0", integrity: "sha512-a" };

test("what the lockfile names is installed as it says, but what is optional; more than it names is not", () => {
  const wanted = lock({ "node_modules/a": A, "node_modules/b": { ...A, optional: true } });
  const found = (packages: Record<string, object>) => isAsLocked(wanted, { packages });
  expect(found({ "node_modules/a": A })).toBe(true);
  expect(found({ "node_modules/a": A, "node_modules/b": A })).toBe(true);
  expect(found({})).toBe(false);
  expect(found({ "node_modules/a": { ...A, version: "1.0.1" } })).toBe(false);
  expect(found({ "node_modules/a": { ...A, integrity: "sha512-b" } })).toBe(false);
  expect(found({ "node_modules/a": A, "node_modules/c": A })).toBe(false);
});
