/** Requests under an Idempotency-Key, and their answers. */
import { firstRow, type Sql } from "../sql.ts";

/** Characters of one part of an answer: at most 4 bytes each, within the 2 MB that a row holds. */
const PART_CHARS = 400_000;

export function readIdempotent(
  sql: Sql,
  scope: string,
): { request: string; hop: number; chainId: string; hopId: string } | undefined {
  return firstRow(
    sql.exec<{ request: string; hop: number; chainId: string; hopId: string }>(
      `SELECT request, hop, chain.chain_id AS chainId, hop.hop_id AS hopId
       FROM idempotency JOIN hop ON hop.id = idempotency.hop JOIN chain ON chain.id = hop.chain WHERE scope = ?`,
      scope,
    ),
  );
}

export function insertIdempotent(sql: Sql, scope: string, request: string, hop: number): void {
  sql.exec("INSERT INTO idempotency (scope, request, hop) VALUES (?, ?, ?)", scope, request, hop);
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
