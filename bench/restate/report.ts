/** Hopline beside Restate as Markdown: the table, the targets, and what each promises for it. */
import { median } from "../measure.ts";
import { mark, provenance, table, whole } from "../report.ts";
import type { Kind, Shape } from "./subjects.ts";

export interface Measured {
  readonly chainsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** CPU time of the server a chain, in milliseconds. */
  readonly serverCpuMs: number;
  /** Of the process of its agents or services; 0 where there is none. */
  readonly agentsCpuMs: number;
}

/** What one subject did in all rounds of one scenario. */
export interface Taken {
  readonly name: string;
  readonly kind: Kind;
  readonly rounds: readonly Measured[];
}

export interface Scenario {
  readonly shape: Pick<Shape, "name" | "hops">;
  readonly connections: number;
  readonly taken: readonly Taken[];
}

/** Chains per second, against Restate's. */
export const TARGETS: Readonly<Record<Exclude<Kind, "restate">, number>> = { builtin: 4, http: 2 };

const peersOf = ({ taken }: Scenario) => taken.filter(({ kind }) => kind === "restate");

/** Of the rounds' own ratios: a moment in which the machine did something else counts for both. */
export function ratio({ rounds }: Taken, peer: Taken): number {
  const of = ({ chainsPerSecond }: Measured, round: number) =>
    chainsPerSecond / (peer.rounds[round]?.chainsPerSecond ?? Number.NaN);
  return median(rounds.map(of));
}

/** Whether a subject does what it should beside a peer; undefined for peers themselves. */
export function meets(taken: Taken, peer: Taken): boolean | undefined {
  return taken.kind === "restate" ? undefined : ratio(taken, peer) >= TARGETS[taken.kind];
}

function ratioCell(taken: Taken, peer: Taken): string {
  if (taken === peer) return "";
  const shown = ratio(taken, peer).toFixed(2);
  return taken.kind === "restate" ? shown : `${shown} ≥ ${TARGETS[taken.kind]} ${mark(meets(taken, peer) === true)}`;
}

export function resultsTable(scenarios: readonly Scenario[]): string {
  const peers = scenarios[0] === undefined ? [] : peersOf(scenarios[0]).map(({ name }) => `× ${name}`);
  const head = [
    ...["shape", "conns", "system", "chains/s", ...peers],
    ...["p50 ms", "p99 ms", "server CPU ms", "agents CPU ms"],
  ];
  const rows = scenarios.flatMap((scenario) =>
    scenario.taken.map((taken) => {
      const of = (figure: keyof Measured) => median(taken.rounds.map((one) => one[figure]));
      return [
        ...[scenario.shape.name, String(scenario.connections), taken.name, whole(of("chainsPerSecond"))],
        ...peersOf(scenario).map((peer) => ratioCell(taken, peer)),
        ...[of("p50Ms").toFixed(1), of("p99Ms").toFixed(1), of("serverCpuMs").toFixed(2)],
        taken.kind === "builtin" ? "" : of("agentsCpuMs").toFixed(2),
      ];
    }),
  );
  return table(head, rows);
}

/** One line a peer: how many of the comparisons with it meet their target. */
export function verdicts(scenarios: readonly Scenario[]): string[] {
  const names = new Set(scenarios.flatMap((scenario) => peersOf(scenario).map(({ name }) => name)));
  return [...names].map((name) => {
    const judged = scenarios.flatMap((scenario) => {
      const peer = peersOf(scenario).find((one) => one.name === name);
      return peer === undefined ? [] : scenario.taken.map((taken) => meets(taken, peer));
    });
    const met = judged.filter((one) => one === true).length;
    return `- beside ${name}: ${met} of ${judged.filter((one) => one !== undefined).length} meet their target`;
  });
}

export interface Page {
  readonly command: string;
  readonly versions: string;
  readonly plan: { readonly rounds: number; readonly ms: number };
  readonly scenarios: readonly Scenario[];
  readonly idle: readonly string[];
}

export function resultsPage({ command, versions, plan, scenarios, idle }: Page): string {
  return `# Chains beside Restate

Written by \`npm run bench:restate\`. The same chains, each hop written down before it runs, in one run on one machine.

${provenance(command)}
- ${versions}

Medians of ${plan.rounds} rounds of ${plan.ms / 1_000} s, the systems in turn within each round, after a warm-up of each. Every answer
has to contain the chain's input, and before the rounds each system's own records were asked whether they have every hop. Ratios are of chains per second, medians of the rounds' own. CPU is what a chain takes of the server's process, less what that
uses idle (${idle.join(", ")}), and of the process its agents or services run in.

${resultsTable(scenarios)}

${verdicts(scenarios).join("\n")}

## What is compared

- Hopline, builtin: the agents run in the mesh. http: a plain Node server, which takes the hop token as it comes. http kit: the
  same in \`hopline/agent\`, which checks each token's signature and the schemas. Admin key, one ledger, defaults.
- Restate: its server from npm with its defaults (a single node, 24 partitions, as it comes for development), services by its
  SDK in one Node process over HTTP/2, \`ctx.serviceClient\` from each to the next. With 1 partition, as one ledger is: the same
  but for \`default-num-partitions\`. Telemetry and web console are off; all listens on loopback. Services log errors alone.
- Load: one process, HTTP/1.1 with connections that stay, to Hopline's \`/v1/agents/{name}/invoke\` and to Restate's ingress.

What each has on disk when: Hopline's ledger commits a hop before its callee sees it (SQLite's WAL, synced), admissions
that arrive together in one commit; how it ended is written with the next commit, at most 20 ms later, and a crash in between leaves
the hop \`lost\` and charged. A chain that was interrupted is not run again. Restate logs each call and each result (RocksDB's WAL,
synced) before it goes on, and after a crash goes on with the chain by itself: it promises more there, and pays for it. Hopline decides
each hop (cycle, depth, budgets, token) and keeps its lineage: Restate doesn't.
`;
}
