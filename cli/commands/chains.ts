/** `hopline chains` and `hopline cancel`. */
import type { Command } from "commander";
import { statusStyle, statusText } from "../../mesh/chain/render/status.ts";
import { visible } from "../../mesh/chain/render/text.ts";
import { duration, grouped } from "../../mesh/chain/render/words.ts";
import type { Chain, ChainItem, Page } from "../client.ts";
import { chainLine } from "../live.ts";
import { action, path, printDocument, type Session } from "../session.ts";
import { table } from "../table.ts";
import type { Surroundings } from "../terminal.ts";
import { count, milliseconds } from "../values.ts";

interface ListOptions {
  readonly status?: string;
  readonly agent?: string;
  readonly since?: number;
  readonly limit?: number;
  readonly cursor?: string;
}

export function chainsCommand(program: Command, around: Surroundings): void {
  const chains = program.command("chains").description("list chains, newest first, or show one");
  chains
    .command("list", { isDefault: true })
    .description("list chains, newest first")
    .option("--status <status>", "running, done, failed, cancelled or expired")
    .option("--agent <name>", "those that began with this agent")
    .option("--since <duration>", "those that started within the last 30m, 1h, 7d, …", milliseconds)
    .option("--limit <n>", "at most so many (50, up to 200)", count)
    .option("--cursor <cursor>", "go on where an earlier answer ended")
    .addHelpText("after", "\nExamples:\n  hopline chains\n  hopline chains --status failed --since 1h")
    .action(action(around, list));
  chains
    .command("show <id>")
    .description("show one chain: its status, and its budget with what is spent of it")
    .addHelpText("after", "\nExample:\n  hopline chains show 100091f5efa963e101ae28240e819789")
    .action(action(around, show));
}

export function cancelCommand(program: Command, around: Surroundings): void {
  program
    .command("cancel <id>")
    .description("cancel a running chain: its open hops are aborted")
    .addHelpText("after", "\nExample:\n  hopline cancel 100091f5efa963e101ae28240e819789")
    .action(action(around, cancel));
}

async function list(session: Session, options: ListOptions): Promise<void> {
  const { status, agent, limit, cursor } = options;
  const now = session.around.now();
  const since = options.since === undefined ? undefined : Math.max(0, now - options.since);
  const body = await session.client.text(path("chains"), { query: { status, agent, since, limit, cursor } });
  if (session.json) return printDocument(session, body);
  const { items, nextCursor } = session.client.parsed<Page<ChainItem>>(body);
  if (items.length === 0) return session.note("No chain fits.");
  const columns = [
    { title: "CHAIN" },
    { title: "STATUS" },
    { title: "AGENT" },
    { title: "BY" },
    { title: "STARTED" },
    { title: "TOOK", right: true },
  ];
  const rows = items.map(({ chainId, root, startedAt, endedAt, ...chain }) => [
    visible(chainId),
    { text: statusText(chain.status), style: statusStyle(chain.status) },
    visible(root.agent),
    visible(root.principal),
    `${duration(Math.max(0, now - startedAt))} ago`,
    endedAt === null ? "…" : duration(endedAt - startedAt),
  ]);
  session.print(...table(columns, rows, session.ink));
  if (nextCursor !== undefined) session.note(`There are more: --cursor ${visible(nextCursor)}`);
}

async function show(session: Session, id: string): Promise<void> {
  const body = await session.client.text(path("chains", id));
  if (session.json) return printDocument(session, body);
  const chain = session.client.parsed<Chain>(body);
  const { root, startedAt, limits, spent, reserved, overrun, hops } = chain;
  const { ink } = session;
  const columns = ["BUDGET", "SPENT", "RESERVED", "OVERRUN", "LIMIT"].map((title, n) => ({ title, right: n > 0 }));
  const rows = Object.keys(limits).map((dimension) => [
    visible(dimension),
    ...[spent, reserved, overrun, limits].map((amounts) => grouped(amounts[dimension] ?? 0)),
  ]);
  const ends = Object.entries(hops).filter(([, number]) => number > 0);
  session.print(
    chainLine(chain, session.around.now(), ink),
    `${visible(root.agent)} for ${visible(root.principal)}, started ${new Date(startedAt).toISOString()}`,
    `hops: ${ends.map(([status, number]) => `${ink(statusStyle(status), statusText(status))} ${grouped(number)}`).join("  ")}`,
    "",
    ...table(columns, rows, ink),
  );
}

async function cancel(session: Session, id: string): Promise<void> {
  const body = await session.client.text(path("chains", id, "cancel"), { method: "POST" });
  if (session.json) return printDocument(session, body);
  session.print(chainLine(session.client.parsed<Chain>(body), session.around.now(), session.ink));
}
