/** Search and its rows, on SQL alone: what is found among many, and what an older database becomes. */
import { describe, expect, test } from "vitest";
import { SEARCH_CANDIDATES } from "../../../mesh/limits.ts";
import { migrate } from "../../../mesh/migrations.ts";
import { REGISTRY_MIGRATIONS } from "../../../mesh/registry/migrations.ts";
import { searchAgents } from "../../../mesh/registry/search.ts";
import { listAgents, readUnprefixed, writeAgent } from "../../../mesh/registry/store.ts";
import { AgentRegistration } from "../../../mesh/schema.ts";
import type { Sql } from "../../../mesh/sql.ts";
import { memoryDatabase } from "../../support/sqlite.ts";

function registration(name: string, more: Record<string, unknown> = {}) {
  const endpoint = { kind: "http", url: `https://${name}.example/` };
  const agent = AgentRegistration.parse({ name, version: "1.0.0", endpoint, skills: [{ id: name }], ...more });
  return { ...agent, skills: agent.skills ?? [] };
}

function write(sql: Sql, name: string, more: Record<string, unknown> = {}): void {
  writeAgent(sql, registration(name, more), "me", 1);
}

const names = (sql: Sql, words: readonly string[], more: object = {}, offset = 0) =>
  searchAgents(sql, words, { limit: 1_000, ...more }, offset).map(({ name }) => name);

describe("a search among many agents that all have the word", () => {
  const { sql } = memoryDatabase(REGISTRY_MIGRATIONS);
  for (let n = 0; n < SEARCH_CANDIDATES + 200; n++)
    write(sql, `worker-${n}`, { description: "Common words, répétés." });
  write(sql, "common", { skills: [{ id: "rare" }] });
  write(sql, "last", { description: "common", endpoint: { kind: "binding", binding: "X" } });

  test("finds the one that is named so first, though it came last", () => {
    expect(names(sql, ["common"])[0]).toBe("common");
  });

  test("puts no more in order than its bound", () => {
    expect(names(sql, ["words"])).toHaveLength(SEARCH_CANDIDATES);
    expect(names(sql, ["words"], {}, SEARCH_CANDIDATES)).toEqual([]);
  });

  test("finds the one of a kind or of a skill behind all others", () => {
    expect(names(sql, ["comm"], { kind: "binding" })).toEqual(["last"]);
    expect(names(sql, ["common"], { skill: "rare" })).toEqual(["common"]);
    expect(names(sql, ["words"], { skill: "rare" })).toEqual([]);
  });

  test("finds a long beginning, whether all have it or one", () => {
    write(sql, "odd", { description: "Worklike." });
    expect(names(sql, ["repete"])).toHaveLength(SEARCH_CANDIDATES);
    expect(names(sql, ["répéte", "wordx"])).toEqual([]);
    expect(names(sql, ["worklik"])).toEqual(["odd"]);
    expect(names(sql, ["commo", "worklik"])).toEqual([]);
  });

  test("finds words by their beginnings, whatever their case and marks", () => {
    for (const word of ["wor", "worker", "REPE", "répét", "repetes"])
      expect(names(sql, [word]).length, word).toBeGreaterThan(1);
    expect(names(sql, ["ords"])).toEqual([]);
  });
});

test("what an agent is filtered by is no word that a search finds", () => {
  const { sql } = memoryDatabase(REGISTRY_MIGRATIONS);
  write(sql, "one");
  for (const word of ["khttp", "http", "k", "s6f6e65", "6f6e65"]) expect(names(sql, [word]), word).toEqual([]);
});

test("a database of the version before is searched and listed as a new one", () => {
  const database = memoryDatabase(REGISTRY_MIGRATIONS.slice(0, 2));
  const { sql } = database;
  const old = (id: number, name: string, more: Record<string, unknown>) => {
    const agent = registration(name, more);
    const row =
      "INSERT INTO agent (id, name, kind, owner, revision, created_at, updated_at, json) VALUES (?, ?, ?, 'me', 1, 1, 1, ?)";
    sql.exec(row, id, name, agent.endpoint.kind, JSON.stringify(agent));
    for (const skill of agent.skills) sql.exec("INSERT INTO agent_skill (skill, name) VALUES (?, ?)", skill.id, name);
    sql.exec(
      "INSERT INTO agent_text (rowid, name, description, skills, tags) VALUES (?, ?, ?, 'Sorts', 'fruit')",
      id,
      name,
      agent.description,
    );
  };
  old(3, "sorter", { description: "Sorts quinces.", skills: [{ id: "Sort.by_size" }, { id: "b" }] });
  old(7, "server", {
    endpoint: { kind: "mcp", url: "https://s.example/", toolPrefix: false },
    skills: [{ id: "read" }],
  });
  old(8, "prefixed", { endpoint: { kind: "mcp", url: "https://p.example/" }, skills: [{ id: "read" }] });
  old(9, "idle", { skills: undefined });
  migrate(database, REGISTRY_MIGRATIONS);
  expect(names(sql, ["quin"])).toEqual(["sorter"]);
  expect(names(sql, ["fruit"], { kind: "mcp" })).toEqual(["prefixed", "server"]);
  expect(names(sql, ["sorts"], { skill: "Sort.by_size" })).toEqual(["sorter"]);
  expect(names(sql, ["sorts"], { skill: "sort.by_size" })).toEqual([]);
  expect(listAgents(sql, { kind: "mcp", skill: "read", limit: 9 }, "").map(({ name }) => name)).toEqual([
    "prefixed",
    "server",
  ]);
  expect(readUnprefixed(sql, "read")?.name).toBe("server");
  expect(names(sql, ["idle"])).toEqual(["idle"]);
});
