import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { offered, partsOf, skillOf, toolName } from "../../../mesh/registry/tool-names.ts";
import type { Skill } from "../../../mesh/schema.ts";
import { toolNameProblem } from "../../../src/mcp/names.ts";

const skill = (id: string): Skill => ({
  id,
  description: "",
  tags: [],
  inputSchema: {},
  outputSchema: {},
  examples: [],
});
const agent = (name: string, ...ids: string[]) => ({
  name,
  skills: ids.map(skill),
  endpoint: { kind: "builtin" } as const,
});
const server = (name: string, toolPrefix: boolean, pin: "flag" | "strict", ...skills: Skill[]) => ({
  name,
  skills,
  status: "active" as const,
  endpoint: { kind: "mcp", url: "http://127.0.0.1:1/mcp", toolPrefix, pin, continues: false } as const,
});
const names = fc.stringMatching(/^[a-z][a-z0-9-]{0,62}$/);
const ids = fc.uniqueArray(fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/), { minLength: 1, maxLength: 5 });

describe("the name of a tool", () => {
  it("is the agent's when it has one skill, and names the skill when it has more", () => {
    expect(toolName(agent("a", "x"), skill("x"))).toBe("a");
    expect(toolName(agent("a", "x", "y"), skill("y"))).toBe("a__y");
  });

  it("leads back to the agent and skill that it was made of, and is valid", () => {
    fc.assert(
      fc.property(names, ids, (name, skills) => {
        const made = agent(name, ...skills);
        for (const one of made.skills) {
          const tool = toolName(made, one);
          const parts = partsOf(tool);
          expect([parts.agent, skillOf(made, parts.skill)?.id]).toEqual([name, one.id]);
          expect(tool).toMatch(/^[A-Za-z0-9_.-]+$/);
        }
      }),
    );
  });

  it("is never that of two agents", () => {
    fc.assert(
      fc.property(names, names, ids, ids, (one, other, skills, more) => {
        fc.pre(one !== other);
        const [left, right] = [agent(one, ...skills), agent(other, ...more)];
        const taken = new Set(left.skills.map((each) => toolName(left, each)));
        expect(right.skills.some((each) => taken.has(toolName(right, each)))).toBe(false);
      }),
    );
  });

  it("of a federated server has the server's before it, though it has one tool, or stands alone", () => {
    expect(toolName(server("s", true, "flag", skill("add")), skill("add"))).toBe("s__add");
    expect(toolName(server("s", false, "flag", skill("add")), skill("add"))).toBe("add");
    expect(skillOf(server("s", true, "flag", skill("add")), undefined)).toBeUndefined();
  });

  it("of a tool that has changed is offered, unless its server is pinned strictly", () => {
    const changed = { ...skill("add"), tool: { digest: "new", approved: "old" } };
    const same = { ...skill("sub"), tool: { digest: "old", approved: "old" } };
    expect(offered(server("s", true, "flag", changed, same))).toEqual([changed, same]);
    expect(offered(server("s", true, "strict", changed, same))).toEqual([same]);
    expect(offered({ ...server("s", true, "flag", same), status: "draining" })).toEqual([]);
  });

  it("without a skill means none of several: which one is not guessed", () => {
    expect(skillOf(agent("a", "x", "y"), undefined)).toBeUndefined();
    expect(skillOf(agent("a", "x", "y"), "z")).toBeUndefined();
  });
});

describe("a registration", () => {
  it("can't take a name of the mesh's own tools", () => {
    expect(toolNameProblem(agent("mesh", "chain", "other"))?.code).toBe("conflict");
    expect(toolNameProblem(agent("mesh", "any", "thing"))?.code).toBe("conflict");
    expect(toolNameProblem(agent("mesh", "chain"))).toBeUndefined();
    expect(toolNameProblem(agent("mesh-two", "chain", "other"))).toBeUndefined();
  });

  it("can't have a tool with a name of more than 128 characters", () => {
    const long = "s".repeat(64);
    expect(toolNameProblem(agent("a".repeat(62), long, "t"))).toBeUndefined();
    expect(toolNameProblem(agent("a".repeat(63), long, "t"))?.code).toBe("invalid_request");
  });
});
