/** The registry object: agents, their search and their revisions, what ships, keys, and the keyring. */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import type { KeyringRecord } from "../../../mesh/identity/keyring.ts";
import type { KeyRecord } from "../../../mesh/identity/keys.ts";
import type { Changed, Registry } from "../../../mesh/registry/registry.ts";
import { searchAgents } from "../../../mesh/registry/search.ts";
import {
  type AgentFilter,
  listAgents,
  readAgent,
  readRevision,
  readUnprefixed,
  writeAgent,
} from "../../../mesh/registry/store.ts";
import { type Agent, AgentRegistration, type Skill } from "../../../mesh/schema.ts";
import type { Sql, SqlValue } from "../../../mesh/sql.ts";
import { bindings, rows } from "../../support/workers/ledger.ts";

const MONTH = 30 * 24 * 3_600_000;

const OWNER = { principal: "key:owner", admin: false };
const OTHER = { principal: "key:other", admin: false };
const ADMIN = { principal: "admin", admin: true };

function registration(name: string, more: Record<string, unknown> = {}): AgentRegistration & { skills: Skill[] } {
  const agent = AgentRegistration.parse({
    name,
    version: "1.0.0",
    endpoint: { kind: "http", url: `https://${name}.example/` },
    skills: [{ id: name }],
    ...more,
  });
  return { ...agent, skills: agent.skills ?? [] };
}

/** A registry of its own, with the types that its class gives it. */
function freshRegistry() {
  const stub = bindings.REGISTRY.getByName(crypto.randomUUID());
  const { register, replace } = stub;
  const filter = (more: Partial<AgentFilter>): AgentFilter => ({ limit: 100, ...more });
  return {
    stub,
    register: (agent: ReturnType<typeof registration>, who = OWNER) => register(agent, who) as Promise<Changed<Agent>>,
    replace: (agent: ReturnType<typeof registration>, who = OWNER, ifMatch?: number) =>
      replace(agent, who, ifMatch) as Promise<Changed<Agent>>,
    agent: async (name: string) => (await stub.agent(name)) as { revision: number; value: Agent | undefined },
    list: async (more: Partial<AgentFilter> = {}, after = "") => (await stub.list(filter(more), after)) as Agent[],
    search: async (words: string[], more: Partial<AgentFilter> = {}, offset = 0) =>
      ((await stub.search(words, filter(more), offset)) as Agent[]).map(({ name }) => name),
  };
}

const named = (agents: readonly Agent[]) => agents.map(({ name }) => name);

describe.concurrent("agents", () => {
  it("are registered once: a name that is taken is a conflict", async () => {
    const { register, agent } = freshRegistry();
    expect(await register(registration("mine"))).toMatchObject({
      ok: true,
      value: { name: "mine", owner: "key:owner" },
    });
    expect(await register(registration("mine", { version: "2.0.0" }), OTHER)).toMatchObject({
      ok: false,
      rejection: { code: "conflict" },
    });
    expect((await agent("mine")).value).toMatchObject({ version: "1.0.0", owner: "key:owner" });
  });

  it("every change has a revision of its own, that of the agent and of the registry", async () => {
    const { stub, register, replace, agent } = freshRegistry();
    const start = await stub.revision();
    const first = await register(registration("a"));
    const second = await register(registration("b"));
    const third = await replace(registration("a", { version: "1.1.0" }));
    expect([first, second, third]).toMatchObject([
      { revision: start + 1, value: { revision: start + 1 } },
      { revision: start + 2, value: { revision: start + 2 } },
      { revision: start + 3, value: { revision: start + 3, version: "1.1.0" } },
    ]);
    expect(await stub.remove("b", OWNER, undefined)).toMatchObject({ ok: true, revision: start + 4 });
    expect(await agent("b")).toEqual({ revision: start + 4, value: undefined });
    expect((await agent("a")).value?.revision).toBe(start + 3);
  });

  it("a replacement keeps the owner and the time of creation", async () => {
    const { register, replace } = freshRegistry();
    const created = await register(registration("a"));
    const replaced = await replace(registration("a", { version: "9.0.0" }), ADMIN);
    const { createdAt } = (created as { value: Agent }).value;
    expect(replaced).toMatchObject({ value: { owner: "key:owner", createdAt, version: "9.0.0" } });
  });

  it("a change with an ETag that is no longer true is refused, and changes nothing", async () => {
    const { stub, register, replace, agent } = freshRegistry();
    const created = await register(registration("a"));
    const { revision } = (created as { value: Agent }).value;
    expect(await replace(registration("a", { version: "2.0.0" }), OWNER, revision)).toMatchObject({ ok: true });
    const stale = { ok: false, rejection: { code: "precondition_failed" } };
    expect(await replace(registration("a", { version: "3.0.0" }), OWNER, revision)).toMatchObject(stale);
    expect(await stub.remove("a", OWNER, revision)).toMatchObject(stale);
    expect((await agent("a")).value?.version).toBe("2.0.0");
  });

  it("belong to who registered them: another key may not change them, an admin may", async () => {
    const { stub, register, replace } = freshRegistry();
    await register(registration("a"));
    const refused = { ok: false, rejection: { code: "insufficient_scope" } };
    expect(await replace(registration("a"), OTHER)).toMatchObject(refused);
    expect(await stub.remove("a", OTHER, undefined)).toMatchObject(refused);
    expect(await stub.remove("a", ADMIN, undefined)).toMatchObject({ ok: true });
    expect(await stub.remove("a", ADMIN, undefined)).toMatchObject({
      ok: false,
      rejection: { code: "agent_not_found" },
    });
  });

  it("survive an eviction with their revision, in the list and in the search", async () => {
    const { stub, register, agent, search } = freshRegistry();
    const created = await register(registration("survivor", { description: "outlives" }));
    await evictDurableObject(stub);
    expect((await agent("survivor")).value).toEqual((created as { value: Agent }).value);
    expect(await search(["outlives"])).toEqual(["survivor"]);
    expect(await stub.revision()).toBe(created.ok ? created.revision : 0);
  });
});

describe.concurrent("the list and the search", () => {
  it("page by name, neither losing nor repeating one, by kind and by skill", async () => {
    const { register, list } = freshRegistry();
    const names = Array.from({ length: 25 }, (_, n) => `agent-${String(n).padStart(2, "0")}`);
    for (const [n, name] of names.toReversed().entries()) {
      await register(registration(name, { skills: [{ id: n % 5 === 0 ? "five" : "other" }] }));
    }
    const paged: string[] = [];
    for (let after = ""; ; ) {
      const page = named(await list({ kind: "http", limit: 7 }, after));
      if (page.length === 0) break;
      paged.push(...page);
      after = page.at(-1) ?? "";
    }
    expect(paged).toEqual(names);
    expect(named(await list({ skill: "five" }))).toHaveLength(5);
    expect(named(await list({ skill: "five", limit: 2 }, "agent-10"))).toEqual(["agent-14", "agent-19"]);
    expect(named(await list({ kind: "binding" }))).toEqual([]);
    expect(named(await list({ kind: "builtin" }))).toContain("echo");
  });

  it("find every word, as a beginning, in name, description, skills and tags; a name first", async () => {
    const { register, search } = freshRegistry();
    await register(registration("weather", { description: "Tells of rain." }));
    await register(registration("almanac", { description: "Knows the weather of old." }));
    const skills = [{ id: "s", name: "Zygote", description: "Sorts quinces", tags: ["ultramarine"] }];
    await register(registration("sorter", { skills }));
    expect(await search(["weather"])).toEqual(["weather", "almanac"]);
    expect(await search(["weath"])).toEqual(["weather", "almanac"]);
    expect(await search(["weather", "rain"])).toEqual(["weather"]);
    for (const word of ["zygote", "quinces", "ultramarine"]) expect(await search([word])).toEqual(["sorter"]);
    expect(await search(["weather"], { limit: 1 }, 1)).toEqual(["almanac"]);
    expect(await search(["weather"], { kind: "builtin" })).toEqual([]);
    expect(await search(["zygote"], { skill: "s" })).toEqual(["sorter"]);
  });

  it("what is written like a query is a word, and what was replaced or removed is found no more", async () => {
    const { stub, register, replace, search } = freshRegistry();
    await register(registration("a", { description: "former words" }));
    for (const words of [['"'], ["*"], ["a OR b"], ["NEAR("], ["name:a"], ["-a"]]) {
      expect(Array.isArray(await search(words))).toBe(true);
    }
    await replace(registration("a", { description: "latter" }));
    expect(await search(["former"])).toEqual([]);
    expect(await search(["latter"])).toEqual(["a"]);
    await stub.remove("a", OWNER, undefined);
    expect(await search(["latter"])).toEqual([]);
  });

  it("read no more of the table than they answer", async () => {
    const { stub } = freshRegistry();
    const scans = await runInDurableObject<Registry, string[]>(stub, (_, { storage }) => {
      const seen = new Map<string, (string | number | null)[]>();
      const sql: Sql = {
        exec<Row extends Record<string, SqlValue>>(query: string, ...values: (string | number | null)[]) {
          seen.set(query, values);
          return storage.sql.exec<Row>(query, ...values);
        },
      };
      writeAgent(sql, registration("a"), "me", 1);
      readAgent(sql, "a");
      readUnprefixed(sql, "a");
      readRevision(sql);
      for (const filter of [{}, { kind: "http" }, { skill: "a" }, { kind: "http", skill: "a" }]) {
        listAgents(sql, { limit: 5, ...filter }, "a");
        searchAgents(sql, ["a"], { limit: 5, ...filter }, 0);
      }
      return [...seen].flatMap(([query, values]) =>
        [...storage.sql.exec<{ detail: string }>(`EXPLAIN QUERY PLAN ${query}`, ...values)]
          .filter(
            ({ detail }) => detail.startsWith("SCAN") && !/^SCAN (revision|agent_word VIRTUAL TABLE)/.test(detail),
          )
          .map(({ detail }) => `${detail}: ${query}`),
      );
    });
    expect(scans).toEqual([]);
  });
});

describe.concurrent("agents that ship", () => {
  it("are there from the start, owned by the mesh, and are put in once", async () => {
    const { stub, agent } = freshRegistry();
    const { revision, value } = await agent("echo");
    expect(value).toMatchObject({ owner: "mesh", endpoint: { kind: "builtin" }, skills: [{ id: "echo" }] });
    await evictDurableObject(stub);
    expect(await stub.revision()).toBe(revision);
  });

  it("that an admin has removed stay removed, and one that an admin has changed stays changed", async () => {
    const { stub, agent, replace } = freshRegistry();
    await stub.remove("echo", ADMIN, undefined);
    const changed = registration("sleeper", { endpoint: { kind: "builtin" }, status: "quarantined" });
    await replace(changed, ADMIN);
    await evictDurableObject(stub);
    expect((await agent("echo")).value).toBeUndefined();
    expect((await agent("sleeper")).value).toMatchObject({ status: "quarantined" });
  });

  it("come in their new version, but not over what somebody else has registered or removed", async () => {
    const { stub, agent, register } = freshRegistry();
    await stub.remove("echo", ADMIN, undefined);
    await stub.remove("fan", ADMIN, undefined);
    await register(registration("fan"));
    await rows(stub, "UPDATE shipped SET version = '0.0.1'");
    await rows(stub, "UPDATE agent SET json = json_set(json, '$.version', '0.0.1') WHERE name = 'relay-a'");
    await evictDurableObject(stub);
    expect((await agent("relay-a")).value?.version).toBe("1.0.0");
    expect((await agent("echo")).value).toBeUndefined();
    expect((await agent("fan")).value).toMatchObject({ owner: "key:owner", endpoint: { kind: "http" } });
  });
});

describe.concurrent("keys and the keyring", () => {
  const key = (keyId: string): KeyRecord => ({
    keyId,
    name: "a key",
    scopes: ["invoke", "read"],
    agent: null,
    hash: "00",
    createdBy: "admin",
    createdAt: 1,
    expiresAt: 2,
  });

  it("the keyring is made once, whoever asks first, and survives an eviction", async () => {
    const { stub } = freshRegistry();
    const asked = await runInDurableObject<Registry, string[]>(stub, (registry) =>
      Promise.all(Array.from({ length: 20 }, async () => JSON.stringify((await registry.keyring(MONTH)).value))),
    );
    expect(new Set(asked).size).toBe(1);
    await evictDurableObject(stub);
    expect(JSON.stringify(((await stub.keyring(MONTH)) as { value: KeyringRecord }).value)).toBe(asked[0]);
  });

  it("a key is made, listed in pages and revoked, each with a revision", async () => {
    const { stub } = freshRegistry();
    const start = await stub.revision();
    expect(await stub.createKey(key("a"))).toBe(start + 1);
    expect(await stub.createKey(key("b"))).toBe(start + 2);
    expect(await stub.key("a")).toEqual({ revision: start + 2, value: key("a") });
    expect(await stub.keys("", 1)).toEqual([key("a")]);
    expect(await stub.keys("a", 9)).toEqual([key("b")]);
    expect(await stub.revokeKey("a")).toMatchObject({ ok: true, revision: start + 3 });
    expect(await stub.key("a")).toEqual({ revision: start + 3, value: undefined });
    expect(await stub.revokeKey("a")).toMatchObject({ ok: false, rejection: { code: "not_found" } });
  });
});
