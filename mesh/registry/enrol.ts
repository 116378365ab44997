/** Who may come into a registry, and who may change what is there. Within the caller's transaction. */
import type { Agent } from "../schema.ts";
import type { Sql } from "../sql.ts";
import { type Done, done, type Refusal, refuse } from "./outcome.ts";
import { readAgent, readUnprefixed, registrationIn, type StoredAgent, writeAgent } from "./store.ts";

/** Who changes an agent: its principal, and whether it may change those of others. */
export interface Changer {
  readonly principal: string;
  readonly admin: boolean;
}

export function registerAgent(
  sql: Sql,
  agent: StoredAgent,
  { principal }: Changer,
  now: number,
): Done<Agent> | Refusal {
  const { name } = agent;
  if (readAgent(sql, name) !== undefined) {
    return refuse(
      "conflict",
      `An agent named '${name}' is registered. Replace it with PUT (in a batch: ?replace=true), or choose another name.`,
    );
  }
  const server = readUnprefixed(sql, name);
  if (server !== undefined) {
    const detail = `A tool named '${name}' is there: server '${server.name}' gives its tools without a prefix. Choose another name.`;
    return refuse("conflict", detail);
  }
  return done(writeAgent(sql, agent, principal, now));
}

/** @param ifMatch the revision that the changer has seen; without one the agent is replaced as it is */
export function replaceAgent(
  sql: Sql,
  agent: StoredAgent,
  changer: Changer,
  ifMatch: number | undefined,
  now: number,
): Done<Agent> | Refusal {
  const before = readAgent(sql, agent.name);
  const refused = mayChange(before, agent.name, changer, ifMatch);
  return refused ?? done(writeAgent(sql, { ...agent, ...sameServer(before, agent) }, changer.principal, now));
}

export function setStatus(
  sql: Sql,
  name: string,
  status: Agent["status"],
  changer: Changer,
  ifMatch: number | undefined,
  now: number,
): Done<Agent> | Refusal {
  const before = readAgent(sql, name);
  const refused = mayChange(before, name, changer, ifMatch);
  if (refused !== undefined || before === undefined) return refused ?? refuse("agent_not_found", "");
  return done(before.status === status ? before : writeAgent(sql, { ...registrationIn(before), status }, "", now));
}

export function mayChange(
  agent: Agent | undefined,
  name: string,
  { principal, admin }: Changer,
  ifMatch: number | undefined,
): Refusal | undefined {
  if (agent === undefined) return refuse("agent_not_found", `There is no agent named '${name}'.`);
  if (!admin && agent.owner !== principal) {
    return refuse(
      "insufficient_scope",
      `Agent '${name}' belongs to ${agent.owner}: only its owner or an admin may change it.`,
    );
  }
  if (ifMatch !== undefined && ifMatch !== agent.revision) {
    return refuse(
      "precondition_failed",
      `Agent '${name}' has changed: its ETag is now "${agent.revision}". Read it again.`,
    );
  }
  return undefined;
}

/** What is kept of a server that is registered anew at its address: its tools, and what was approved of them. */
function sameServer(before: Agent | undefined, { endpoint }: StoredAgent): Partial<StoredAgent> {
  if (before?.endpoint.kind !== "mcp" || endpoint.kind !== "mcp" || before.endpoint.url !== endpoint.url) return {};
  return { skills: before.skills, upstream: before.upstream };
}

/** What became of a line of a batch. */
export interface Enrolled {
  readonly outcome: "registered" | "replaced" | "unchanged";
  readonly agent: Agent;
}

/**
 * A line of a batch. One that says what is there already changes nothing, so that a batch that was cut off can be sent again
 * as it is. @param replace whether an agent that is otherwise there is replaced; else its name is a conflict
 */
export function enrol(
  sql: Sql,
  agent: StoredAgent,
  changer: Changer,
  replace: boolean,
  now: number,
): Done<Enrolled> | Refusal {
  const before = readAgent(sql, agent.name);
  if (
    before !== undefined &&
    isSame(before, agent) &&
    mayChange(before, agent.name, changer, undefined) === undefined
  ) {
    return done({ outcome: "unchanged", agent: before });
  }
  const written =
    before !== undefined && replace
      ? replaceAgent(sql, agent, changer, undefined, now)
      : registerAgent(sql, agent, changer, now);
  if (!written.ok) return written;
  return done({ outcome: before === undefined ? "registered" : "replaced", agent: written.value });
}

/** Both were written by the same schema, in its order of fields. What was found at a server is not its owner's to say. */
function isSame(before: Agent, agent: StoredAgent): boolean {
  return JSON.stringify(said(registrationIn(before))) === JSON.stringify(said(agent));
}

function said({ upstream: _, skills, ...agent }: StoredAgent) {
  return agent.endpoint.kind === "mcp" ? [agent] : [agent, skills];
}
