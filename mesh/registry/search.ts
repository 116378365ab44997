/**
 * Search among agents. Its cost does not grow with them: the words' own order (FTS5's bm25) reads every agent that has a
 * word, so here so many candidates are taken, and only they are put in order.
 */
import { SEARCH_CANDIDATES, SEARCH_NAMES } from "../limits.ts";
import type { Agent } from "../schema.ts";
import type { Sql } from "../sql.ts";
import { type AgentFilter, readAgentById } from "./store.ts";
import { type Texts, textsNamed, textsWith } from "./words.ts";

/** What a word is worth where it stands; one that is whole is worth twice its beginning. */
const WORTH: Readonly<Record<keyof Texts, number>> = { name: 10, skills: 4, tags: 4, description: 2 };
const FIELDS = Object.keys(WORTH) as (keyof Texts)[];

/** Agents that have every word of `words` (as a beginning) in name, description, skills or tags; best first. */
export function searchAgents(
  sql: Sql,
  words: readonly string[],
  { limit, ...facets }: AgentFilter,
  offset: number,
): Agent[] {
  const found = [
    ...textsNamed(sql, words.join("-").toLowerCase(), facets, SEARCH_NAMES),
    ...textsWith(sql, words, facets, SEARCH_CANDIDATES),
  ];
  const candidates = [...new Map(found.map((texts) => [texts.id, texts])).values()];
  const folded = words.map(fold);
  return candidates
    .map((texts) => ({ ...texts, worth: worthOf(texts, folded) }))
    .toSorted((a, b) => b.worth - a.worth || (a.name < b.name ? -1 : 1))
    .slice(offset, offset + limit)
    .flatMap(({ id }) => readAgentById(sql, id) ?? []);
}

/** Each word counts where it is worth most. */
function worthOf(texts: Texts, words: readonly string[]): number {
  let worth = 0;
  const folded = FIELDS.map((field) => [WORTH[field], ` ${fold(texts[field])}`] as const);
  for (const word of words) {
    let best = 0;
    for (const [each, text] of folded) {
      if (each * 2 <= best || !text.includes(` ${word}`)) continue;
      best = Math.max(best, ` ${text} `.includes(` ${word} `) ? each * 2 : each);
    }
    worth += best;
  }
  return worth;
}

/** Words with one space between, as the index has them: lower-case, without marks. */
function fold(text: string): string {
  return text
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/\p{M}+/gu, "")
    .replaceAll(/[^\p{L}\p{N}]+/gu, " ");
}
