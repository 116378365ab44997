/** The table of what came out: the same questions to a small and to a large registry. */
import { median } from "../measure.ts";
import { machine, table } from "../report.ts";

export interface Uploaded {
  readonly agents: number;
  readonly bytes: number;
  readonly ms: number;
}

export interface Answered {
  readonly name: string;
  /** Milliseconds of each request. */
  readonly times: readonly number[];
  /** CPU time of workerd a request. */
  readonly cpuMs: number;
  /** Characters of an answer. */
  readonly bytes: number;
}

export interface Taken {
  readonly agents: number;
  readonly uploaded: Uploaded;
  readonly answered: readonly Answered[];
  readonly diskBytes: number;
  readonly memoryBytes: number;
}

/** A large registry may answer so much slower than a small one. */
const RATIO = 2;

function quantile(times: readonly number[], part: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(0);

export function resultsPage(taken: readonly Taken[], requests: number): string {
  const [small, large] = taken;
  if (small === undefined || large === undefined) throw new Error("Two sizes are compared.");
  const rows = small.answered.map((before, place) => {
    const after = large.answered[place] ?? before;
    const [p50, p50After] = [median(before.times), median(after.times)];
    const [p95, p95After] = [quantile(before.times, 0.95), quantile(after.times, 0.95)];
    const ratio = p50After / p50;
    return [
      before.name,
      ...[p50, p50After, p95, p95After, before.cpuMs, after.cpuMs].map((ms) => ms.toFixed(2)),
      `${ratio.toFixed(2)} ${ratio <= RATIO ? "✓" : "✗"}`,
    ];
  });
  const [a, b] = [small, large].map(({ agents }) => agents.toLocaleString("en"));
  const uploads = taken.map(
    ({ uploaded, agents, diskBytes, memoryBytes }) =>
      `- to ${agents.toLocaleString("en")}: ${uploaded.agents.toLocaleString("en")} lines (${mib(uploaded.bytes)} MiB) in ${(uploaded.ms / 1_000).toFixed(1)} s, ${Math.round(uploaded.agents / (uploaded.ms / 1_000)).toLocaleString("en")} a second; then ${mib(diskBytes)} MiB on disk, ${mib(memoryBytes)} MiB of memory after all questions`,
  );
  return `# A registry of ${b} agents beside one of ${a}

Written by \`npm run bench:registry\`: one mesh, filled through \`POST /v1/agents:batch\` and asked at both sizes.

- date: ${new Date().toISOString().slice(0, 10)}
${machine()}

${requests} requests of each question at each size, one after the other over one connection, after some to warm up; milliseconds
as the client sees them, and CPU time of workerd. The isolate remembers 1,000 agents: of the small registry all, of the large
one a hundredth. The target is a median at ${b} of at most ${RATIO} × that at ${a}.

${table(["question", `p50, ${a}`, `p50, ${b}`, `p95, ${a}`, `p95, ${b}`, `CPU, ${a}`, `CPU, ${b}`, "p50 ratio"], rows)}

Registered, in one batch each:

${uploads.join("\n")}
`;
}
