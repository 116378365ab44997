/** Keys: `hop_<mesh>_<keyId>_<secret>`. Rows keep the secret's SHA-256 only. */
import type { Scope } from "../schema.ts";
import { firstRow, type Sql } from "../sql.ts";

export interface KeyRecord {
  readonly keyId: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly agent: string | null;
  /** SHA-256 of the secret, hex. */
  readonly hash: string;
  readonly createdBy: string;
  readonly createdAt: number;
  /** Epoch milliseconds. */
  readonly expiresAt: number | null;
}

export interface KeyParts {
  readonly mesh: string;
  readonly keyId: string;
  readonly secret: string;
}

const KEY = /^hop_([a-z][a-z0-9-]{0,62})_([0-9A-Za-z]{12})_([0-9A-Za-z]{40})$/;

export function parseKey(key: string): KeyParts | undefined {
  const [, mesh, keyId, secret] = KEY.exec(key) ?? [];
  return mesh === undefined || keyId === undefined || secret === undefined ? undefined : { mesh, keyId, secret };
}

export function formatKey({ mesh, keyId, secret }: KeyParts): string {
  return `hop_${mesh}_${keyId}_${secret}`;
}

type KeyColumns = {
  key_id: string;
  name: string;
  scopes: string;
  agent: string | null;
  hash: string;
  created_by: string;
  created_at: number;
  expires_at: number | null;
};

function toKey(row: KeyColumns): KeyRecord {
  return {
    keyId: row.key_id,
    name: row.name,
    scopes: JSON.parse(row.scopes) as Scope[],
    agent: row.agent,
    hash: row.hash,
    createdBy: row.created_by,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  };
}

export function readKey(sql: Sql, keyId: string): KeyRecord | undefined {
  const row = firstRow(sql.exec<KeyColumns>("SELECT * FROM key WHERE key_id = ?", keyId));
  return row && toKey(row);
}

export function insertKey(sql: Sql, key: KeyRecord): void {
  sql.exec(
    "INSERT INTO key (key_id, name, scopes, agent, hash, created_by, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    key.keyId,
    key.name,
    JSON.stringify(key.scopes),
    key.agent,
    key.hash,
    key.createdBy,
    key.createdAt,
    key.expiresAt,
  );
}

export function listKeys(sql: Sql, after: string, limit: number): KeyRecord[] {
  return [...sql.exec<KeyColumns>("SELECT * FROM key WHERE key_id > ? ORDER BY key_id LIMIT ?", after, limit)].map(
    toKey,
  );
}

export function deleteKey(sql: Sql, keyId: string): boolean {
  return firstRow(sql.exec("DELETE FROM key WHERE key_id = ? RETURNING key_id", keyId)) !== undefined;
}
