// @promise mcp:tools-are-hops
import { describe, expect, it } from "vitest";
import { approved, type FoundTool, goneAfter, hasChanged, isWithheld, pinned } from "../../../mesh/federation/pins.ts";

const found = (name: string, digest: string): FoundTool => ({
  name,
  description: `Does ${name}.`,
  inputSchema: { type: "object" },
  digest,
});

describe("a server's tools", () => {
  it("are approved as they are first seen", () => {
    const tools = pinned([], [found("add", "one"), found("sub", "two")]);
    expect(tools.map(({ id, tool }) => [id, tool.digest, tool.approved])).toEqual([
      ["add", "one", "one"],
      ["sub", "two", "two"],
    ]);
    expect(tools.some(hasChanged)).toBe(false);
  });

  it("are flagged when they change, however often, and no more when they change back", () => {
    const first = pinned([], [found("add", "one")]);
    const second = pinned(first, [found("add", "two")]);
    const third = pinned(second, [found("add", "three")]);
    for (const tools of [second, third]) expect(tools.map(hasChanged)).toEqual([true]);
    expect(pinned(third, [found("add", "one")]).map(hasChanged)).toEqual([false]);
  });

  it("are withheld for that only under a strict pin", () => {
    const [changed] = pinned(pinned([], [found("add", "one")]), [found("add", "two")]);
    if (changed === undefined) throw new Error("There is a tool.");
    expect([isWithheld(changed, "strict"), isWithheld(changed, "flag")]).toEqual([true, false]);
  });

  it("are approved by name, or all at once; what was approved stays so until the next change", () => {
    const before = pinned([], [found("add", "one"), found("sub", "one")]);
    const changed = pinned(before, [found("add", "two"), found("sub", "two")]);
    expect(approved(changed, ["sub"]).map(hasChanged)).toEqual([true, false]);
    expect(approved(changed, undefined).map(hasChanged)).toEqual([false, false]);
    expect(pinned(approved(changed, undefined), [found("add", "two"), found("sub", "three")]).map(hasChanged)).toEqual([
      false,
      true,
    ]);
  });

  it("that go and come back changed have changed: going is no way round the pin", () => {
    const before = pinned([], [found("add", "one"), found("sub", "one")]);
    const gone = goneAfter(before, [found("sub", "one")]);
    expect(gone).toEqual({ add: "one" });
    const without = pinned(before, [found("sub", "one")]);
    const back = pinned(without, [found("add", "two"), found("sub", "one")], gone);
    expect(back.map(hasChanged)).toEqual([true, false]);
    expect(goneAfter(without, [found("add", "two")], gone)).toEqual({ sub: "one" });
  });
});
