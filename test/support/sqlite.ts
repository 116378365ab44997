/**
 * A database in memory on Node's SQLite, for functions that know only `mesh/sql.ts`. workerd remains the authority on
 * what its storage does (the .do.test.ts files); this is the fast way to many histories.
 */
import { migrate } from "../../mesh/migrations.ts";
import type { Database, SqlValue } from "../../mesh/sql.ts";

/** What is used of node:sqlite. Said here, because these tests are compiled with the Workers' types. */
interface Statement {
  all(...bindings: (string | number | null)[]): unknown[];
}
interface Sqlite {
  prepare(query: string): Statement;
  exec(query: string): void;
}
const { DatabaseSync } = process.getBuiltinModule("node:sqlite") as unknown as {
  DatabaseSync: new (path: string) => Sqlite;
};

/** A second statement follows the first: what a prepared statement would silently leave out. */
const SEVERAL = /;\s*\S/;

export function memoryDatabase(migrations: readonly string[]): Database {
  const sqlite = new DatabaseSync(":memory:");
  const prepared = new Map<string, Statement>();
  let level = 0;

  const statement = (query: string): Statement => {
    const known = prepared.get(query) ?? sqlite.prepare(query);
    prepared.set(query, known);
    return known;
  };

  const database: Database = {
    sql: {
      /** As in workerd, the statement has run when this returns, whether or not its rows are read. */
      exec<Row extends Record<string, SqlValue>>(query: string, ...bindings: (string | number | null)[]): Row[] {
        if (bindings.length > 0 || !SEVERAL.test(query)) return statement(query).all(...bindings) as Row[];
        sqlite.exec(query);
        return [];
      },
    },
    transactionSync(work) {
      const savepoint = `level${level}`;
      sqlite.exec(`SAVEPOINT ${savepoint}`);
      level += 1;
      try {
        const result = work();
        sqlite.exec(`RELEASE ${savepoint}`);
        return result;
      } catch (error) {
        sqlite.exec(`ROLLBACK TO ${savepoint}; RELEASE ${savepoint}`);
        throw error;
      } finally {
        level -= 1;
      }
    },
  };
  migrate(database, migrations);
  return database;
}
