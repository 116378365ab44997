/** The results as Markdown: what is printed, and what bench/RESULTS.md keeps. */
import { createRequire } from "node:module";
import { cpus, loadavg, release, totalmem } from "node:os";
import type { Compared, Plan } from "./compare.ts";
import { FLAT, type Grown } from "./growth.ts";
import type { Measured } from "./measure.ts";
import { TARGETS } from "./scenarios.ts";

/** Columns padded to one width, so that the source reads as well as the rendering. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(...[head, ...rows].map((row) => (row[column] ?? title).length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, at) => cell.padStart(widths[at] ?? 0)).join(" | ")} |`;
  return [line(head), `|${widths.map((width) => `${"-".repeat(width + 1)}:|`).join("")}`, ...rows.map(line)].join("\n");
}

const whole = (value: number) => Math.round(value).toLocaleString("en");
const mark = (met: boolean) => (met ? "✓" : "✗");

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

export function growthTables(bySize: readonly Grown[], byDepth: readonly Grown[]): string {
  const cells = ({ cpuMicros, hopsPerSecond }: Measured) => [whole(cpuMicros), (1_000 / hopsPerSecond).toFixed(2)];
  const size = table(
    ["hops before", "µs/hop", "ms/hop"],
    bySize.map(({ before, measured }) => [whole(before), ...cells(measured)]),
  );
  const depth = table(
    ["depth", "µs/hop", "ms/hop"],
    byDepth.map(({ depth, measured }) => [String(depth), ...cells(measured)]),
  );
  const flat = growthOf(bySize);
  return [
    `By hops in the chain (calls at depth 2): last ÷ first = ${flat.toFixed(2)} ≤ ${FLAT} ${mark(flat <= FLAT)}`,
    size,
    `By depth (10 hops before; depth 1 begins a chain: \`builtin single\` above): last ÷ first = ${growthOf(byDepth).toFixed(2)}`,
    depth,
  ].join("\n\n");
}

export function machine(): string {
  const wrangler = createRequire(createRequire(import.meta.url).resolve("wrangler/package.json"));
  const { version } = wrangler("workerd") as { version: string };
  const [cpu] = cpus();
  const memory = `${whole(totalmem() / 2 ** 30)} GiB`;
  const load = loadavg().map((one) => one.toFixed(1));
  return [
    `- machine: ${cpu?.model.trim()}, ${cpus().length} cores, ${memory} memory, Linux ${release()}`,
    `- Node ${process.version}, workerd ${version}`,
    `- load average at the end (1, 5, 15 minutes; the benchmark itself is about 2): ${load.join(", ")}`,
  ].join("\n");
}

export function resultsPage(parts: { command: string; plan: Plan; comparison: string; growth: string }): string {
  const { rounds, ms } = parts.plan;
  return `# Results of the benchmark

Written by \`npm run bench\`. What is measured, and why against a floor: docs/design.md, "The hop, step by step".

- command: \`${parts.command}\`
- date: ${new Date().toISOString().slice(0, 10)}
${machine()}

Medians of ${rounds} rounds of ${ms / 1_000} s, the systems in turn within each round. \`µs/hop\` is CPU time of the server's workerd
process a hop, what it does after the answers included; the http agents and the load generator are processes of their
own, on the same machine. Ratios are the product against the floor (bench/floor/worker.ts), medians of the rounds' own.

## Beside the floor

${parts.comparison}

## Growth

Each row is the cost of 500 calls of one agent, in waves of 10, in a mesh of its own, whose ledger has no other chain.

${parts.growth}
`;
}
