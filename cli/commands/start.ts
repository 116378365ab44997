/** `hopline start`: what `npm start` does. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import type { Command } from "commander";
import { EXIT, Failure } from "../failure.ts";
import type { Surroundings } from "../terminal.ts";

const SERVE = join(import.meta.dirname, "..", "..", "scripts", "serve.ts");

export function startCommand(program: Command, around: Surroundings): void {
  program
    .command("start")
    .description("serve a mesh on this machine, with its state in the data folder; the same as npm start")
    .argument("[flags...]", "passed on to the server as they are")
    .allowUnknownOption()
    .addHelpText(
      "after",
      `
Environment:
  PORT               the port (8787)
  HOST               the address to listen on (127.0.0.1)
  HOPLINE_DATA       the data folder (.hopline)
  HOPLINE_ADMIN_KEY  the first key, at least 32 characters (made at the first start, kept in the data folder)

Examples:
  hopline start
  PORT=9000 HOPLINE_DATA=/var/lib/hopline hopline start`,
    )
    .action((flags: readonly string[]) => serve(flags, around));
}

/** @throws {Failure} with the server's exit code when that is not 0 */
async function serve(flags: readonly string[], { cwd, env }: Surroundings): Promise<void> {
  const server = spawn(process.execPath, [SERVE, ...flags], { cwd, env, stdio: "inherit" });
  // A terminal's Ctrl-C reaches the server too, and the server decides when it has ended.
  process.on("SIGTERM", () => server.kill("SIGTERM"));
  // Nobody waits for this server any more when the process that asked for it is gone.
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && server.kill("SIGTERM"), 500).unref();
  const code = await new Promise<number>((done) => server.once("exit", (status) => done(status ?? 1)));
  if (code !== EXIT.ok) throw new Failure(EXIT.refused, "");
}
