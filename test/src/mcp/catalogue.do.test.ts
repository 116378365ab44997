/** The list of tools of a mesh with many agents: whole, in one order, capped; and the mesh's own tools. */
import { describe, expect, it } from "vitest";
import { MCP_TOOLS_PAGE } from "../../../mesh/limits.ts";
import type { Changed } from "../../../mesh/registry/registry.ts";
import { type Agent, AgentRegistration, type Scope, type Skill } from "../../../mesh/schema.ts";
import type { Identity } from "../../../src/auth.ts";
import { listTools } from "../../../src/mcp/catalogue.ts";
import { meshTool } from "../../../src/mcp/mesh-tools.ts";
import { complete } from "../../../src/mcp/resources.ts";
import { freshMesh } from "../../support/workers/mesh.ts";

const ADMIN = { principal: "admin", admin: true };

async function register(mesh: Identity["mesh"], name: string, more: Record<string, unknown> = {}): Promise<void> {
  const agent = AgentRegistration.parse({
    name,
    version: "1.0.0",
    description: `Agent ${name} does a thing.`,
    endpoint: { kind: "http", url: "https://agents.example/" },
    skills: [{ id: "only" }],
    ...more,
  });
  const stored = { ...agent, skills: (agent.skills ?? []) as Skill[] };
  const changed = (await mesh.registry.register(stored, ADMIN)) as Changed<Agent>;
  expect(changed.ok).toBe(true);
}

function identity(scopes: readonly Scope[] = ["admin"]): Identity {
  const { mesh } = freshMesh();
  return { mesh, principal: "admin", scopes: new Set(scopes), deployment: true };
}

async function allTools(of: Identity, cap = 1_000): Promise<{ names: string[]; pages: number[] }> {
  const names: string[] = [];
  const pages: number[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await listTools(of, cursor, cap);
    names.push(...(page?.tools ?? []).map(({ name }) => name));
    pages.push(page?.tools.length ?? -1);
    if (page?.nextCursor === undefined) return { names, pages };
    cursor = page.nextCursor;
  }
}

const text = (result: { content: readonly unknown[] }) => (result.content[0] as { text: string }).text;

describe("the list of tools", () => {
  it("has each of many agents once, in the order of their names, page by page", async () => {
    const of = identity();
    const wanted = Array.from({ length: 300 }, (_, place) => `agent-${String(place * 7).padStart(4, "0")}`);
    for (const name of wanted) await register(of.mesh, name);
    await register(of.mesh, "many", { skills: Array.from({ length: 60 }, (_, place) => ({ id: `s${place}` })) });
    const { names, pages } = await allTools(of);
    expect(new Set(names).size).toBe(names.length);
    const agents = names.filter((name) => name.startsWith("agent-"));
    expect(agents).toEqual(wanted);
    expect(names.filter((name) => name.startsWith("many__"))).toHaveLength(60);
    expect(pages.length).toBeGreaterThan(1);
    expect(Math.max(...pages)).toBeLessThanOrEqual(MCP_TOOLS_PAGE + 10);
  });

  it("is capped, and what it does not tell is found and called", async () => {
    const of = identity();
    for (let place = 0; place < 30; place++) await register(of.mesh, `agent-${String(place).padStart(2, "0")}`);
    await register(of.mesh, "zebra", { description: "Counts stripes." });
    const { names } = await allTools(of, 20);
    expect(names.length).toBeLessThanOrEqual(20);
    expect(names).not.toContain("zebra");
    const found = await meshTool(of, "mesh__find_tools")?.run(of, { query: "stripes" });
    expect(found?.structuredContent).toMatchObject({ tools: [{ name: "zebra" }] });
  });

  it("of an agent's many tools finds those that match, wherever they stand, before all others", async () => {
    const of = identity();
    const skills = Array.from({ length: 60 }, (_, place) => ({ id: `op${place}`, description: "Feeds an animal." }));
    skills[55] = { id: "op55", description: "Feeds a zebra." };
    await register(of.mesh, "keeper", { skills });
    await register(of.mesh, "park", { skills: [{ id: "walk", description: "Walks a zebra." }, { id: "rest" }] });
    const find = async (query: string) => {
      const found = await meshTool(of, "mesh__find_tools")?.run(of, { query, limit: 20 });
      return ((found?.structuredContent ?? { tools: [] }) as { tools: { name: string }[] }).tools.map(
        ({ name }) => name,
      );
    };
    expect((await find("zebra")).toSorted()).toEqual(["keeper__op55", "park__walk"]);
    expect(await find("feeds zebra")).toEqual(["keeper__op55"]);
    expect(await find("keeper__op55")).toEqual(["keeper__op55"]);
    expect(await find("op55")).toEqual(["keeper__op55"]);
    // No tool has both words, but its agent has.
    expect(await find("walk rest")).toEqual(["park__walk", "park__rest"]);
    expect(await find("keeper")).toHaveLength(20);
  });

  it("leaves out agents that take no calls, and goes on after a page of them", async () => {
    const of = identity();
    for (let place = 0; place < MCP_TOOLS_PAGE + 10; place++)
      await register(of.mesh, `a-${place}`, { status: "draining" });
    await register(of.mesh, "b");
    expect((await allTools(of)).names).toContain("b");
    expect((await allTools(of)).names.filter((name) => name.startsWith("a-"))).toEqual([]);
  });

  it("takes no cursor but its own", async () => {
    for (const cursor of ["x", "", "bnVsbA", btoa('{"after":1}')]) {
      expect([cursor, await listTools(identity(), cursor, 10)]).toEqual([cursor, undefined]);
    }
  });

  it("shows a caller no tool of the mesh that it may not use", async () => {
    for (const scope of ["read", "invoke", "register"] as const) {
      const of = identity([scope]);
      const { names } = await allTools(of);
      for (const name of ["list_agents", "find_tools", "call_graph", "chain", "cancel_chain"]) {
        const shown = names.includes(`mesh__${name}`);
        expect([scope, name, meshTool(of, `mesh__${name}`) !== undefined]).toEqual([scope, name, shown]);
      }
    }
  });
});

describe("the mesh's tools", () => {
  it("list agents page by page", async () => {
    const of = identity();
    for (const name of ["x-1", "x-2", "x-3"]) await register(of.mesh, name);
    const tool = meshTool(of, "mesh__list_agents");
    const names: string[] = [];
    for (let cursor: string | undefined; ; ) {
      const page = (await tool?.run(of, { limit: 2, cursor }))?.structuredContent as {
        agents: { name: string }[];
        nextCursor?: string;
      };
      names.push(...page.agents.map(({ name }) => name));
      cursor = page.nextCursor;
      if (cursor === undefined) break;
    }
    expect(names.filter((name) => name.startsWith("x-"))).toEqual(["x-1", "x-2", "x-3"]);
    expect(new Set(names).size).toBe(names.length);
  });

  it("refuse arguments and chains that are none in words", async () => {
    const of = identity();
    for (const args of [{}, { chainId: "x" }, { chainId: "0".repeat(32) }, { chainId: "0".repeat(32), more: 1 }]) {
      const result = await meshTool(of, "mesh__chain")?.run(of, args);
      expect([args, result?.isError, text(result ?? { content: [] })]).toEqual([
        args,
        true,
        expect.stringMatching(/^Refused \(/),
      ]);
    }
  });
});

describe("the completion of an agent's name", () => {
  it("has those that begin with what is there, among however many", async () => {
    const of = identity();
    for (let place = 0; place < 220; place++) await register(of.mesh, `da-${String(place).padStart(3, "0")}`);
    for (const name of ["de", "de-z", "df"]) await register(of.mesh, name);
    const ask = async (value: string) =>
      (await complete(of, "hopline://agents/{name}", { name: "name", value })).completion;
    expect((await ask("de")).values.filter((name) => name !== "desk")).toEqual(["de", "de-z"]);
    const many = await ask("da");
    expect([many.values.length, many.hasMore]).toEqual([100, true]);
  });
});
