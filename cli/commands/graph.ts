/** `hopline graph`: a chain's call graph, as a tree or in whatever form the next tool reads. */
import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { type Command, Option } from "commander";
import { statusStyle, statusText } from "../../mesh/chain/render/status.ts";
import { type Paint, plain } from "../../mesh/chain/render/terminal.ts";
import { visible } from "../../mesh/chain/render/text.ts";
import { renderTree, type TreeHop } from "../../mesh/chain/render/tree.ts";
import type { Graph } from "../client.ts";
import { usage } from "../failure.ts";
import { action, path, printDocument, type Session } from "../session.ts";
import type { Surroundings } from "../terminal.ts";
import { count } from "../values.ts";

const FORMATS = ["tree", "json", "mermaid", "dot", "svg", "otlp"] as const;

interface GraphOptions {
  readonly format?: (typeof FORMATS)[number];
  readonly view?: string;
  readonly cursor?: string;
  readonly limit?: number;
  readonly output?: string;
  readonly expand?: boolean;
  readonly lines?: number;
}

const MOST_LINES = 1_000;

export function graphCommand(program: Command, around: Surroundings): void {
  program
    .command("graph <id>")
    .description("show the call graph of a chain: as a tree, or in a form that another tool reads")
    .addOption(new Option("--format <format>", "what to print (tree)").choices(FORMATS))
    .addOption(new Option("--view <view>", "each hop, or agents with their calls added up").choices(["hops", "agents"]))
    .option("-o, --output <file>", "write it there")
    .option("--expand", "tree: a line a hop, also where equal siblings would share one (×37)")
    .option("--lines <n>", `tree: at most so many lines (${MOST_LINES}); 0 for all`, count)
    .option("--limit <n>", "other formats: at most so many hops (5000)", count)
    .option("--cursor <cursor>", "other formats: go on where an earlier answer was truncated")
    .addHelpText(
      "after",
      `
A line of the tree: the agent, how its hop ended, how long it took, and what it used with all below it.

Examples:
  hopline graph 100091f5efa963e101ae28240e819789
  hopline graph 100091f5efa963e101ae28240e819789 --format svg -o chain.svg
  hopline graph 100091f5efa963e101ae28240e819789 --format dot --view agents | dot -Tpng > chain.png`,
    )
    .action(action(around, graph));
}

async function graph(session: Session, id: string, options: GraphOptions): Promise<void> {
  const { format = session.json ? "json" : "tree", output, limit, cursor, view } = options;
  if (format === "tree") {
    if (view !== undefined || limit !== undefined || cursor !== undefined) {
      throw usage("--view, --limit and --cursor go with another --format than tree, which shows every hop.");
    }
    const lines = await treeLines(session, id, options, output === undefined ? session.ink : plain);
    return output === undefined ? session.print(...lines) : written(session, output, `${lines.join("\n")}\n`);
  }
  if (options.expand || options.lines !== undefined) throw usage("--expand and --lines go with --format tree.");
  const query = { format, view, limit, cursor };
  const text = await session.client.text(path("chains", id, "graph"), { query, headers: { accept: "*/*" } });
  if (output === undefined) printDocument(session, text);
  else await written(session, output, text);
}

async function treeLines(session: Session, id: string, options: GraphOptions, paint: Paint): Promise<string[]> {
  const { status, chainId, hops } = await wholeGraph(session, id);
  const mostLines = options.lines === 0 ? Number.POSITIVE_INFINITY : (options.lines ?? MOST_LINES);
  const expand = options.expand ?? false;
  return [
    ...renderTree(hops, { paint, expand, mostLines, now: session.around.now() }),
    `chain ${visible(chainId)}  ${paint(statusStyle(status), statusText(status))}`,
  ];
}

/** All pages: a tree needs the parents of its hops. */
async function wholeGraph({ client }: Session, id: string): Promise<Graph> {
  const hops: TreeHop[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await client.json<Graph>(path("chains", id, "graph"), { query: { format: "json", cursor } });
    for (const hop of page.hops) hops.push(hop);
    if (page.nextCursor === undefined) return { ...page, hops };
    cursor = page.nextCursor;
  }
}

async function written(session: Session, output: string, text: string): Promise<void> {
  try {
    await writeFile(resolve(session.around.cwd, output), text);
  } catch (error) {
    throw usage(`${output} can't be written: ${error instanceof Error ? error.message : String(error)}.`);
  }
  session.note(`${session.inkErr("green", "✓ written")}  ${output}`);
}
