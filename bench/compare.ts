/** The comparison: every system under the same load in turn, several rounds, so that a busy machine is busy for all. */
import type { ChildProcess } from "node:child_process";
import { type Measured, measure, median, turn } from "./measure.ts";
import type { Scenario } from "./scenarios.ts";
import type { System } from "./systems.ts";

export interface Plan {
  readonly rounds: number;
  readonly ms: number;
  readonly warmUpMs: number;
}

export interface Compared {
  readonly scenario: Scenario;
  /** Medians over the rounds. */
  readonly systems: Readonly<Record<System["name"], Measured>>;
  /** The product against the floor, medians of the rounds' own ratios. */
  readonly cpu: number;
  readonly throughput: number;
}

export async function compare(
  load: ChildProcess,
  systems: readonly System[],
  scenario: Scenario,
  { rounds, ms, warmUpMs }: Plan,
): Promise<Compared> {
  for (const system of systems) await measure(load, system, scenario, warmUpMs);
  const taken: Record<System["name"], Measured[]> = { product: [], floor: [], ungoverned: [] };
  for (let round = 0; round < rounds; round++) {
    for (const system of turn(systems, round)) taken[system.name].push(await measure(load, system, scenario, ms));
  }
  const ratio = (of: (one: Measured) => number) =>
    median(taken.product.map((one, round) => of(one) / of(taken.floor[round] ?? one)));
  return {
    scenario,
    systems: { product: middle(taken.product), floor: middle(taken.floor), ungoverned: middle(taken.ungoverned) },
    cpu: ratio((one) => one.cpuMicros),
    throughput: ratio((one) => one.hopsPerSecond),
  };
}

function middle(taken: readonly Measured[]): Measured {
  return {
    hopsPerSecond: median(taken.map((one) => one.hopsPerSecond)),
    cpuMicros: median(taken.map((one) => one.cpuMicros)),
  };
}
