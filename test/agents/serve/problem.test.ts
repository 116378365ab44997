import { expect, test } from "vitest";
import { HopRejected } from "../../../agents/define.ts";
import { hopIdOf, problemBody, rejectionOf } from "../../../agents/serve/problem.ts";
import type { Rejection } from "../../../mesh/rejection.ts";
import { problemBody as meshProblem } from "../../../src/problem.ts";

const REJECTIONS: readonly Rejection[] = [
  { code: "cycle_detected", path: ["a", "b", "a"], rule: { rule: "allow", times: 1 } },
  { code: "depth_exceeded", limit: 2, actual: 3, path: ["a", "b", "c"] },
  { code: "budget_exceeded", dimension: "hops", limit: 5, actual: 6, available: 0, purse: "chain" },
  { code: "rate_limited", detail: "Too many.", limit: 5, retryAfterMs: 10 },
  { code: "invalid_input", detail: "/name: no", errors: [{ pointer: "/name", detail: "no" }] },
  { code: "chain_cancelled", detail: "It was." },
];

test.each(REJECTIONS)("$code comes back from the wire as a handler inside the mesh gets it", (rejection) => {
  const body = JSON.parse(JSON.stringify(meshProblem(rejection, { chainId: "c", hopId: "h" }))) as unknown;
  const error = new HopRejected(rejectionOf(body, "badly"), hopIdOf(body));
  expect(error.rejection).toMatchObject(rejection);
  expect(error).toMatchObject({ code: rejection.code, hopId: "h", message: new HopRejected(rejection).message });
});

test.each([undefined, null, 5, {}, { code: 5 }])("what is no problem, %j, is the mesh's failure", (body) => {
  expect(rejectionOf(body, "with status 502")).toMatchObject({ code: "internal" });
  expect(hopIdOf(body)).toBeUndefined();
});

test("a problem has its type and its title", () => {
  expect(problemBody({ status: 404, code: "not_found", detail: "No." })).toEqual({
    type: "urn:hopline:problem:not_found",
    title: "No such skill",
    status: 404,
    code: "not_found",
    detail: "No.",
  });
});
