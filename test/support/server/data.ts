/** Data folders as files: copied, moved in time, looked into. */
import { cpSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

export type Kind = "Ledger" | "MeshIndex" | "Registry";

/** The databases of the objects of a class. */
export function databasesOf(data: string, kind: Kind): string[] {
  const folder = join(data, "state", `hopline-${kind}`);
  const names = readdirSync(folder).filter((name) => /^[0-9a-f]+\.sqlite$/.test(name));
  return names.map((name) => join(folder, name));
}

/** Runs statements on a database of a server that is stopped. @returns the rows of the last */
export function onDatabase(file: string, ...statements: string[]): Record<string, unknown>[] {
  const database = new DatabaseSync(file);
  try {
    return statements.map((statement) => database.prepare(statement).all()).at(-1) ?? [];
  } finally {
    database.close();
  }
}

/** Copies what a server keeps; the rest of its folder is made anew. */
export function copyData(from: string, to: string): void {
  cpSync(join(from, "state"), join(to, "state"), { recursive: true });
}

/** Moves all that a folder of version 0.1.0 says of chains by so many milliseconds, as if it had all happened then. */
export function moveInTime(data: string, byMs: number): void {
  const times = (table: string, columns: readonly string[]) =>
    `UPDATE ${table} SET ${columns.map((column) => `${column} = ${column} + ${byMs}`).join(", ")}`;
  for (const file of databasesOf(data, "Ledger")) {
    onDatabase(
      file,
      times("chain", ["started_at", "deadline_at", "ended_at", "due_at"]),
      times("hop", ["started_at", "deadline_at", "lease_at", "ended_at"]),
      times("due", ["at"]),
    );
  }
  for (const file of databasesOf(data, "MeshIndex")) {
    onDatabase(
      file,
      times("chain", ["started_at", "ended_at"]),
      times("edge", ["first_at", "last_at"]),
      `UPDATE edge SET minute = minute + ${Math.round(byMs / 60_000)}`,
    );
  }
}
