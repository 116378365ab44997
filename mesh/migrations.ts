/** Numbered migrations for an object's SQLite: append-only, applied in one transaction, refusing a newer database. */
import { type Database, firstRow } from "./sql.ts";

/**
 * @param steps each entry brings the schema from version `index` to `index + 1`
 * @throws when the database was written by a newer version of this code: reading on could lose what it does not know
 */
export function migrate(database: Database, steps: readonly string[]): void {
  database.transactionSync(() => {
    const { sql } = database;
    sql.exec("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL) STRICT");
    const row = firstRow(sql.exec<{ version: number }>("SELECT version FROM schema_version"));
    const version = row?.version ?? 0;
    if (version > steps.length) {
      throw new Error(
        `This database has schema version ${version}; this code knows ${steps.length}. Run a newer version.`,
      );
    }
    for (const step of steps.slice(version)) sql.exec(step);
    if (row === undefined) sql.exec("INSERT INTO schema_version (version) VALUES (?)", steps.length);
    else if (version < steps.length) sql.exec("UPDATE schema_version SET version = ?", steps.length);
  });
}
