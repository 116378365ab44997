import { expect, it } from "vitest";
import { PROGRAMS } from "../../bench/programs.ts";
import { table, whole } from "../../bench/report.ts";
import packageJson from "../../package.json" with { type: "json" };

it("a table's columns are as wide as their widest cell, and align to the right", () => {
  const set = table(
    ["conns", "p50 ms"],
    [
      ["1", "12.50"],
      ["1,000,000", "3"],
    ],
  );
  expect(set.split("\n")).toEqual([
    "|     conns | p50 ms |",
    "|----------:|-------:|",
    "|         1 |  12.50 |",
    "| 1,000,000 |      3 |",
  ]);
});

it("large numbers are set in groups of three", () => {
  expect(whole(1_234_567.6)).toBe("1,234,568");
});

it("every plan that the help of the benchmark names can be started so, and every bench script is named", () => {
  const { scripts } = packageJson;
  const named = PROGRAMS.flatMap(({ command }) => /^npm run (\S+)$/.exec(command)?.[1] ?? []);
  const scripted = Object.keys(scripts).filter((name) => name.startsWith("bench:"));
  expect(named.toSorted()).toEqual(scripted.toSorted());
});
