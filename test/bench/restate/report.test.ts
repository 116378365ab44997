import { expect, it } from "vitest";
import { type Measured, meets, ratio, resultsTable, type Taken, verdicts } from "../../../bench/restate/report.ts";

const measured = (chainsPerSecond: number): Measured => ({
  chainsPerSecond,
  p50Ms: 1,
  p99Ms: 2,
  serverCpuMs: 3,
  agentsCpuMs: 4,
});
const taken = (name: string, kind: Taken["kind"], speeds: readonly number[]): Taken => ({
  name,
  kind,
  rounds: speeds.map(measured),
});

it("a ratio is the middle of the rounds' own: a slow round of both does not count against one", () => {
  const ours = taken("Hopline, http", "http", [200, 20, 210]);
  const theirs = taken("Restate", "restate", [100, 10, 50]);
  expect(ratio(ours, theirs)).toBe(2);
  expect(meets(ours, theirs)).toBe(true);
});

it("agents in the mesh are held to twice what http agents are", () => {
  const peer = taken("Restate", "restate", [100]);
  expect(meets(taken("builtin", "builtin", [399]), peer)).toBe(false);
  expect(meets(taken("builtin", "builtin", [400]), peer)).toBe(true);
  expect(meets(taken("http", "http", [199]), peer)).toBe(false);
  expect(meets(peer, taken("Restate, 1 partition", "restate", [1]))).toBeUndefined();
});

it("each way to run the peer has a column and a verdict of its own", () => {
  const all = [
    taken("Hopline, builtin", "builtin", [500]),
    taken("Restate", "restate", [100]),
    taken("Restate, 1 partition", "restate", [250]),
  ];
  const scenarios = [{ shape: { name: "a→b→c", hops: 3 }, connections: 8, taken: all }];
  const [head = "", , builtin = ""] = resultsTable(scenarios).split("\n");
  expect(head).toMatch(/\| +× Restate \| +× Restate, 1 partition \|/);
  expect(builtin).toMatch(/5\.00 ≥ 4 ✓ \| +2\.00 ≥ 4 ✗/);
  expect(verdicts(scenarios)).toEqual([
    "- beside Restate: 1 of 1 meet their target",
    "- beside Restate, 1 partition: 0 of 1 meet their target",
  ]);
});
