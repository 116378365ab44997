/** The keyring's row, and its changes: keys are made outside of a transaction, and what is due is asked again within it. */
import { TOKEN_KEY_OVERLAP_MS, TOKEN_KEYS } from "../limits.ts";
import { nextRevision } from "../registry/store.ts";
import { type Database, firstRow, type Sql } from "../sql.ts";
import { type KeyringRecord, makeKeyring, makeTokenKey, type TokenKey, withNextKey } from "./keyring.ts";
import { scheduleAt } from "./token-keys.ts";

/** As it was kept before keys were rotated: one key, since the keyring was made. */
interface FirstRecord {
  readonly signing: Required<Pick<TokenKey, "kid" | "publicJwk" | "privateJwk">>;
  readonly chainCheck: string;
}

export const TOO_MANY_KEYS = `There are ${TOKEN_KEYS} keys, the most there may be: tokens that the oldest has signed may still be in use. Try again in ${TOKEN_KEY_OVERLAP_MS / 60_000} minutes.`;

export function readKeyring(sql: Sql): KeyringRecord | undefined {
  const query = "SELECT json, created_at FROM secret WHERE name = 'keyring'";
  const row = firstRow(sql.exec<{ json: string; created_at: number }>(query));
  if (row === undefined) return undefined;
  const record = JSON.parse(row.json) as KeyringRecord | FirstRecord;
  if (!("signing" in record)) return record;
  const { signing, chainCheck } = record;
  return { tokenKeys: [{ ...signing, madeAt: row.created_at, signsFrom: row.created_at }], chainCheck };
}

/** The keyring, made if there is none; the next key signs from now on if it is due. */
export async function presentKeyring(database: Database, now: () => number, periodMs: number): Promise<KeyringRecord> {
  const keyring = await knownKeyring(database.sql, now);
  const due = ({ tokenKeys }: KeyringRecord) => scheduleAt(tokenKeys, now(), periodMs).due;
  if (!due(keyring)) return keyring;
  await rotate(database, now, due);
  return knownKeyring(database.sql, now);
}

/** The keyring whose next key signs from now on; nothing when too many keys verify still. */
export async function rotatedKeyring(database: Database, now: () => number): Promise<KeyringRecord | undefined> {
  await presentKeyring(database, now, Number.POSITIVE_INFINITY);
  return rotate(database, now, () => true);
}

async function rotate(
  database: Database,
  now: () => number,
  due: (keyring: KeyringRecord) => boolean,
): Promise<KeyringRecord | undefined> {
  const made = await makeTokenKey(now());
  const { sql } = database;
  return database.transactionSync(() => {
    const keyring = readKeyring(sql);
    const next = keyring !== undefined && due(keyring) ? withNextKey(keyring, made, now()) : undefined;
    if (next === undefined) return undefined;
    sql.exec("UPDATE secret SET json = ? WHERE name = 'keyring'", JSON.stringify(next));
    nextRevision(sql);
    return next;
  });
}

/** Two makers at once are one: the first row stays. */
async function knownKeyring(sql: Sql, now: () => number): Promise<KeyringRecord> {
  const known = readKeyring(sql);
  if (known !== undefined) return known;
  const made = JSON.stringify(await makeKeyring(now()));
  sql.exec("INSERT OR IGNORE INTO secret (name, json, created_at) VALUES ('keyring', ?, ?)", made, now());
  return readKeyring(sql) as KeyringRecord;
}
