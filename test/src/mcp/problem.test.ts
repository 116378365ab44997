import { describe, expect, it } from "vitest";
import type { Rejection } from "../../../mesh/rejection.ts";
import { schemaRejection } from "../../../src/body.ts";
import { META, readWishes } from "../../../src/mcp/meta.ts";
import { adviceFor, passedCode, passedError, refusalResult } from "../../../src/mcp/problem.ts";
import { PROBLEMS } from "../../../src/problem.ts";

const text = (rejection: Rejection) => {
  const [first] = refusalResult(rejection, { chainId: "c".repeat(32) }).content;
  return first?.type === "text" ? first.text : "";
};

describe("a refusal as a result", () => {
  it("is an error that names the whole path of a loop and its rule", () => {
    const said = text({ code: "cycle_detected", path: ["a", "b", "a"], rule: { rule: "allow", times: 1 } });
    expect(said).toContain("path: a → b → a");
    expect(said).toContain('rule: {"rule":"allow","times":1}');
    expect(said).toContain(`chain: ${"c".repeat(32)}`);
  });

  it("says of a budget what was asked, what is allowed and what is left", () => {
    const said = text({
      code: "budget_exceeded",
      dimension: "tokens",
      limit: 10,
      actual: 12,
      available: 3,
      purse: "chain",
    });
    expect(said).toContain("tokens: 12 with this call, limit: 10, available: 3");
  });

  it("says when to come back, and what to correct", () => {
    expect(text({ code: "rate_limited", detail: "Busy.", limit: 2, retryAfterMs: 1_500 })).toContain(
      "retry after: 1500 ms",
    );
    const errors = [{ pointer: "/a", detail: "must be a number" }];
    expect(text({ code: "invalid_input", detail: "No.", errors })).toContain("/a: must be a number");
  });

  it("says nothing twice, and tells a refusal from a failure", () => {
    const errors = [{ pointer: "/a", detail: "must be a number" }];
    const said = text({ code: "invalid_input", detail: "The input: /a: must be a number", errors });
    expect(said.match(/must be a number/g)).toHaveLength(1);
    expect(said).toMatch(/^Refused \(invalid_input\)/);
    expect(text({ code: "upstream_error", detail: "It broke." })).toMatch(/^Failed \(upstream_error\)/);
    expect(text({ code: "deadline_exceeded", detail: "Too late." })).toMatch(/^Stopped \(deadline_exceeded\)/);
  });

  it("carries the same problem as the HTTP API, and its place", () => {
    const rejection: Rejection = { code: "depth_exceeded", limit: 8, actual: 9, path: ["a"] };
    const result = refusalResult(rejection, { chainId: "c", hopId: "h" });
    expect(result.isError).toBe(true);
    expect(result._meta).toMatchObject({
      [META.chainId]: "c",
      [META.hopId]: "h",
      [META.problem]: { code: "depth_exceeded", status: 508, limit: 8, actual: 9, chainId: "c" },
    });
  });

  it("advises something for every code there is", () => {
    for (const code of Object.keys(PROBLEMS)) {
      const rejection = { code, detail: "", dimension: "hops", retryAfterMs: 1 } as unknown as Rejection;
      expect([code, adviceFor(rejection).length > 10]).toEqual([code, true]);
    }
  });
});

describe("what a call says of its chain in _meta", () => {
  const read = (meta: Record<string, unknown>, hop = false) => readWishes(meta, hop, schemaRejection);

  it("is read by its own schemas, and other people's keys are left alone", () => {
    const meta = { [META.budget]: { hops: 3 }, [META.policy]: { maxDepth: 2 }, "com.example/x": 1, progressToken: 7 };
    expect(read(meta)).toMatchObject({ budget: { hops: 3 }, policy: { maxDepth: 2 } });
  });

  it.each([
    [{ [META.budget]: { hops: -1 } }],
    [{ [META.budget]: { steps: 1 } }],
    [{ [META.policy]: { maxDepth: 13 } }],
    [{ "io.hopline/budgets": { hops: 1 } }],
  ])("%o is refused", (meta) => {
    expect(read(meta)).toMatchObject({ code: "invalid_request" });
  });

  it("sets no budget within a chain, and may set an allowance there", () => {
    expect(read({ [META.budget]: { hops: 1 } }, true)).toMatchObject({ code: "invalid_request" });
    expect(read({ [META.allowance]: { hops: 1 } }, true)).toMatchObject({ allowance: { hops: 1 } });
  });

  it("takes a traceparent as text of bounded length, and nothing else", () => {
    expect(read({ traceparent: "0".repeat(500) })).toMatchObject({ traceparent: "0".repeat(128) });
    expect(read({ traceparent: 7 })).toMatchObject({ traceparent: undefined });
  });
});

describe("an upstream's JSON-RPC error", () => {
  it.each([
    [-32_602, -32_602],
    [-32_021, -32_021],
    [-32_042, -32_042],
    [-31_999, -31_999],
    [1, 1],
    // What these say is of the upstream's own connection, which is the mesh's.
    [-32_601, -32_603],
    [-32_020, -32_603],
    [-32_001, -32_603],
    [-32_700, -32_603],
  ])("with code %i is one with code %i", (given, passed) => {
    expect(passedCode(given)).toBe(passed);
  });

  it("keeps its data, and has the problem beside it", () => {
    const rejection = { code: "upstream_error", detail: "d" } as const;
    const data = { requiredCapabilities: { sampling: {} } };
    const error = passedError({ code: -32_021, message: "m", data }, rejection, { hopId: "h" });
    expect(error).toMatchObject({
      message: "m",
      data: { ...data, [META.problem]: { code: "upstream_error", hopId: "h" } },
    });
    expect(passedError({ code: 1, message: "m", data: ["as", "it", "was"] }, rejection, {}).data).toEqual([
      "as",
      "it",
      "was",
    ]);
  });
});
