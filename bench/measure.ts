/** One measurement: load on one system for a while, and what it has cost the processes that answer it. */
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
 * nanoseconds where that one has ticks of 10 ms; the threads of the servers live as long as they do.
 */
export function cpuMs(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const nanos = threads.map((id) => Number(readFileSync(`/proc/${pid}/task/${id}/schedstat`, "utf8").split(" ")[0]));
  return nanos.reduce((sum, one) => sum + one, 0) / 1e6;
}

const QUIET_STEP_MS = 100;
const QUIET_STEPS = 30;

/**
 * What a server does after its last answer (settlements, the feeding of lists) is part of what its hops cost.
 * @param idleShare the part of a core that it uses with nothing to do
 */
async function quiet(pid: number, idleShare: number): Promise<void> {
  let before = cpuMs(pid);
  for (let step = 0; step < QUIET_STEPS; step++) {
    await sleep(QUIET_STEP_MS);
    const now = cpuMs(pid);
    // The outbox waits 200 ms: two quiet steps are not enough to know that nothing follows.
    if (step > 2 && now - before < 1 + 2 * idleShare * QUIET_STEP_MS) return;
    before = now;
  }
}

export interface Payer {
  readonly pid: number;
  /** The part of a core that it uses with nothing to do; 0 by default. */
  readonly idleShare?: number;
}

/** Does some work, and says what it has cost each of the payers in milliseconds of CPU time, beyond their idling. */
export async function billed<T>(
  payers: readonly Payer[],
  work: () => Promise<T>,
): Promise<{ readonly value: T; readonly cpuMs: readonly number[] }> {
  const before = payers.map(({ pid }) => ({ cpu: cpuMs(pid), at: performance.now() }));
  const value = await work();
  for (const { pid, idleShare = 0 } of payers) await quiet(pid, idleShare);
  const used = payers.map(({ pid, idleShare = 0 }, place) => {
    const { cpu, at } = before[place] ?? { cpu: Number.NaN, at: Number.NaN };
    return cpuMs(pid) - cpu - idleShare * (performance.now() - at);
  });
  return { value, cpuMs: used };
}

/** The part of a core that a process uses while nobody asks it for anything. */
export async function idleShare(pid: number, ms: number): Promise<number> {
  const before = cpuMs(pid);
  await sleep(ms);
  return (cpuMs(pid) - before) / ms;
}

/** Has the load generator drive. @throws {Error} when it gave up, in the words of `name` */
export async function drive(load: ChildProcess, name: string, order: Order): Promise<Done> {
  load.send(order);
  const [done] = (await once(load, "message")) as [Done];
  if (done.error !== undefined) throw new Error(`${name}: ${done.error}`);
  return done;
}

export function orderFor(system: Pick<System, "port" | "path" | "headers">, agent: string): Omit<Order, "connections"> {
  const { port, headers } = system;
  const body = JSON.stringify({ input: INPUT });
  return { port, path: system.path(agent), headers, body, expect: JSON.stringify(INPUT) };
}

export async function measure(load: ChildProcess, system: System, scenario: Scenario, ms: number): Promise<Measured> {
  const { kind, shape, connections, name } = scenario;
  const order = { ...orderFor(system, kind === "http" ? `http-${shape.agent}` : shape.agent), connections, ms };
  const work = () => drive(load, `${system.name}, ${name}`, order);
  const { value: done, cpuMs } = await billed([system], work);
  const hops = done.requests * shape.hops;
  return { hopsPerSecond: hops / (done.ms / 1_000), cpuMicros: ((cpuMs[0] ?? Number.NaN) * 1_000) / hops };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = Number.NaN, high = Number.NaN] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  return (low + high) / 2;
}

/** @param part of the values that are at most as large as what is returned, such as 0.99 */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? Number.NaN;
}

/** Whoever comes first in a round is somebody else in the next: what a round does to its last is spread over all. */
export function turn<T>(subjects: readonly T[], round: number): readonly T[] {
  const first = round % Math.max(1, subjects.length);
  return [...subjects.slice(first), ...subjects.slice(0, first)];
}
