/** The index's rows of agents that are checked: what begins anew, who is asked next, what the registry is still to hear. */
import { expect, test } from "vitest";
import {
  earliestCheck,
  readDueChecks,
  readHealthRow,
  readUntoldHealth,
  takeCheck,
  writeHealthTold,
  writeStanding,
} from "../../../mesh/index/health-rows.ts";
import { INDEX_MIGRATIONS } from "../../../mesh/index/migrations.ts";
import type { Sql, SqlValue } from "../../../mesh/sql.ts";
import { memoryDatabase } from "../../support/sqlite.ts";

const check = (name: string, more: { url?: string | null; rules?: string } = {}) => ({
  name,
  revision: 1,
  url: `http://${name}/`,
  rules: "{}",
  ...more,
});

function found(sql: Sql, name: string, state: "healthy" | "unhealthy", now: number, nextAt = now + 10): void {
  const row = readHealthRow(sql, name);
  if (row === undefined) throw new Error(`${name} is not checked.`);
  writeStanding(
    sql,
    { ...row, state, since: now, streak: 0, checkedAt: now, failure: null },
    row.state !== state,
    nextAt,
  );
}

test("an agent that is checked as it was goes on as it is, and is told again; under other rules it begins anew", () => {
  const { sql } = memoryDatabase(INDEX_MIGRATIONS);
  takeCheck(sql, check("a"), 5);
  expect([readHealthRow(sql, "a"), earliestCheck(sql)]).toMatchObject([{ state: "unknown", checkedAt: null }, 5]);
  found(sql, "a", "unhealthy", 6);
  for (const one of readUntoldHealth(sql, 9)) writeHealthTold(sql, one);
  expect(readUntoldHealth(sql, 9)).toEqual([]);
  takeCheck(sql, check("a"), 7);
  expect(readUntoldHealth(sql, 9)).toMatchObject([{ name: "a", state: "unhealthy", since: 6 }]);
  expect(earliestCheck(sql)).toBe(16);
  takeCheck(sql, check("a", { rules: '{"intervalMs":1}' }), 8);
  expect(readHealthRow(sql, "a")).toMatchObject({ state: "unknown" });
  expect([readUntoldHealth(sql, 9), earliestCheck(sql)]).toEqual([[], 8]);
  takeCheck(sql, check("a", { url: null }), 9);
  expect([readHealthRow(sql, "a"), earliestCheck(sql)]).toEqual([undefined, undefined]);
});

test("what a check found under former rules is not written over the new ones", () => {
  const { sql } = memoryDatabase(INDEX_MIGRATIONS);
  takeCheck(sql, check("a"), 1);
  const former = readHealthRow(sql, "a");
  takeCheck(sql, check("a", { url: "http://elsewhere/" }), 2);
  if (former !== undefined) writeStanding(sql, { ...former, state: "unhealthy" }, true, 99);
  expect(readHealthRow(sql, "a")).toMatchObject({ state: "unknown", url: "http://elsewhere/" });
  expect([readUntoldHealth(sql, 9), earliestCheck(sql)]).toEqual([[], 2]);
});

test("a state that has changed while the registry was told of the one before is still to be told", () => {
  const { sql } = memoryDatabase(INDEX_MIGRATIONS);
  takeCheck(sql, check("a"), 1);
  found(sql, "a", "healthy", 2);
  const [told] = readUntoldHealth(sql, 9);
  found(sql, "a", "unhealthy", 3);
  if (told !== undefined) writeHealthTold(sql, told);
  expect(readUntoldHealth(sql, 9)).toMatchObject([{ state: "unhealthy", since: 3 }]);
});

test("those that have waited longest are asked first, and no more than a turn takes", () => {
  const { sql } = memoryDatabase(INDEX_MIGRATIONS);
  for (const [n, name] of ["c", "a", "d", "b"].entries()) takeCheck(sql, check(name), 10 - n);
  expect(readDueChecks(sql, 9, 2).map(({ name }) => name)).toEqual(["b", "d"]);
  expect(readDueChecks(sql, 9, 9).map(({ name }) => name)).toEqual(["b", "d", "a"]);
});

test("no statement reads more rows than it answers with", () => {
  const { sql } = memoryDatabase(INDEX_MIGRATIONS);
  const plans: string[] = [];
  const explaining: Sql = {
    exec<Row extends Record<string, SqlValue>>(query: string, ...values: (string | number | null)[]) {
      for (const { detail } of sql.exec<{ detail: string }>(`EXPLAIN QUERY PLAN ${query}`, ...values))
        plans.push(detail);
      return sql.exec<Row>(query, ...values);
    },
  };
  takeCheck(explaining, check("a"), 1);
  found(explaining, "a", "healthy", 2);
  readDueChecks(explaining, 9, 9);
  for (const one of readUntoldHealth(explaining, 9)) writeHealthTold(explaining, one);
  earliestCheck(explaining);
  // The earliest is the first of an index that is walked in its order.
  expect(plans.filter((plan) => /^SCAN|TEMP B-TREE/.test(plan) && !/USING (COVERING )?INDEX/.test(plan))).toEqual([]);
  expect(plans.length).toBeGreaterThan(5);
});
