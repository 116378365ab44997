/** The registry object, one a mesh: who there is, and with which keys. A thin shell over its stores. */
import { DurableObject } from "cloudflare:workers";
import { allBuiltins, registrationOf } from "../builtins.ts";
import type { EgressPolicy } from "../egress/address.ts";
import { type Discovered, discover } from "../federation/discover.ts";
import { Listeners } from "../federation/listeners.ts";
import { approved } from "../federation/pins.ts";
import { recorded } from "../federation/record.ts";
import type { KeyringRecord } from "../identity/keyring.ts";
import { presentKeyring, rotatedKeyring, TOO_MANY_KEYS } from "../identity/keyring-store.ts";
import { deleteKey, insertKey, type KeyRecord, listKeys, readKey } from "../identity/keys.ts";
import type { MeshIndex } from "../index/index.ts";
import { migrate } from "../migrations.ts";
import type { Rejection } from "../rejection.ts";
import type { Agent } from "../schema.ts";
import { type Database, firstRow } from "../sql.ts";
import { Changes } from "./changes.ts";
import { type Found, writeHealth } from "./checked.ts";
import { type Changer, type Enrolled, enrol, mayChange, registerAgent, replaceAgent, setStatus } from "./enrol.ts";
import { REGISTRY_MIGRATIONS } from "./migrations.ts";
import { type NamedTool, nameProblem, readNamedTool } from "./named-tool.ts";
import { type Done, done, type Refusal, refuse } from "./outcome.ts";
import { searchAgents } from "./search.ts";
import {
  type AgentFilter,
  deleteAgent,
  listAgents,
  nextRevision,
  noteUpstream,
  readAgent,
  readRevision,
  registrationIn,
  type StoredAgent,
  writeAgent,
} from "./store.ts";
import { Telling } from "./telling.ts";

/** What was read, and the registry's revision when it was. */
export interface AtRevision<T> {
  readonly revision: number;
  readonly value: T;
}

export type Changed<T> =
  | { readonly ok: true; readonly revision: number; readonly value: T }
  | { readonly ok: false; readonly rejection: Rejection };

/** Federated servers that are looked at for being listened to. */
const SERVERS = 200;

export interface RegistryEnv {
  readonly INDEX: DurableObjectNamespace<MeshIndex>;
}

export class Registry extends DurableObject<RegistryEnv> {
  readonly #database: Database;
  readonly #changes = new Changes();
  readonly #telling: Telling;
  readonly #listeners = new Listeners((agent, policy) => this.#ask(agent, policy));

  constructor(ctx: DurableObjectState, env: RegistryEnv) {
    super(ctx, env);
    const { storage } = ctx;
    this.#database = { sql: storage.sql, transactionSync: (work) => storage.transactionSync(work) };
    migrate(this.#database, REGISTRY_MIGRATIONS);
    this.#telling = new Telling(storage.sql, (at) => void storage.setAlarm(at));
    this.#database.transactionSync(() => this.#seed(Date.now()));
  }

  /** Agents that ship are registered once for each of their versions, unless somebody has taken their name. */
  #seed(now: number): void {
    const { sql } = this.#database;
    for (const agent of allBuiltins()) {
      const row = firstRow(sql.exec<{ version: string }>("SELECT version FROM shipped WHERE name = ?", agent.name));
      if (row?.version === agent.version) continue;
      const owner = readAgent(sql, agent.name)?.owner ?? (row === undefined ? "mesh" : undefined);
      if (owner === "mesh") writeAgent(sql, registrationOf(agent), "mesh", now);
      sql.exec("INSERT OR REPLACE INTO shipped (name, version) VALUES (?, ?)", agent.name, agent.version);
    }
  }

  async revision(): Promise<number> {
    return readRevision(this.#database.sql);
  }

  /** The revision after each change of an agent, pushed; see Changes. Meanwhile federated servers are listened to. */
  async changes(after: number, egress: EgressPolicy): Promise<ReadableStream<Uint8Array>> {
    const over = this.#listeners.begin(egress, () => this.#servers());
    return this.#changes.follow(() => readRevision(this.#database.sql), after, over);
  }

  #servers(): Agent[] {
    return listAgents(this.#database.sql, { kind: "mcp", limit: SERVERS }, "");
  }

  async #ask({ name, endpoint }: Agent, policy: EgressPolicy): Promise<void> {
    if (endpoint.kind !== "mcp") return;
    await this.discovered(name, endpoint.url, await discover({ url: endpoint.url, policy }, Date.now));
  }

  async agent(name: string): Promise<AtRevision<Agent | undefined>> {
    return this.#at(readAgent(this.#database.sql, name));
  }

  /** The agent and the skill that a tool's name means. */
  async toolNamed(name: string): Promise<AtRevision<NamedTool | undefined>> {
    return this.#at(readNamedTool(this.#database.sql, name));
  }

  async register(agent: StoredAgent, changer: Changer): Promise<Changed<Agent>> {
    return this.#change(() => registerAgent(this.#database.sql, agent, changer, Date.now()));
  }

  /** @param ifMatch the revision that the caller has seen; without one the agent is replaced as it is */
  async replace(agent: StoredAgent, changer: Changer, ifMatch: number | undefined): Promise<Changed<Agent>> {
    return this.#change(() => replaceAgent(this.#database.sql, agent, changer, ifMatch, Date.now()));
  }

  async setStatus(
    name: string,
    status: Agent["status"],
    changer: Changer,
    ifMatch: number | undefined,
  ): Promise<Changed<Agent>> {
    return this.#change(() => setStatus(this.#database.sql, name, status, changer, ifMatch, Date.now()));
  }

  /** Lines of a batch, in one transaction; one that is refused, or fails, does so alone. See `enrol`. */
  async registerMany(
    agents: readonly StoredAgent[],
    changer: Changer,
    replace: boolean,
  ): Promise<AtRevision<(Done<Enrolled> | Refusal)[]>> {
    const { sql } = this.#database;
    const line = (agent: StoredAgent): Done<Enrolled> | Refusal => {
      try {
        return this.#database.transactionSync(() => enrol(sql, agent, changer, replace, Date.now()));
      } catch (error) {
        console.error(`registry: '${agent.name}' could not be written`, error);
        return { ok: false, rejection: { code: "internal", detail: "The registry has failed at this line." } };
      }
    };
    const results = this.#database.transactionSync(() => agents.map(line));
    if (results.some((result) => result.ok && result.value.outcome !== "unchanged")) this.#changed();
    return this.#at(results);
  }

  /**
   * What was found at a federated server. Its tools become the agent's skills; a change of them is a change of the agent, a
   * mere sign of life is not.
   * @param url the address that was asked: what was found at another one than the agent's is dropped
   */
  async discovered(name: string, url: string, found: Discovered): Promise<AtRevision<Agent | undefined>> {
    const { sql } = this.#database;
    const changed = this.#database.transactionSync(() => {
      const agent = readAgent(sql, name);
      if (agent?.endpoint.kind !== "mcp" || agent.endpoint.url !== url) return false;
      const { skills, upstream } = recorded(agent, found, (tool) => nameProblem(sql, agent, tool));
      const offers = ({ upstream }: Pick<Agent, "upstream">) => [
        upstream?.resources,
        upstream?.resourceTemplates,
        upstream?.prompts,
      ];
      const same = JSON.stringify([skills, offers({ upstream })]) === JSON.stringify([agent.skills, offers(agent)]);
      if (same) noteUpstream(sql, agent, upstream);
      else writeAgent(sql, { ...registrationIn(agent), skills, upstream }, agent.owner, Date.now());
      return !same;
    });
    if (changed) this.#changes.wake();
    return this.#at(readAgent(sql, name));
  }

  /** Approves the present definitions of a server's tools: of those named, or of all. */
  async approve(name: string, changer: Changer, tools: readonly string[] | undefined): Promise<Changed<Agent>> {
    return this.#change(() => {
      const { sql } = this.#database;
      const refused = this.#mayChange(name, changer, undefined);
      const agent = readAgent(sql, name);
      if (refused !== undefined || agent === undefined) return refused ?? refuse("agent_not_found", "");
      const unknown =
        tools?.filter((tool) => !agent.skills.some((skill) => skill.tool !== undefined && skill.id === tool)) ?? [];
      if (unknown.length > 0) {
        const named = unknown.map((tool) => `'${tool.slice(0, 128).toWellFormed()}'`).join(", ");
        return refuse("not_found", `Server '${name}' has no tool ${named}. Nothing was approved.`);
      }
      const skills = approved(agent.skills, tools);
      return done(
        writeAgent(sql, { ...registrationIn(agent), skills, upstream: agent.upstream }, agent.owner, Date.now()),
      );
    });
  }

  async remove(name: string, changer: Changer, ifMatch: number | undefined): Promise<Changed<undefined>> {
    return this.#change(() => {
      const refused = this.#mayChange(name, changer, ifMatch);
      if (refused !== undefined) return refused;
      deleteAgent(this.#database.sql, name);
      return done(undefined);
    });
  }

  #mayChange(name: string, changer: Changer, ifMatch: number | undefined): Refusal | undefined {
    return mayChange(readAgent(this.#database.sql, name), name, changer, ifMatch);
  }

  override async alarm(): Promise<void> {
    await this.#telling.run(this.env.INDEX.getByName(this.ctx.id.name ?? this.ctx.id.toString()));
  }

  /** What the index has found. No change of the agents: their ETags stay. */
  async healthFound(found: readonly Found[]): Promise<void> {
    this.#database.transactionSync(() => {
      const { sql } = this.#database;
      const known = found.map((one) => writeHealth(sql, one));
      if (known.includes(true)) nextRevision(sql);
    });
  }

  /** Agents by name, after `after`. */
  async list(filter: AgentFilter, after: string): Promise<Agent[]> {
    return listAgents(this.#database.sql, filter, after);
  }

  /** Agents that match every word; best first, from `offset`. */
  async search(words: readonly string[], filter: AgentFilter, offset: number): Promise<Agent[]> {
    return searchAgents(this.#database.sql, words, filter, offset);
  }

  async key(keyId: string): Promise<AtRevision<KeyRecord | undefined>> {
    return this.#at(readKey(this.#database.sql, keyId));
  }

  async createKey(key: KeyRecord): Promise<number> {
    return this.#database.transactionSync(() => {
      insertKey(this.#database.sql, key);
      return nextRevision(this.#database.sql);
    });
  }

  async keys(after: string, limit: number): Promise<KeyRecord[]> {
    return listKeys(this.#database.sql, after, limit);
  }

  async revokeKey(keyId: string): Promise<Changed<undefined>> {
    return this.#change(() => {
      if (!deleteKey(this.#database.sql, keyId)) return refuse("not_found", `There is no key '${keyId}'.`);
      nextRevision(this.#database.sql);
      return done(undefined);
    });
  }

  /**
   * The mesh's secrets, made at the first call. Where the next key of hop tokens is due to sign, it does from now on.
   * @param periodMs how long one key signs
   */
  async keyring(periodMs: number): Promise<AtRevision<KeyringRecord>> {
    return this.#at(await presentKeyring(this.#database, Date.now, periodMs));
  }

  /** The next key of hop tokens signs from now on, whatever the schedule. */
  async rotateTokenKeys(): Promise<Changed<KeyringRecord>> {
    const keyring = await rotatedKeyring(this.#database, Date.now);
    if (keyring === undefined) return refuse("conflict", TOO_MANY_KEYS);
    return { ok: true, ...this.#at(keyring) };
  }

  /** Asked of the registry of `default`: whether the deployment has a mesh of this name. */
  async hasMesh(name: string): Promise<boolean> {
    return firstRow(this.#database.sql.exec("SELECT 1 FROM mesh WHERE name = ?", name)) !== undefined;
  }

  async addMesh(name: string): Promise<void> {
    this.#database.sql.exec("INSERT OR IGNORE INTO mesh (name, created_at) VALUES (?, ?)", name, Date.now());
  }

  #at<T>(value: T): AtRevision<T> {
    return { revision: readRevision(this.#database.sql), value };
  }

  #change<T>(work: () => Done<T> | Refusal): Changed<T> {
    const result = this.#database.transactionSync(work);
    if (!result.ok) return result;
    this.#changed();
    return { ...result, revision: readRevision(this.#database.sql) };
  }

  #changed(): void {
    this.#telling.changed();
    this.#changes.wake();
    this.#listeners.sync(() => this.#servers());
  }
}
