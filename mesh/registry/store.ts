/** Agents: rows, look-ups and search. One function a statement. */
import type { UpstreamFacts } from "../federation/facts.ts";
import type { Agent, AgentHealth, AgentRegistration, Skill } from "../schema.ts";
import { firstRow, type Sql } from "../sql.ts";
import { noteCheck } from "./checked.ts";
import { deleteWords, writeWords } from "./words.ts";

export function readRevision(sql: Sql): number {
  return firstRow(sql.exec<{ number: number }>("SELECT number FROM revision"))?.number ?? 0;
}

/** Every change of an agent, a key or a secret has a revision of its own. */
export function nextRevision(sql: Sql): number {
  return (
    firstRow(sql.exec<{ number: number }>("UPDATE revision SET number = number + 1 RETURNING number"))?.number ?? 0
  );
}

type AgentColumns = {
  json: string;
  health: string | null;
  owner: string;
  revision: number;
  created_at: number;
  updated_at: number;
};
const AGENT_COLUMNS = "agent.json, agent.health, agent.owner, agent.revision, agent.created_at, agent.updated_at";

function toAgent(row: AgentColumns): Agent {
  const registration = JSON.parse(row.json) as StoredAgent;
  return {
    ...registration,
    ...(row.health === null ? {} : { health: JSON.parse(row.health) as AgentHealth }),
    owner: row.owner,
    revision: row.revision,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

export function readAgent(sql: Sql, name: string): Agent | undefined {
  const row = firstRow(sql.exec<AgentColumns>(`SELECT ${AGENT_COLUMNS} FROM agent WHERE name = ?`, name));
  return row && toAgent(row);
}

export function readAgentById(sql: Sql, id: number): Agent | undefined {
  const row = firstRow(sql.exec<AgentColumns>(`SELECT ${AGENT_COLUMNS} FROM agent WHERE id = ?`, id));
  return row && toAgent(row);
}

/** The server that gives a tool under its own name. */
export function readUnprefixed(sql: Sql, tool: string): Agent | undefined {
  const query = `SELECT ${AGENT_COLUMNS} FROM agent_skill JOIN agent ON agent.name = agent_skill.name
    WHERE agent_skill.skill = ? AND agent_skill.unprefixed = 1 ORDER BY agent_skill.name LIMIT 1`;
  const row = firstRow(sql.exec<AgentColumns>(query, tool));
  return row && toAgent(row);
}

/** A registration, with what was found where its skills are not its owner's to say. */
export type StoredAgent = Omit<AgentRegistration, "skills"> & {
  readonly skills: readonly Skill[];
  readonly upstream?: UpstreamFacts | undefined;
};

/** What an agent was registered with. */
export function registrationIn(agent: Agent): StoredAgent {
  const { owner: _, revision: __, createdAt: ___, updatedAt: ____, health: _____, ...registration } = agent;
  return registration;
}

/** Writes what was last heard of a server: no change of the agent. */
export function noteUpstream(sql: Sql, agent: Agent, upstream: UpstreamFacts): void {
  sql.exec(
    "UPDATE agent SET json = ? WHERE name = ?",
    JSON.stringify({ ...registrationIn(agent), upstream }),
    agent.name,
  );
}

export function writeAgent(sql: Sql, agent: StoredAgent, owner: string, now: number): Agent {
  const before = readAgent(sql, agent.name);
  const revision = nextRevision(sql);
  const health = noteCheck(sql, before, agent, revision) ? before?.health : undefined;
  const row = firstRow(
    sql.exec<{ id: number }>(
      `INSERT INTO agent (name, kind, owner, revision, created_at, updated_at, json, health) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, revision = excluded.revision, updated_at = excluded.updated_at,
         json = excluded.json, health = excluded.health RETURNING id`,
      agent.name,
      agent.endpoint.kind,
      before?.owner ?? owner,
      revision,
      now,
      now,
      JSON.stringify(agent),
      health === undefined ? null : JSON.stringify(health),
    ),
  );
  const { id } = row as { id: number };
  if (before !== undefined) unindex(sql, id, agent.name);
  const { kind } = agent.endpoint;
  const unprefixed = agent.endpoint.kind === "mcp" && !agent.endpoint.toolPrefix;
  for (const skill of agent.skills) {
    const query = "INSERT OR IGNORE INTO agent_skill (skill, name, kind, unprefixed) VALUES (?, ?, ?, ?)";
    sql.exec(query, skill.id, agent.name, kind, unprefixed ? 1 : 0);
  }
  writeWords(sql, id, agent);
  return {
    ...agent,
    ...(health === undefined ? {} : { health }),
    owner: before?.owner ?? owner,
    revision,
    createdAt: before?.createdAt ?? now,
    updatedAt: now,
  };
}

export function deleteAgent(sql: Sql, name: string): void {
  const before = readAgent(sql, name);
  const row = firstRow(sql.exec<{ id: number }>("DELETE FROM agent WHERE name = ? RETURNING id", name));
  if (row === undefined) return;
  unindex(sql, row.id, name);
  noteCheck(sql, before, undefined, nextRevision(sql));
}

function unindex(sql: Sql, id: number, name: string): void {
  sql.exec("DELETE FROM agent_skill WHERE name = ?", name);
  deleteWords(sql, id);
}

export interface AgentFilter {
  readonly kind?: string | undefined;
  readonly skill?: string | undefined;
  readonly limit: number;
}

/** Agents by name, after `after`. */
export function listAgents(sql: Sql, { kind, skill, limit }: AgentFilter, after: string): Agent[] {
  const from = skill === undefined ? "agent" : "agent_skill JOIN agent ON agent.name = agent_skill.name";
  const listed = skill === undefined ? "agent" : "agent_skill";
  const where = [`${listed}.name > ?`];
  const bindings: (string | number)[] = [after];
  if (skill !== undefined) {
    where.push("agent_skill.skill = ?");
    bindings.push(skill);
  }
  if (kind !== undefined) {
    where.push(`${listed}.kind = ?`);
    bindings.push(kind);
  }
  const query = `SELECT ${AGENT_COLUMNS} FROM ${from} WHERE ${where.join(" AND ")} ORDER BY ${listed}.name LIMIT ?`;
  return [...sql.exec<AgentColumns>(query, ...bindings, limit)].map(toAgent);
}
