/** The handle that the ledger's functions work on: a Durable Object's storage, or the same SQL in a plain process. */
export type SqlValue = string | number | null | ArrayBuffer;

export interface Sql {
  exec<Row extends Record<string, SqlValue>>(query: string, ...bindings: (string | number | null)[]): Iterable<Row>;
}

export interface Database {
  readonly sql: Sql;
  /** Runs `work` whole or not at all; calls may nest. */
  transactionSync<T>(work: () => T): T;
}

export function firstRow<Row>(rows: Iterable<Row>): Row | undefined {
  for (const row of rows) return row;
  return undefined;
}
