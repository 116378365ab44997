/** The table of what came out, and the targets of the product beside it. */
import { machine, table } from "../report.ts";
import type { Subject } from "./subjects.ts";

export interface Plan {
  readonly rounds: number;
  readonly ms: number;
  readonly warmUpMs: number;
}

/** Medians over the rounds; what is added is the median of the rounds' own differences to the straight call. */
export interface Row {
  readonly subject: Subject;
  readonly byClients: Readonly<
    Record<number, { readonly p50Ms: number; readonly addedMs: number; readonly callsPerSecond: number }>
  >;
  /** HTTP requests at the upstream a call, warm; undefined where they can't be counted. */
  readonly requestsPerCall: number | undefined;
}

export const CLIENTS = [1, 16];

/** At 16 clients at least so much of the bare pass-through's calls a second. */
const THROUGHPUT = 0.5;

const sign = (met: boolean) => (met ? "✓" : "✗");

export function resultsTable(rows: readonly Row[]): string {
  const head = CLIENTS.flatMap((clients) => [`p50 ms, ${clients}`, `added ms, ${clients}`, `calls/s, ${clients}`]);
  return table(
    ["through", ...head, "upstream requests/call"],
    rows.map(({ subject, byClients, requestsPerCall }) => [
      subject.name,
      ...CLIENTS.flatMap((clients) => {
        const { p50Ms = Number.NaN, addedMs = Number.NaN, callsPerSecond = Number.NaN } = byClients[clients] ?? {};
        const added = subject.name === "straight" ? "" : addedMs.toFixed(2);
        return [p50Ms.toFixed(2), added, Math.round(callsPerSecond).toLocaleString("en")];
      }),
      requestsPerCall?.toFixed(2) ?? "(stdio)",
    ]),
  );
}

/** One line a target. */
export function targetLines(rows: readonly Row[]): string[] {
  const of = (name: string, clients: number) => {
    const found = rows.find(({ subject }) => subject.name === name)?.byClients[clients];
    if (found === undefined) throw new Error(`Nothing was measured of '${name}' at ${clients} clients.`);
    return found;
  };
  const hub = of("mcp-hub", 1).addedMs;
  const pass = of("pass-through", 16).callsPerSecond;
  return ["mesh", "mesh, stateless"].flatMap((name) => {
    const added = of(name, 1).addedMs;
    const ratio = of(name, 16).callsPerSecond / pass;
    return [
      `- ${name}: added p50 at 1 client ${added.toFixed(2)} ms ≤ ${hub.toFixed(2)} ms (mcp-hub) ${sign(added <= hub)}`,
      `- ${name}: calls/s at 16 clients ${ratio.toFixed(2)} ≥ ${THROUGHPUT} × the pass-through's ${sign(ratio >= THROUGHPUT)}`,
    ];
  });
}

export function resultsPage(rows: readonly Row[], { rounds, ms }: Plan): string {
  return `# A tool call over MCP, through the mesh and through others

Written by \`npm run bench:mcp\`. One \`echo\` tool of a small Node server on loopback (2025-11-25), called by the same minimal client.

- date: ${new Date().toISOString().slice(0, 10)}
${machine()}

Medians of ${rounds} rounds of ${ms / 1_000} s, all in turn within each round; the load, the upstream and each proxy are processes of
their own. "Added" is a round's p50 less the straight call's. The mesh decides, checks against the schema and writes down each
call; the others forward.

${resultsTable(rows)}

${rows.map(({ subject }) => `- ${subject.name}: ${subject.how}`).join("\n")}

## Targets

${targetLines(rows).join("\n")}
`;
}
