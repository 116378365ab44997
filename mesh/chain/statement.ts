/** Statements that write a row: run at once, or kept with their values in the journal until they are run. */
import type { Sql } from "../sql.ts";

/** Objects are bound as their JSON, what is undefined as NULL. */
export type Value = string | number | object | null | undefined;

export interface Statement {
  readonly query: string;
  readonly columns: readonly string[];
  /** By place: whether the column takes NULL. */
  readonly nullable: readonly boolean[];
}

/**
 * @param columns those that take NULL end in "?"
 * @param constants columns that have a value in the statement itself: each that is bound has its price
 */
export function insertInto(
  table: string,
  columns: readonly string[],
  constants: Readonly<Record<string, number>> = {},
): Statement {
  const names = columns.map((column) => column.replace("?", ""));
  const all = [...names, ...Object.keys(constants)];
  const query = `INSERT INTO ${table} (${all}) VALUES (${[...names.map(() => "?"), ...Object.values(constants)]})`;
  return { query, columns: names, nullable: columns.map((column) => column.endsWith("?")) };
}

/** Of the row whose id is the last value. */
export function updateOf(table: string, columns: readonly string[]): Statement {
  const names = columns.map((column) => column.replace("?", ""));
  const query = `UPDATE ${table} SET ${names.map((name) => `${name} = ?`)} WHERE id = ?`;
  return { query, columns: [...names, "id"], nullable: [...columns.map((column) => column.endsWith("?")), false] };
}

export function run(sql: Sql, { query }: Statement, values: readonly Value[]): void {
  sql.exec(query, ...values.map(bound));
}

function bound(value: Value): string | number | null {
  return typeof value === "object" && value !== null ? JSON.stringify(value) : (value ?? null);
}

/**
 * What its row would refuse later is refused now: numbers are whole, and what is required is there.
 * @throws {TypeError} the column and the value
 */
export function assertRunnable({ query, columns, nullable }: Statement, values: readonly Value[]): void {
  for (let place = 0; place < columns.length; place++) {
    const value = values[place];
    const right = typeof value === "number" ? Number.isSafeInteger(value) : value != null || nullable[place];
    if (!right) throw new TypeError(`${columns[place]} can't be ${value}: ${query}`);
  }
}
