/** A long run as Markdown. */
import { sizeTable } from "../compare-report.ts";
import type { Grown } from "../growth.ts";
import { mark, provenance, table, whole } from "../report.ts";
import type { BundleSize } from "./bundle.ts";
import type { Asked } from "./latencies.ts";
import type { Memory } from "./state.ts";

/** What was seen at one stage. */
export interface Seen {
  readonly chains: number;
  readonly hops: number;
  readonly memory: Memory;
  /** JavaScript's heap after a collection; only where that was asked for. */
  readonly heapBytes: number | undefined;
  readonly diskBytes: number;
  readonly hopsPerSecond: number;
}

export interface Long {
  readonly seen: readonly Seen[];
  /** How many chains each ledger has in which requests were timed, smallest first. */
  readonly ledgers: readonly number[];
  readonly asked: readonly Asked[];
  /** When the server has ended, journals written back. */
  readonly disk: { readonly hops: number; readonly chains: number; readonly bytes: Readonly<Record<string, number>> };
  readonly admit: readonly Grown[];
  readonly bundle: BundleSize;
}

/** Memory that grows without bound has grown by half when the hops have doubled. */
export const MEMORY = 1.25;
/** At a hundred times the chains a request may take so much longer. */
export const LATENCY = 2;

const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(0);

/** Anonymous memory at the end against that at half of the hops. */
export function memoryRatio(seen: readonly Seen[]): number {
  const last = seen.at(-1);
  const half = seen.find(({ hops }) => last !== undefined && hops >= last.hops / 2);
  return (last?.memory.anonymous ?? Number.NaN) / (half?.memory.anonymous ?? Number.NaN);
}

export function memoryTable(seen: readonly Seen[]): string {
  const heap = seen.some(({ heapBytes }) => heapBytes !== undefined);
  const head = [
    "hops",
    "chains",
    "resident MiB",
    "anonymous MiB",
    ...(heap ? ["JS heap MiB"] : []),
    "disk MiB",
    "hops/s",
  ];
  const rows = seen.map(({ hops, chains, memory, heapBytes, diskBytes, hopsPerSecond }) => [
    ...[whole(hops), whole(chains), mib(memory.resident), mib(memory.anonymous)],
    ...(heap ? [heapBytes === undefined ? "" : mib(heapBytes)] : []),
    ...[mib(diskBytes), whole(hopsPerSecond)],
  ]);
  const ratio = memoryRatio(seen);
  return `Anonymous memory at the end ÷ at half of the hops = ${ratio.toFixed(2)} ≤ ${MEMORY} ${mark(ratio <= MEMORY)}

${table(head, rows)}`;
}

/** @param ledgers how many chains each has, smallest first */
export function latencyTable(ledgers: readonly number[], asked: readonly Asked[]): string {
  const head = ["p50 ms (p99)", ...ledgers.map((chains) => `${whole(chains)} chains`), "last ÷ first"];
  const rows = asked.map(({ name, ledgers: of }) => {
    const ratio = (of.at(-1)?.p50Ms ?? Number.NaN) / (of[0]?.p50Ms ?? Number.NaN);
    const cells = of.map(({ p50Ms, p99Ms }) => `${p50Ms.toFixed(2)} (${p99Ms.toFixed(1)})`);
    return [name, ...cells, `${ratio.toFixed(2)} ≤ ${LATENCY} ${mark(ratio <= LATENCY)}`];
  });
  return table(head, rows);
}

function diskLine({ hops, chains, bytes }: Long["disk"]): string {
  const all = Object.values(bytes).reduce((sum, one) => sum + one, 0);
  const parts = Object.entries(bytes).filter(([, one]) => one > 0);
  return `${whole(chains)} chains of ${whole(hops)} hops: ${mib(all)} MiB, **${whole(all / hops)} B a hop** (${parts
    .map(([kind, one]) => `${kind.replace("hopline-", "")} ${whole(one / hops)} B`)
    .join(", ")}).`;
}

function bundleLine({ bytes, gzipBytes, origins }: BundleSize): string {
  const kib = (of: number) => `${whole(of / 1_024)} KiB`;
  const largest = origins.slice(0, 10).map(({ origin, bytes: of }) => `${origin} ${kib(of)}`);
  return `${kib(bytes)}, with gzip ${kib(gzipBytes)}; not minified. Largest parts: ${largest.join(", ")}.`;
}

/** What is printed and kept. */
export function tables({ seen, ledgers, asked, disk, admit, bundle }: Long): string {
  return `## Memory

${memoryTable(seen)}

## Latencies by the size of the ledger

Three meshes of the same server, each with a ledger of its own; one request at a time, 300 of each kind, the ledgers in turn.

${latencyTable(ledgers, asked)}

## Disk

${diskLine(disk)}

## One chain of many hops

Each row is the cost of 500 calls of one agent, in waves of 10, in a mesh of its own, whose ledger has no other chain.

${sizeTable(admit)}

## Bundle

${bundleLine(bundle)}
`;
}

export function resultsPage(command: string, long: Long): string {
  return `# A long run

Written by \`npm run bench:long\`. One workerd, chains of 11 hops (one agent that calls ten at once) over 32 connections: two small
ledgers first, then one large one.

${provenance(command)}

${tables(long)}`;
}
