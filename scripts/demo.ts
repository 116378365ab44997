/** `npm run demo`: sends real files through a mesh, and shows the answer, who called whom, and what it cost. */
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { parseArgs, styleText } from "node:util";
import type { Paint } from "../mesh/chain/render/terminal.ts";
import { visible } from "../mesh/chain/render/text.ts";
import { renderTree, type TreeHop } from "../mesh/chain/render/tree.ts";
import { type ChainBudget, counted, type DeskAnswer, renderAnswer, renderBudget } from "./demo/report.ts";
import { DemoError, findServer, type Server, startServer } from "./demo/server.ts";

const HELP = `Usage: npm run demo -- [OPTION…] ["QUESTION" [FILE or URL…]]

Sends files through the mesh: the agent desk has each one read by the agent reader, and answers with quotes.
Without files: this repository's README.md and docs/*.md.

  --hops N      the chain's budget of hops; the desk and each reader take one
  --tokens N    its budget of tokens
  --quotes N    quote at most this many passages, 1 to 20 (5)
  --help        show this

  HOPLINE_URL, HOPLINE_ADMIN_KEY   the mesh to use, and a key of it
  HOPLINE_DATA                     the data folder of a mesh that runs here (.hopline)

If no mesh runs, one is started on a temporary data folder, and stopped at the end.
`;

const QUESTION = "How does the mesh stop a call that comes back round?";
/** The mesh takes bodies of at most 4 MiB. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;

const ROOT = resolve(import.meta.dirname, "..");
const paint: Paint = (style, text) => styleText(style, text, { stream: process.stdout });

const interrupted = new AbortController();

interface Problem {
  readonly title?: string;
  readonly detail?: string;
  readonly chainId?: string;
}

class UsageError extends DemoError {}

class ProblemError extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.title ?? "The mesh refused.");
    this.problem = problem;
  }
}

interface Request {
  readonly question: string;
  /** The repository's own documents when empty. */
  readonly files: readonly string[];
  readonly quotes: number | undefined;
  readonly budget: Readonly<Record<string, number>>;
}

/** `parseArgs` throws a TypeError for an option that it does not know. */
function parseOptions() {
  const text = { type: "string" } as const;
  try {
    return parseArgs({
      allowPositionals: true,
      options: { help: { type: "boolean", short: "h" }, hops: text, tokens: text, quotes: text },
    });
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\nTry: npm run demo -- --help`);
  }
}

function readArguments(): Request | undefined {
  const { values, positionals } = parseOptions();
  if (values.help) return undefined;
  const count = (name: "hops" | "tokens" | "quotes"): number | undefined => {
    const value = values[name];
    if (value === undefined) return undefined;
    if (!/^\d{1,15}$/.test(value)) throw new UsageError(`--${name} takes a whole number; '${value}' is none.`);
    return Number(value);
  };
  const [hops, tokens] = [count("hops"), count("tokens")];
  const [question = QUESTION, ...files] = positionals;
  const budget = { ...(hops !== undefined && { hops }), ...(tokens !== undefined && { tokens }) };
  return { question, files, quotes: count("quotes"), budget };
}

async function ownDocuments(): Promise<string[]> {
  const docs = join(ROOT, "docs");
  const pages = existsSync(docs) ? (await readdir(docs)).filter((name) => name.endsWith(".md")).sort() : [];
  const found = [join(ROOT, "README.md"), ...pages.map((name) => join(docs, name))].filter((file) => existsSync(file));
  if (found.length === 0) throw new DemoError("This repository has neither README.md nor docs/*.md. Name a file.");
  return found;
}

interface Source {
  readonly source: string;
  readonly text?: string;
  readonly url?: string;
}

async function sourceOf(file: string): Promise<Source> {
  if (/^https?:\/\//i.test(file)) return { source: file, url: file };
  try {
    return { source: relative(process.cwd(), resolve(file)) || file, text: await readFile(file, "utf8") };
  } catch (error) {
    throw new DemoError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function invocation({ question, files, quotes, budget }: Request): Promise<{ sources: number; body: string }> {
  const sources = await Promise.all((files.length > 0 ? files : await ownDocuments()).map(sourceOf));
  const input = { question, sources, ...(quotes !== undefined && { quotes }) };
  const body = JSON.stringify({ input, ...(Object.keys(budget).length > 0 && { budget }) });
  if (Buffer.byteLength(body) > MAX_BODY_BYTES) throw new DemoError("The files are larger than 4 MiB together.");
  return { sources: sources.length, body };
}

async function call(server: Server, path: string, body?: string): Promise<unknown> {
  const response = await fetch(`${server.url}${path}`, {
    signal: interrupted.signal,
    method: body === undefined ? "GET" : "POST",
    headers: { authorization: `Bearer ${server.key}`, "content-type": "application/json", accept: "application/json" },
    ...(body !== undefined && { body }),
  });
  const text = await response.text();
  const answer = parseJson(text);
  if (response.ok && answer !== undefined) return answer;
  const chainId = response.headers.get("hopline-chain");
  throw new ProblemError({
    title: `HTTP ${response.status} from ${path}`,
    detail: text.slice(0, 400),
    ...(chainId !== null && { chainId }),
    ...(typeof answer === "object" && answer),
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function print(...lines: readonly string[]): void {
  process.stdout.write(`${lines.join("\n")}\n`);
}

async function showChain(server: Server, chainId: string): Promise<void> {
  const path = `/v1/chains/${encodeURIComponent(chainId)}`;
  const chain = (await call(server, path)) as ChainBudget;
  const graph = (await call(server, `${path}/graph?format=json`)) as { hops: TreeHop[]; truncated?: boolean };
  print("", `${paint("bold", "Chain")} ${visible(chainId)}`, ...renderTree(graph.hops, { paint }));
  if (graph.truncated) print(paint("dim", "The graph has more hops than one answer holds."));
  print("", ...renderBudget(chain, paint));
}

/** A refused root is a chain too: what happened in it says more than the sentence. */
async function explain(server: Server | undefined, error: unknown): Promise<void> {
  if (!(error instanceof ProblemError)) throw error;
  const { title, detail, chainId } = error.problem;
  process.stderr.write(`${visible(title ?? "")}\n${visible(detail ?? "")}\n`);
  if (server && chainId) await showChain(server, chainId).catch(() => {});
}

async function main(): Promise<void> {
  const request = readArguments();
  if (request === undefined) return print(HELP.trimEnd());
  const { sources, body } = await invocation(request);
  let server = await findServer(ROOT, process.env);
  if (server === undefined) {
    print(paint("dim", "No mesh runs here; starting one…"));
    server = await startServer(ROOT, process.env, interrupted.signal);
  }
  try {
    print(paint("bold", request.question), paint("dim", `${counted(sources, "source")} → ${server.url}`), "");
    const invoked = (await call(server, "/v1/agents/desk/invoke", body)) as { chainId: string; output: DeskAnswer };
    print(...renderAnswer(invoked.output, paint));
    await showChain(server, invoked.chainId);
  } catch (error) {
    process.exitCode = 1;
    await explain(server, error);
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
  const isExpected = error instanceof DemoError;
  process.stderr.write(`${isExpected ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = interrupted.signal.aborted ? 130 : error instanceof UsageError ? 2 : 1;
});
