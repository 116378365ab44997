/** The words of agents: what the search finds them by. SQL, one function a statement. */
import type { Skill } from "../schema.ts";
import { firstRow, type Sql } from "../sql.ts";

/**
 * What an agent is filtered by is a word of its own, so that a search for words of one kind reads no agents of another.
 * It begins with a character that no word of a query has.
 */
const FACET = "\uE000";

/** Characters of the longest beginning that the index has (migrations.ts). */
export const INDEXED_CHARS = 6;

interface Worded {
  readonly name: string;
  readonly description: string;
  readonly endpoint: { readonly kind: string };
  readonly skills: readonly Skill[];
}

/** Texts of an agent. */
export type Texts = {
  readonly name: string;
  readonly description: string;
  readonly skills: string;
  readonly tags: string;
};
export type FoundTexts = Texts & { readonly id: number };

export function writeWords(sql: Sql, id: number, { name, description, endpoint, skills }: Worded): void {
  sql.exec(
    "INSERT INTO agent_word (rowid, name, description, skills, tags, facets) VALUES (?, ?, ?, ?, ?, ?)",
    id,
    name,
    description,
    skills.map(skillText).join("\n"),
    skills.flatMap((skill) => skill.tags).join("\n"),
    [kindFacet(endpoint.kind), ...skills.map((skill) => skillFacet(skill.id))].join(" "),
  );
}

function skillText({ id, name, description }: Skill): string {
  return `${id} ${name ?? ""} ${description}`;
}

/** What one skill of an agent can be found by. */
export function textsOf({ name, description }: Worded, skill: Skill): Texts {
  return { name, description, skills: skillText(skill), tags: skill.tags.join("\n") };
}

export function deleteWords(sql: Sql, id: number): void {
  sql.exec("DELETE FROM agent_word WHERE rowid = ?", id);
}

function kindFacet(kind: string): string {
  return `${FACET}k${kind}`;
}

/** One word, whatever the skill's name is made of. */
function skillFacet(skill: string): string {
  const bytes = new TextEncoder().encode(skill);
  return `${FACET}s${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

export interface Facets {
  readonly kind?: string | undefined;
  readonly skill?: string | undefined;
}

/** Characters of an agent's text that the order of a search looks at. */
const TEXT_CHARS = 1_000;
const TEXTS = `agent_word.rowid AS id, agent_word.name, substr(agent_word.description, 1, ${TEXT_CHARS}) AS description,
  substr(agent_word.skills, 1, ${TEXT_CHARS}) AS skills, substr(agent_word.tags, 1, ${TEXT_CHARS}) AS tags`;

/** The first `limit` agents, in the order of their registration, that have every word: whole, or as a beginning. */
export function textsWith(
  sql: Sql,
  words: readonly string[],
  how: "whole" | "beginning",
  { kind, skill }: Facets,
  limit: number,
): FoundTexts[] {
  const asked = words.map((word) => `"${word.replaceAll('"', '""')}"${how === "whole" ? "" : "*"}`);
  const facets = [
    ...(kind === undefined ? [] : [kindFacet(kind)]),
    ...(skill === undefined ? [] : [skillFacet(skill)]),
  ];
  const match = [...asked, ...facets.map((facet) => `facets : "${facet}"`)].join(" AND ");
  return [...sql.exec<FoundTexts>(`SELECT ${TEXTS} FROM agent_word WHERE agent_word MATCH ? LIMIT ?`, match, limit)];
}

/** The first agents whose names begin so. */
export function textsNamed(sql: Sql, beginning: string, { kind, skill }: Facets, limit: number): FoundTexts[] {
  const ids = sql.exec<{ id: number }>(
    "SELECT id FROM agent WHERE name >= ? AND name < ? ORDER BY name LIMIT ?",
    beginning,
    `${beginning}{`,
    limit,
  );
  return [...ids].flatMap(({ id }) => {
    const fits = `SELECT 1 FROM agent WHERE id = ? AND (? IS NULL OR kind = ?)
      AND (? IS NULL OR EXISTS (SELECT 1 FROM agent_skill WHERE agent_skill.skill = ? AND agent_skill.name = agent.name))`;
    const [k, s] = [kind ?? null, skill ?? null];
    if (firstRow(sql.exec(fits, id, k, k, s, s)) === undefined) return [];
    return [...sql.exec<FoundTexts>(`SELECT ${TEXTS} FROM agent_word WHERE rowid = ?`, id)];
  });
}
