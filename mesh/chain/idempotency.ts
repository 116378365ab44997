/** Requests under an Idempotency-Key, and their answers. */
import { firstRow, type Sql } from "../sql.ts";
import type { Book } from "./book.ts";

/** Characters of one part of an answer: at most 4 bytes each, within the 2 MB that a row holds. */
const PART_CHARS = 400_000;

export interface IdempotentRow {
  readonly request: string;
  readonly hop: number;
  readonly chainId: string;
  readonly hopId: string;
}

export function readIdempotent(book: Book, scope: string): IdempotentRow | undefined {
  const query = "SELECT request, hop, chain_id AS chainId, hop_id AS hopId FROM idempotency WHERE scope = ?";
  const { sql } = book.database;
  return (
    book.idempotent.get(scope) ?? firstRow(sql.exec<Record<string, string | number>>(query, scope) as Iterable<never>)
  );
}

export function insertIdempotent(sql: Sql, scope: string, { request, hop, chainId, hopId }: IdempotentRow): void {
  const query = "INSERT INTO idempotency (scope, request, hop, chain_id, hop_id) VALUES (?, ?, ?, ?, ?)";
  sql.exec(query, scope, request, hop, chainId, hopId);
}

/** Forgets a key and its answer: its time is over, and the same request would run again. */
export function deleteIdempotent(sql: Sql, hop: number): void {
  sql.exec("DELETE FROM idempotency WHERE hop = ?", hop);
  sql.exec("DELETE FROM answer WHERE hop = ?", hop);
}

export function writeAnswer(sql: Sql, hop: number, json: string): void {
  for (let part = 0; part * PART_CHARS < json.length; part++) {
    const piece = json.slice(part * PART_CHARS, (part + 1) * PART_CHARS);
    sql.exec("INSERT OR REPLACE INTO answer (hop, part, json) VALUES (?, ?, ?)", hop, part, piece);
  }
}

export function readAnswer(sql: Sql, hop: number): string | undefined {
  const parts = [...sql.exec<{ json: string }>("SELECT json FROM answer WHERE hop = ? ORDER BY part", hop)];
  return parts.length === 0 ? undefined : parts.map((part) => part.json).join("");
}
