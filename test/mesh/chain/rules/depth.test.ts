/** @promise chain:no-cycle-no-depth */
import { expect, test } from "vitest";
import { depth } from "../../../../mesh/chain/rules/depth.ts";
import { ask, facts, path } from "../../../support/facts.ts";

const under = (maxDepth: number, ...callees: string[]) =>
  facts({ path: path(...callees), policy: { maxDepth, also: [] } });

test("the root hop is depth 1", () => {
  expect(depth(under(1), ask())).toBeUndefined();
  expect(depth(under(0), ask())).toMatchObject({ limit: 0, actual: 1 });
});

test("a path as long as the limit is admitted, and one longer is not", () => {
  expect(depth(under(3, "planner", "reader"), ask())).toBeUndefined();
  expect(depth(under(2, "planner", "reader"), ask())).toMatchObject({ code: "depth_exceeded", limit: 2, actual: 3 });
});

test("names the path that would be too long, with the call at its end", () => {
  expect(depth(under(2, "planner", "reader"), ask())).toMatchObject({ path: ["planner", "reader", "writer"] });
});

test("a call may tighten the limit for itself", () => {
  const refusal = depth(under(8, "planner", "reader"), ask({ policy: { maxDepth: 2 } }));
  expect(refusal).toMatchObject({ limit: 2, actual: 3 });
});

test("a call may not loosen the limit", () => {
  expect(depth(under(2, "planner", "reader"), ask({ policy: { maxDepth: 12 } }))).toMatchObject({
    limit: 2,
    actual: 3,
  });
});

test("a call that says nothing of depth keeps the limit", () => {
  expect(depth(under(3, "planner", "reader"), ask({ policy: {} }))).toBeUndefined();
  expect(depth(under(2, "planner", "reader"), ask({ policy: {} }))).toMatchObject({ limit: 2 });
});
