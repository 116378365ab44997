/** `npm run demo`: has real files read by the agents of a mesh, and shows the report, who called whom, and what it cost. */
import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { styleText } from "node:util";
import { DeskOutput } from "../agents/desk/schema.ts";
import { Client, type Graph, type HopEvent, type Invoked } from "../cli/client.ts";
import { Failure, ProblemFailure, problemIn } from "../cli/failure.ts";
import { eventLine } from "../cli/live.ts";
import { path } from "../cli/session.ts";
import type { Paint } from "../mesh/chain/render/terminal.ts";
import { visible } from "../mesh/chain/render/text.ts";
import { renderTree } from "../mesh/chain/render/tree.ts";
import { counted } from "../mesh/chain/render/words.ts";
import { HELP, type Options, readOptions, UsageError } from "./demo/options.ts";
import { type ChainBudget, renderBudget, renderReport } from "./demo/report.ts";
import { ROGUE_LINES, ROGUE_SOURCES, startRogues } from "./demo/rogues.ts";
import { DemoError, findServer, type Server, startServer } from "./demo/server.ts";
import { type Source, sourcesOf } from "./demo/sources.ts";

/** The mesh takes bodies of at most 4 MiB. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** So that nobody waits long for the one that hangs. */
const ROGUE_PATIENCE_MS = 2_000;

const ROOT = resolve(import.meta.dirname, "..");
const paint: Paint = (style, text) => styleText(style, text, { stream: process.stdout });

const interrupted = new AbortController();

function print(...lines: readonly string[]): void {
  process.stdout.write(`${lines.join("\n")}\n`);
}

function bodyOf({ question, quotes, budget, rogue }: Options, sources: readonly Source[]): unknown {
  const input = {
    question,
    sources,
    ...(quotes !== undefined && { quotes }),
    ...(rogue && { patienceMs: ROGUE_PATIENCE_MS }),
  };
  const body = { input, skill: "ask", ...(Object.keys(budget).length > 0 && { budget }) };
  if (Buffer.byteLength(JSON.stringify(body)) > MAX_BODY_BYTES) {
    throw new DemoError("The files are larger than 4 MiB together.");
  }
  return body;
}

/** Runs the chain, telling each hop as it comes. @throws {ProblemFailure} what ended it */
async function invoke(client: Client, body: unknown, quiet: boolean): Promise<Invoked> {
  for await (const { event, data } of client.events(path("agents", "desk", "invoke"), { body })) {
    if (event === "hop" && !quiet) print(eventLine(JSON.parse(data) as HopEvent, paint));
    if (event === "result") return JSON.parse(data) as Invoked;
    const problem = event === "problem" ? problemIn(data) : undefined;
    if (problem !== undefined) throw new ProblemFailure({ status: 0, ...problem }, data);
  }
  throw new DemoError("The mesh closed the stream without an answer.");
}

async function showChain(client: Client, chainId: string): Promise<void> {
  const chain = await client.json<ChainBudget>(path("chains", chainId));
  const graph = await client.json<Graph>(path("chains", chainId, "graph"), { query: { format: "json" } });
  print("", `${paint("bold", "Chain")} ${visible(chainId)}`, ...renderTree([...graph.hops], { paint }));
  if (graph.nextCursor !== undefined) print(paint("dim", "The graph has more hops than one answer holds."));
  print("", ...renderBudget(chain, paint));
}

async function writeReport({ html, markdown }: Options, { report }: DeskOutput): Promise<void> {
  for (const [file, text] of [
    [html, report?.html],
    [markdown, report?.markdown],
  ] as const) {
    if (file === undefined) continue;
    if (text === undefined) print(`${paint("yellow", "not written")}  ${file}: the clerk was left out.`);
    else {
      await writeFile(file, text);
      print(paint("dim", `Written: ${file}`));
    }
  }
}

async function run(server: Server, options: Options, body: unknown, sources: number): Promise<void> {
  const client = new Client(
    { ...server, source: server.isOurs ? "started for this demo" : "found" },
    interrupted.signal,
  );
  const stopRogues = options.rogue ? await startRogues(server.url, server.key) : undefined;
  print(paint("bold", options.question), paint("dim", `${counted(sources, "source")} → ${server.url}`), "");
  if (options.rogue) print(paint("bold", "Agents that behave badly"), ...ROGUE_LINES, "");
  try {
    const { chainId, output } = await invoke(client, body, options.quiet);
    const answer = DeskOutput.parse(output);
    if (!options.quiet) print("");
    print(...renderReport(answer, paint));
    await showChain(client, chainId);
    await writeReport(options, answer);
  } catch (error) {
    if (!(error instanceof ProblemFailure)) throw error;
    process.exitCode = 1;
    process.stderr.write(`${visible(error.message)}\n`);
    // A refused root is a chain too: what happened in it says more than the sentence.
    const { chainId } = error.problem;
    if (chainId !== undefined) await showChain(client, chainId).catch(() => undefined);
  } finally {
    await stopRogues?.();
  }
}

async function main(): Promise<void> {
  const options = readOptions();
  if (options === undefined) return print(HELP.trimEnd());
  const sources = [...(await sourcesOf(ROOT, options.files)), ...(options.rogue ? ROGUE_SOURCES : [])];
  const body = bodyOf(options, sources);
  let server = await findServer(ROOT, process.env);
  if (server === undefined) {
    print(paint("dim", "No mesh runs here; starting one…"));
    server = await startServer(ROOT, process.env, interrupted.signal);
  }
  try {
    await run(server, options, body, sources.length);
  } finally {
    await server.stop();
  }
}

// A reader that leaves early (`| head`) must not keep the server from being stopped.
process.stdout.on("error", () => {});
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => interrupted.abort(new DemoError("Interrupted.")));
}
main().catch((error: unknown) => {
  const isExpected = error instanceof DemoError || error instanceof Failure;
  process.stderr.write(`${isExpected ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = interrupted.signal.aborted ? 130 : error instanceof UsageError ? 2 : 1;
});
