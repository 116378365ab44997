/**
 * What a commit writes: one row, with the statements that its chains and hops stand for. They are run later, many commits
 * at once: a row that was begun and ended in between is written once, and its pages and those of its indexes are shared
 * with all others. A ledger that starts runs what it finds here first, so rows alone are read.
 */
import type { Sql } from "../sql.ts";
import { CHAIN_COURSE, courseOfChain, NEW_CHAIN, newChain } from "./chains.ts";
import { courseOfHop, HOP_COURSE, NEW_HOP, newHop } from "./hops.ts";
import type { LiveChain, LiveHop } from "./live.ts";
import { assertRunnable, run, type Statement, type Value } from "./statement.ts";

const STATEMENTS: Readonly<Record<string, Statement>> = {
  "+chain": NEW_CHAIN,
  chain: CHAIN_COURSE,
  "+hop": NEW_HOP,
  hop: HOP_COURSE,
};

/** The name of a statement and its values. */
export type Entry = readonly [name: keyof typeof STATEMENTS, values: readonly Value[]];

/** What the journal is to know of a chain and its hops; nothing of what it knows already. @throws {TypeError} */
export function entriesOf(chain: LiveChain): Entry[] {
  const entries: Entry[] = [];
  if (chain.kept === "new") entries.push(entry("+chain", newChain(chain)));
  else if (chain.kept === "changed") entries.push(entry("chain", courseOfChain(chain)));
  for (const hop of chain.touched) entries.push(entryOf(hop));
  return entries;
}

function entryOf(hop: LiveHop): Entry {
  return hop.kept === "new" ? entry("+hop", newHop(hop)) : entry("hop", courseOfHop(hop));
}

function entry(name: string, values: readonly Value[]): Entry {
  const statement = STATEMENTS[name];
  if (statement === undefined) throw new TypeError(`There is no statement '${name}'.`);
  assertRunnable(statement, values);
  return [name, values];
}

export function appendJournal(sql: Sql, entries: readonly Entry[]): void {
  sql.exec("INSERT INTO journal (entries) VALUES (?)", JSON.stringify(entries));
}

export function clearJournal(sql: Sql): void {
  sql.exec("DELETE FROM journal");
}

/** Runs everything in its order, and leaves the journal empty. @param failed told of what could not be run */
export function runJournal(sql: Sql, failed: (entry: Entry, error: unknown) => void): number {
  const rows = [...sql.exec<{ entries: string }>("SELECT entries FROM journal ORDER BY id")];
  for (const row of rows) {
    for (const entry of JSON.parse(row.entries) as Entry[]) {
      try {
        const statement = STATEMENTS[entry[0]];
        if (statement === undefined) throw new Error("This version does not know the statement.");
        run(sql, statement, entry[1]);
      } catch (error) {
        failed(entry, error);
      }
    }
  }
  if (rows.length > 0) clearJournal(sql);
  return rows.length;
}
