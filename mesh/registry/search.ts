/**
 * Search among agents. Its cost does not grow with them: the words' own order (FTS5's bm25) reads every agent that has a
 * word, so here so many candidates are taken, and only they are put in order.
 */
import { SEARCH_CANDIDATES, SEARCH_NAMES } from "../limits.ts";
import type { Agent } from "../schema.ts";
import type { Sql } from "../sql.ts";
import { type AgentFilter, readAgentById } from "./store.ts";
import { type Facets, type FoundTexts, INDEXED_CHARS, type Texts, textsNamed, textsWith } from "./words.ts";

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
    ...candidatesWith(sql, words, facets),
  ];
  const candidates = [...new Map(found.map((texts) => [texts.id, texts])).values()];
  const folded = words.map(fold);
  return candidates
    .map((texts) => ({ ...texts, worth: sum(worthsOf(texts, folded)) }))
    .toSorted((a, b) => b.worth - a.worth || (a.name < b.name ? -1 : 1))
    .slice(offset, offset + limit)
    .flatMap(({ id }) => readAgentById(sql, id) ?? []);
}

/** Agents that are looked at to see how the words are spread. */
const PROBE = 20;

/**
 * Whole words are worth more, and cheaper to find. The index has beginnings of a few characters; a longer one is gathered from
 * all agents that have it, so where many have it they are found by its first characters.
 */
function candidatesWith(sql: Sql, words: readonly string[], facets: Facets): FoundTexts[] {
  const most = SEARCH_CANDIDATES;
  const cut = words.map((word) => [...word].slice(0, INDEXED_CHARS).join(""));
  const probe = textsWith(sql, cut, "beginning", facets, PROBE);
  if (probe.length === 0) return [];
  const whole = textsWith(sql, words, "whole", facets, most);
  if (whole.length === most) return whole;
  const folded = words.map(fold);
  const fits = (texts: Texts) => hasAll(texts, folded);
  if (probe.length === PROBE && probe.filter(fits).length > PROBE / 2) {
    const found = textsWith(sql, cut, "beginning", facets, most).filter(fits);
    if (found.length > most / 2) return [...whole, ...found];
  }
  return [...whole, ...textsWith(sql, words, "beginning", facets, most)];
}

/** Whether each word begins one of the texts. */
function hasAll(texts: Texts, words: readonly string[]): boolean {
  const folded = FIELDS.map((field) => fold(texts[field]));
  return words.every((word) => folded.some((text) => found(text, word) > 0));
}

/** How many of the words texts have, and what that is worth. */
export function rankOf(texts: Texts, words: readonly string[]): { readonly words: number; readonly worth: number } {
  const worths = worthsOf(texts, words.map(fold));
  return { words: worths.filter((worth) => worth > 0).length, worth: sum(worths) };
}

/** What each word is worth, there where it is worth most. */
function worthsOf(texts: Texts, words: readonly string[]): readonly number[] {
  const folded = FIELDS.map((field) => [WORTH[field], fold(texts[field])] as const);
  return words.map((word) => Math.max(...folded.map(([each, text]) => each * found(text, word))));
}

function sum(worths: readonly number[]): number {
  return worths.reduce((total, worth) => total + worth, 0);
}

/** 2 for a whole word, 1 for a beginning of one, 0 for none. Both are folded. */
function found(text: string, word: string): 0 | 1 | 2 {
  let best: 0 | 1 = 0;
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (at > 0 && isWordChar(text, at - 1)) continue;
    if (!isWordChar(text, at + word.length)) return 2;
    best = 1;
  }
  return best;
}

function isWordChar(text: string, at: number): boolean {
  const char = text.charCodeAt(at);
  if (Number.isNaN(char)) return false;
  if (char < 0x80) return (char >= 0x61 && char <= 0x7a) || (char >= 0x30 && char <= 0x39);
  return /[\p{L}\p{N}\p{Cs}]/u.test(text.charAt(at));
}

/** As the index has words: lower-case, without marks. */
function fold(text: string): string {
  if (/^[^\u0080-\uffff]*$/.test(text)) return text.toLowerCase();
  return text
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/\p{M}+/gu, "");
}
