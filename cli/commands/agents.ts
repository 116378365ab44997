/** `hopline agents`: list, show, add, import, change, remove. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Command } from "commander";
import { visible } from "../../mesh/chain/render/text.ts";
import type { AgentItem, Page } from "../client.ts";
import { usage } from "../failure.ts";
import { action, path, printDocument, type Session } from "../session.ts";
import { table } from "../table.ts";
import type { Surroundings } from "../terminal.ts";
import { count } from "../values.ts";
import { importAgents } from "./agents-import.ts";

interface ListOptions {
  readonly q?: string;
  readonly kind?: string;
  readonly skill?: string;
  readonly limit?: number;
  readonly cursor?: string;
}

const FETCH_MS = 10_000;
const DESCRIPTION_CHARS = 60;

export function agentsCommand(program: Command, around: Surroundings): void {
  const agents = program.command("agents").description("list, show, add, import, drain and remove agents");
  agents
    .command("list", { isDefault: true })
    .description("list the agents of the mesh, or search them")
    .option("--q <words>", "those whose name, description or skills have these words, best first")
    .option("--kind <kind>", "those that are reached so: builtin, binding, http, …")
    .option("--skill <id>", "those with this skill")
    .option("--limit <n>", "at most so many (50, up to 200)", count)
    .option("--cursor <cursor>", "go on where an earlier answer ended")
    .addHelpText("after", "\nExamples:\n  hopline agents\n  hopline agents list --q 'read files' --kind builtin")
    .action(action(around, list));
  agents
    .command("show <name>")
    .description("show one agent: how it is reached, its skills, its limits")
    .addHelpText("after", "\nExample:\n  hopline agents show reader")
    .action(action(around, show));
  agents
    .command("add <source>")
    .description("register an agent from a JSON file, an http(s) URL, or - for stdin")
    .option("--replace", "replace the agent that has this name already")
    .addHelpText(
      "after",
      `
Examples:
  hopline agents add greeter.json
  echo '{"name":"greeter","version":"1.0.0","endpoint":{"kind":"http","url":"http://127.0.0.1:9001/"}}' |
    hopline agents add -`,
    )
    .action(action(around, add));
  agents
    .command("import <file>")
    .description("register an agent for each line of a file (newline-delimited JSON), or of - for stdin")
    .option("--replace", "replace those whose names are there already")
    .addHelpText(
      "after",
      "\nA line that says what is registered already changes nothing: a file can be imported again.",
    )
    .addHelpText("after", "\nExample:\n  hopline agents import fleet.ndjson --replace")
    .action(action(around, importAgents));
  for (const [verb, status, what] of [
    ["drain", "draining", "let an agent finish what it has, and take no new calls"],
    ["quarantine", "quarantined", "take an agent out of use because something is wrong with it"],
    ["activate", "active", "let a drained or quarantined agent take calls again"],
  ] as const) {
    agents
      .command(`${verb} <name>`)
      .description(what)
      .addHelpText("after", `\nExample:\n  hopline agents ${verb} greeter`)
      .action(action(around, (session: Session, name: string) => setStatus(session, name, status)));
  }
  agents
    .command("remove <name>")
    .description("remove an agent; chains that it took part in stay as they are")
    .addHelpText("after", "\nExample:\n  hopline agents remove greeter")
    .action(action(around, remove));
}

async function list(session: Session, options: ListOptions): Promise<void> {
  const { q, kind, skill, limit, cursor } = options;
  const body = await session.client.text(path("agents"), { query: { q, kind, skill, limit, cursor } });
  if (session.json) return printDocument(session, body);
  const { items, nextCursor } = session.client.parsed<Page<AgentItem>>(body);
  if (items.length === 0) return session.note("No agent fits.");
  const columns = ["NAME", "VERSION", "KIND", "STATUS", "SKILLS", "DESCRIPTION"].map((title) => ({ title }));
  const rows = items.map(({ name, version, endpoint, status, skills, description }) => [
    { text: visible(name), style: "bold" as const },
    visible(version),
    visible(endpoint.kind),
    status === "active" ? status : { text: visible(status), style: "yellow" as const },
    skillsText(skills.map(({ id }) => id)),
    shortened(description),
  ]);
  session.print(...table(columns, rows, session.ink));
  if (nextCursor !== undefined) session.note(`There are more: --cursor ${visible(nextCursor)}`);
}

function skillsText(ids: readonly string[]): string {
  const [first = "", ...others] = ids;
  return `${visible(first)}${others.length > 0 ? ` +${others.length}` : ""}`;
}

function shortened(description: string): string {
  const text = visible(description);
  return text.length > DESCRIPTION_CHARS ? `${text.slice(0, DESCRIPTION_CHARS - 1)}…` : text;
}

async function show(session: Session, name: string): Promise<void> {
  const body = await session.client.text(path("agents", name));
  if (session.json) return printDocument(session, body);
  printDocument(session, JSON.stringify(session.client.parsed<unknown>(body), null, 2));
}

async function add(session: Session, source: string, options: { readonly replace?: boolean }): Promise<void> {
  const agent = registrationIn(await textOf(session, source), source);
  const name = "name" in agent && typeof agent.name === "string" ? agent.name : undefined;
  if (options.replace && name === undefined) throw usage(`${source}: to be replaced, an agent needs its 'name'.`);
  const to = options.replace && name !== undefined ? path("agents", name) : path("agents");
  const body = await session.client.text(to, { method: options.replace ? "PUT" : "POST", body: agent });
  if (session.json) return printDocument(session, body);
  const stored = session.client.parsed<AgentItem>(body);
  const where = stored.endpoint.url === undefined ? "" : ` ${visible(stored.endpoint.url)}`;
  const done = options.replace ? "replaced" : "added";
  session.print(
    `${session.ink("green", `✓ ${done}`)}  ${visible(stored.name)} ${visible(stored.version)}  ${visible(stored.endpoint.kind)}${where}`,
  );
}

/** The mesh's key is not sent to where a registration is read from. */
async function textOf({ around }: Session, source: string): Promise<string> {
  if (source === "-") return around.readStdin();
  try {
    if (!/^https?:\/\//i.test(source)) return await readFile(resolve(around.cwd, source), "utf8");
    const answer = await fetch(source, {
      signal: AbortSignal.timeout(FETCH_MS),
      headers: { accept: "application/json" },
    });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    return await answer.text();
  } catch (error) {
    throw usage(`${source} can't be read: ${error instanceof Error ? error.message : String(error)}.`);
  }
}

function registrationIn(text: string, source: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch (error) {
    throw usage(`${source} is not JSON: ${error instanceof Error ? error.message : String(error)}.`);
  }
  throw usage(`${source}: an agent is a JSON object such as {"name": …, "version": …, "endpoint": …}.`);
}

async function setStatus(session: Session, name: string, status: string): Promise<void> {
  const body = await session.client.text(path("agents", name), { method: "PATCH", body: { status } });
  if (session.json) return printDocument(session, body);
  session.print(`${session.ink("green", `✓ ${status}`)}  ${visible(name)}`);
}

async function remove(session: Session, name: string): Promise<void> {
  await session.client.text(path("agents", name), { method: "DELETE" });
  if (!session.json) session.print(`${session.ink("green", "✓ removed")}  ${visible(name)}`);
}
