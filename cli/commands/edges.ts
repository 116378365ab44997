/** `hopline edges`: the call graph of the whole mesh, an edge a line. */
import type { Command } from "commander";
import { visible } from "../../mesh/chain/render/text.ts";
import { cost, duration, grouped } from "../../mesh/chain/render/words.ts";
import type { EdgeView } from "../../mesh/index/edges.ts";
import { action, path, printDocument, type Session } from "../session.ts";
import { table } from "../table.ts";
import type { Surroundings } from "../terminal.ts";
import { milliseconds } from "../values.ts";

export function edgesCommand(program: Command, around: Surroundings): void {
  program
    .command("edges")
    .description("the call graph of the whole mesh: who calls whom, how often, how well and at what cost")
    .option("--since <duration>", "calls within the last 30m, 1h, 7d, …", milliseconds)
    .option("--agent <name>", "edges from or to this agent")
    .addHelpText("after", "\nExample:\n  hopline edges --since 1h")
    .action(action(around, edges));
}

async function edges(session: Session, options: { readonly since?: number; readonly agent?: string }): Promise<void> {
  const now = session.around.now();
  const since = options.since === undefined ? undefined : Math.max(0, now - options.since);
  const body = await session.client.text(path("graph"), { query: { since, agent: options.agent } });
  if (session.json) return printDocument(session, body);
  const found = session.client.parsed<{ readonly edges: readonly EdgeView[] }>(body).edges;
  if (found.length === 0) return session.note("No call is recorded.");
  const columns = ["FROM", "TO", "CALLS", "ERRORS", "REFUSED", "P50", "P95", "P99", "TOKENS", "COST", "LAST"];
  session.print(
    ...table(
      columns.map((title, column) => ({ title, right: column > 1 })),
      found.map((edge) => row(edge, now)),
      session.ink,
    ),
  );
}

function row({ from, to, calls, errors, rejections, latencyMs, tokens, costMicros, lastAt }: EdgeView, now: number) {
  const refused = Object.values(rejections).reduce((sum, number) => sum + number, 0);
  const time = (ms: number | null) => (ms === null ? "" : duration(ms));
  return [
    visible(from),
    visible(to),
    grouped(calls),
    { text: grouped(errors), ...(errors > 0 && { style: "red" as const }) },
    { text: grouped(refused), ...(refused > 0 && { style: "yellow" as const }) },
    time(latencyMs.p50),
    time(latencyMs.p95),
    time(latencyMs.p99),
    grouped(tokens),
    costMicros > 0 ? cost(costMicros) : "",
    `${duration(Math.max(0, now - lastAt))} ago`,
  ];
}
