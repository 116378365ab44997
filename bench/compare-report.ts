/** The comparison with the floor as Markdown: what is printed, and what bench/RESULTS.md keeps. */
import type { Compared, Plan } from "./compare.ts";
import { FLAT, type Grown } from "./growth.ts";
import type { Measured } from "./measure.ts";
import { mark, provenance, table, whole } from "./report.ts";
import { TARGETS } from "./scenarios.ts";

export function meetsCpu({ scenario, cpu }: Compared): boolean {
  return cpu <= TARGETS[scenario.kind].cpu;
}

export function meetsThroughput({ scenario, throughput }: Compared): boolean {
  return throughput >= TARGETS[scenario.kind].throughput;
}

export function comparisonTable(results: readonly Compared[]): string {
  const head = [
    ...["agents", "shape", "conns", "µs/hop", "floor", "ungoverned", "CPU ratio"],
    ...["hops/s", "floor", "ungoverned", "throughput ratio"],
  ];
  const each = (result: Compared, of: (one: Measured) => number) => {
    const { product, floor, ungoverned } = result.systems;
    return [product, floor, ungoverned].map((one) => whole(of(one)));
  };
  const rows = results.map((result) => {
    const { kind, shape, connections } = result.scenario;
    const cpu = `${result.cpu.toFixed(2)} ≤ ${TARGETS[kind].cpu} ${mark(meetsCpu(result))}`;
    const throughput = `${result.throughput.toFixed(2)} ≥ ${TARGETS[kind].throughput} ${mark(meetsThroughput(result))}`;
    return [
      ...[kind, shape.name, String(connections)],
      ...[...each(result, (one) => one.cpuMicros), cpu],
      ...[...each(result, (one) => one.hopsPerSecond), throughput],
    ];
  });
  return table(head, rows);
}

/** The cost at the last point against that at the first. */
function growthOf(points: readonly Grown[]): number {
  return (points.at(-1)?.measured.cpuMicros ?? Number.NaN) / (points[0]?.measured.cpuMicros ?? Number.NaN);
}

const costCells = ({ cpuMicros, hopsPerSecond }: Measured) => [whole(cpuMicros), (1_000 / hopsPerSecond).toFixed(2)];

export function sizeTable(bySize: readonly Grown[]): string {
  const flat = growthOf(bySize);
  const rows = bySize.map(({ before, measured }) => [whole(before), ...costCells(measured)]);
  return `By hops in the chain (calls at depth 2): last ÷ first = ${flat.toFixed(2)} ≤ ${FLAT} ${mark(flat <= FLAT)}

${table(["hops before", "µs/hop", "ms/hop"], rows)}`;
}

export function depthTable(byDepth: readonly Grown[]): string {
  const rows = byDepth.map(({ depth, measured }) => [String(depth), ...costCells(measured)]);
  return `By depth (10 hops before; depth 1 begins a chain: \`builtin single\` above): last ÷ first = ${growthOf(byDepth).toFixed(2)}

${table(["depth", "µs/hop", "ms/hop"], rows)}`;
}

export function resultsPage(parts: { command: string; plan: Plan; comparison: string; growth: string }): string {
  const { rounds, ms, warmUpMs } = parts.plan;
  return `# Results of the benchmark

Written by \`npm run bench\`. What is measured, and why against a floor: docs/design.md, "The hop, step by step".

${provenance(parts.command)}

Medians of ${rounds} rounds of ${ms / 1_000} s, the systems in turn within each round, after ${warmUpMs / 1_000} s of each kind of call at 32
connections in each system: servers run for longer than their compilers take. \`µs/hop\` is CPU time of the server's workerd
process a hop, what it does after the answers included; the http agents and the load generator are processes of their own, on
the same machine. Those agents declare the length of what they answer, as frameworks do. Ratios are the product against the floor
(bench/floor/worker.ts), medians of the rounds' own.

## Beside the floor

${parts.comparison}

## Growth

Each row is the cost of 500 calls of one agent, in waves of 10, in a mesh of its own, whose ledger has no other chain.

${parts.growth}
`;
}
