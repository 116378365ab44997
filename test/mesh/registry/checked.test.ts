/** Whom the registry has the index check: told in the order of changes, and what is found believed only as it was asked. */
import { expect, test } from "vitest";
import { readUntold, writeHealth, writeTold } from "../../../mesh/registry/checked.ts";
import { setStatus } from "../../../mesh/registry/enrol.ts";
import { REGISTRY_MIGRATIONS } from "../../../mesh/registry/migrations.ts";
import { deleteAgent, readAgent, registrationIn, writeAgent } from "../../../mesh/registry/store.ts";
import { AgentRegistration } from "../../../mesh/schema.ts";
import type { Sql } from "../../../mesh/sql.ts";
import { memoryDatabase } from "../../support/sqlite.ts";

const ADMIN = { principal: "admin", admin: true };

function write(sql: Sql, name: string, healthCheck: object | undefined, more: object = {}) {
  const endpoint = { kind: "http", url: `https://${name}.example/call?x=1`, healthCheck };
  const agent = AgentRegistration.parse({ name, version: "1.0.0", endpoint, skills: [{ id: name }], ...more });
  return writeAgent(sql, { ...agent, skills: agent.skills ?? [] }, "me", 1);
}
const untold = (sql: Sql) => readUntold(sql, 99).map(({ name, url }) => [name, url]);
function tell(sql: Sql): void {
  writeTold(sql, readUntold(sql, 99).at(-1)?.revision ?? 0);
}
function found(sql: Sql, name: string, state: "healthy" | "unhealthy" = "unhealthy"): boolean {
  const [row] = [...sql.exec<{ url: string; rules: string }>("SELECT url, rules FROM checked WHERE name = ?", name)];
  return row !== undefined && writeHealth(sql, { name, ...row, state, since: 7 });
}

test("the index is told of agents with a check, of changes of it, and of its end; of no other agent", () => {
  const { sql } = memoryDatabase(REGISTRY_MIGRATIONS);
  write(sql, "plain", undefined);
  write(sql, "a", {});
  write(sql, "b", { path: "/up" });
  expect(untold(sql)).toEqual([
    ["a", "https://a.example/healthz"],
    ["b", "https://b.example/up"],
  ]);
  tell(sql);
  expect(untold(sql)).toEqual([]);
  write(sql, "a", { path: "/other" });
  write(sql, "b", undefined);
  deleteAgent(sql, "plain");
  expect(untold(sql)).toEqual([
    ["a", "https://a.example/other"],
    ["b", null],
  ]);
  tell(sql);
  deleteAgent(sql, "a");
  expect(untold(sql)).toEqual([["a", null]]);
  tell(sql);
  expect([...sql.exec("SELECT * FROM checked")]).toEqual([]);
});

test("only an active agent is checked", () => {
  const { sql } = memoryDatabase(REGISTRY_MIGRATIONS);
  write(sql, "a", {}, { status: "quarantined" });
  expect(untold(sql)).toEqual([]);
  setStatus(sql, "a", "active", ADMIN, undefined, 2);
  expect(untold(sql)).toEqual([["a", "https://a.example/healthz"]]);
  found(sql, "a");
  setStatus(sql, "a", "draining", ADMIN, undefined, 3);
  expect(untold(sql)).toEqual([["a", null]]);
  expect(readAgent(sql, "a")).not.toHaveProperty("health");
});

test("what was found is kept with the agent as long as it is checked so, and is no change of it", () => {
  const { sql } = memoryDatabase(REGISTRY_MIGRATIONS);
  const { revision } = write(sql, "a", {});
  expect(found(sql, "a")).toBe(true);
  expect(readAgent(sql, "a")).toMatchObject({ health: { state: "unhealthy", since: 7 }, revision });
  expect(registrationIn(readAgent(sql, "a") as never)).not.toHaveProperty("health");
  write(sql, "a", {}, { description: "Another." });
  expect(readAgent(sql, "a")).toMatchObject({ description: "Another.", health: { state: "unhealthy" } });
  const [asked] = readUntold(sql, 1);
  write(sql, "a", { intervalMs: 1_000 });
  expect(readAgent(sql, "a")).not.toHaveProperty("health");
  const former = { name: "a", url: asked?.url ?? "", rules: asked?.rules ?? "" };
  expect(writeHealth(sql, { ...former, state: "unhealthy", since: 8 })).toBe(false);
  expect(readAgent(sql, "a")).not.toHaveProperty("health");
  expect(writeHealth(sql, { ...former, name: "nobody", state: "healthy", since: 8 })).toBe(false);
});
