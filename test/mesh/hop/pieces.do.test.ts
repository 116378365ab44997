/** Answers in pieces: what an agent emits before it answers, by builtin and binding agents. */
import { describe, expect, it } from "vitest";
import { freshMesh, rejectionOf } from "../../support/workers/mesh.ts";

function listener() {
  const chunks: unknown[] = [];
  return { chunks, onChunk: (chunk: unknown) => void chunks.push(chunk) };
}

describe("what an agent emits", () => {
  it("reaches its caller in order, as a copy, before the answer", async () => {
    const { output } = freshMesh();
    const { chunks, onChunk } = listener();
    expect(await output("speaker", { what: { word: ["a"], gone: undefined }, times: 3 }, { onChunk })).toBe(3);
    expect(chunks).toEqual([{ word: ["a"] }, { word: ["a"] }, { word: ["a"] }]);
    expect(chunks[0]).not.toBe(chunks[1]);
  });

  it("counts as output, to the byte", async () => {
    const { call, chain } = freshMesh();
    const outcome = await call("speaker", { what: "€", times: 10 });
    const input = JSON.stringify({ what: "€", times: 10 }).length + 2;
    expect((await chain(outcome)).spent.bytes).toBe(input + 10 * 5 + 2);
  });

  it("passes through those who pass it on, across kinds of endpoints", async () => {
    const { output, registerBinding } = freshMesh();
    await registerBinding("reviewer");
    const { chunks, onChunk } = listener();
    const path = ["reviewer", "relay-b"];
    expect(await output("relay-a", { path, input: "end", loud: true }, { onChunk })).toBe("end");
    expect(chunks).toEqual([{ at: "relay-a" }, { at: "reviewer" }, { at: "relay-b" }]);
  });

  it("is dropped where nobody listens, and a listener that fails harms nobody", async () => {
    const { output } = freshMesh();
    expect(await output("speaker", { what: 1, times: 2 })).toBe(2);
    const policy = { cycle: { rule: "allow", times: 2 } } as const;
    expect(await output("speaker", "x", { skill: "after", policy })).toBe("unharmed");
  });

  it("is bounded: more than a body may hold ends the call, and what was emitted is booked", async () => {
    const { call, chain } = freshMesh();
    const { chunks, onChunk } = listener();
    const megabyte = "x".repeat(2 ** 20 - 2);
    const outcome = await call("speaker", { what: megabyte, times: 5 }, { onChunk });
    expect(rejectionOf(outcome)).toMatchObject({ code: "upstream_error", detail: expect.stringContaining("4194304") });
    expect(chunks).toHaveLength(4);
    expect((await chain(outcome)).spent.bytes).toBeGreaterThan(4 * 2 ** 20);
  });

  it("must be JSON", async () => {
    const { output } = freshMesh();
    expect(await output("speaker", null, { skill: "nonsense" })).toBe("invalid_input");
  });
});
