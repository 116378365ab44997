/** One measurement: load on one system for a while, and what it has cost its process. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Done, Order } from "./load.ts";
import { INPUT, type Scenario } from "./scenarios.ts";
import type { System } from "./systems.ts";

export interface Measured {
  readonly hopsPerSecond: number;
  /** CPU time of the server's process a hop, in microseconds: what the agents and the load cost is not in it. */
  readonly cpuMicros: number;
}

/**
 * CPU time that a process has used, in milliseconds. The sum over its threads is utime + stime of /proc/PID/stat, in
 * nanoseconds where that one has ticks of 10 ms; workerd's threads live as long as it does.
 */
export function cpuMs(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const nanos = threads.map((id) => Number(readFileSync(`/proc/${pid}/task/${id}/schedstat`, "utf8").split(" ")[0]));
  return nanos.reduce((sum, one) => sum + one, 0) / 1e6;
}

const QUIET_STEP_MS = 100;
const QUIET_STEPS = 30;

/** What a system does after its last answer (settlements, the feeding of lists) is part of what its hops cost. */
async function quiet(pid: number): Promise<void> {
  let before = cpuMs(pid);
  for (let step = 0; step < QUIET_STEPS; step++) {
    await sleep(QUIET_STEP_MS);
    const now = cpuMs(pid);
    // The outbox waits 200 ms: two quiet steps are not enough to know that nothing follows.
    if (step > 2 && now - before < 1) return;
    before = now;
  }
}

export async function measure(load: ChildProcess, system: System, scenario: Scenario, ms: number): Promise<Measured> {
  const { kind, shape, connections } = scenario;
  const order: Order = {
    port: system.port,
    path: system.path(kind === "http" ? `http-${shape.agent}` : shape.agent),
    headers: system.headers,
    body: JSON.stringify({ input: INPUT }),
    connections,
    ms,
  };
  const before = cpuMs(system.pid);
  load.send(order);
  const [done] = (await once(load, "message")) as [Done];
  if (done.error !== undefined) throw new Error(`${system.name}, ${scenario.name}: ${done.error}`);
  await quiet(system.pid);
  const hops = done.requests * shape.hops;
  return { hopsPerSecond: hops / (done.ms / 1_000), cpuMicros: ((cpuMs(system.pid) - before) * 1_000) / hops };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = Number.NaN, high = Number.NaN] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  return (low + high) / 2;
}
