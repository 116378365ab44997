/** `hopline keys`: list, create, revoke. */
import { type Command, InvalidArgumentError } from "commander";
import { visible } from "../../mesh/chain/render/text.ts";
import type { KeyItem, Page } from "../client.ts";
import { action, path, printDocument, type Session } from "../session.ts";
import { table } from "../table.ts";
import type { Surroundings } from "../terminal.ts";
import { count, list as listed, milliseconds } from "../values.ts";

interface CreateOptions {
  readonly scope: readonly string[];
  readonly agent?: string;
  readonly expires?: number;
  readonly mesh?: string;
}

const SCOPES = ["admin", "register", "invoke", "read", "agent"];

export function keysCommand(program: Command, around: Surroundings): void {
  const keys = program.command("keys").description("list, create and revoke keys; needs a key with scope admin");
  keys
    .command("list", { isDefault: true })
    .description("list the keys of the mesh, without their secrets")
    .option("--limit <n>", "at most so many (50, up to 200)", count)
    .option("--cursor <cursor>", "go on where an earlier answer ended")
    .addHelpText("after", "\nExample:\n  hopline keys")
    .action(action(around, list));
  keys
    .command("create <name>")
    .description("make a key, and print it this once")
    .requiredOption("--scope <scopes>", `what it may do, with commas between: ${SCOPES.join(", ")}`, scopes)
    .option("--agent <name>", "the agent that a key with scope 'agent' speaks for")
    .option("--expires <duration>", "when it ends to be valid: 12h, 30d, … (never)", milliseconds)
    .option("--mesh <name>", "for another mesh, which its first key makes; only with the deployment's admin key")
    .addHelpText(
      "after",
      `
The key alone is on stdout, what it is on stderr.

Examples:
  hopline keys create dashboard --scope read --expires 30d
  export HOPLINE_KEY=$(hopline keys create ci --scope invoke,read)`,
    )
    .action(action(around, create));
  keys
    .command("revoke <keyId>")
    .description("end a key; calls that are running go on")
    .addHelpText("after", "\nExample:\n  hopline keys revoke 4kdTq0Pz1sLm")
    .action(action(around, revoke));
}

function scopes(text: string, earlier: readonly string[] | undefined): string[] {
  const all = listed(text, earlier);
  const unknown = all.find((scope) => !SCOPES.includes(scope));
  if (unknown !== undefined) throw new InvalidArgumentError(`'${unknown}' is none of ${SCOPES.join(", ")}.`);
  return all;
}

async function list(session: Session, options: { readonly limit?: number; readonly cursor?: string }): Promise<void> {
  const { limit, cursor } = options;
  const body = await session.client.text(path("keys"), { query: { limit, cursor } });
  if (session.json) return printDocument(session, body);
  const { items, nextCursor } = session.client.parsed<Page<KeyItem>>(body);
  if (items.length === 0) return session.note("There are no keys beside the admin key.");
  const columns = ["KEY ID", "NAME", "SCOPES", "AGENT", "CREATED", "EXPIRES"].map((title) => ({ title }));
  const rows = items.map(({ keyId, name, scopes, agent, createdAt, expiresAt }) => [
    visible(keyId),
    visible(name),
    visible(scopes.join(",")),
    visible(agent ?? ""),
    day(createdAt),
    expiry(expiresAt, session.around.now()),
  ]);
  session.print(...table(columns, rows, session.ink));
  if (nextCursor !== undefined) session.note(`There are more: --cursor ${visible(nextCursor)}`);
}

function day(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

function expiry(at: number | null, now: number): string {
  if (at === null) return "never";
  return at <= now ? `over since ${day(at)}` : day(at);
}

async function create(session: Session, name: string, options: CreateOptions): Promise<void> {
  const { scope, agent, mesh, expires } = options;
  const expiresAt = expires === undefined ? undefined : session.around.now() + expires;
  const body = await session.client.text(path("keys"), { body: { name, scopes: scope, agent, expiresAt, mesh } });
  if (session.json) return printDocument(session, body);
  const made = session.client.parsed<KeyItem & { readonly key: string }>(body);
  session.print(visible(made.key));
  const until = made.expiresAt === null ? "it never expires" : `it expires on ${day(made.expiresAt)}`;
  session.note(
    `Key ${visible(made.keyId)} '${visible(made.name)}' with ${made.scopes.join(", ")}; ${until}. It is shown this once.`,
  );
}

async function revoke(session: Session, keyId: string): Promise<void> {
  await session.client.text(path("keys", keyId), { method: "DELETE" });
  if (!session.json) session.print(`${session.ink("green", "✓ revoked")}  ${visible(keyId)}`);
}
