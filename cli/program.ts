/** The command line: what there is, and how it ends. */
import { Command, CommanderError } from "commander";
import packageJson from "../package.json" with { type: "json" };
import { agentsCommand } from "./commands/agents.ts";
import { cancelCommand, chainsCommand } from "./commands/chains.ts";
import { edgesCommand } from "./commands/edges.ts";
import { graphCommand } from "./commands/graph.ts";
import { invokeCommand } from "./commands/invoke.ts";
import { keysCommand } from "./commands/keys.ts";
import { startCommand } from "./commands/start.ts";
import { watchCommand } from "./commands/watch.ts";
import { EXIT, type ExitCode, Failure } from "./failure.ts";
import { failureLines, problemDocument } from "./report.ts";
import type { GlobalOptions } from "./session.ts";
import { hasColour, paintFor, type Surroundings } from "./terminal.ts";

const HELP = `
Address and key come from the flags, else from HOPLINE_URL and HOPLINE_KEY, else from the mesh that runs on
HOPLINE_DATA or on the nearest .hopline/ from here up (its key is sent to that mesh only).

Exit codes:
  0    it worked
  1    the mesh refused, or the agent failed: stderr says the code and why
  2    the command line is wrong, or a file can't be read or written
  3    no mesh can be reached
  4    no key, a wrong key, or a key that may not do this
  130  interrupted

NO_COLOR and FORCE_COLOR are heeded; elsewhere than on a terminal there is no colour.

Examples:
  hopline start
  hopline invoke echo '{"a": 1}' --hops 5
  hopline chains --status failed --since 1h
  hopline graph 100091f5efa963e101ae28240e819789`;

export function programFor(around: Surroundings): Command {
  const { stdout, stderr, env } = around;
  const program = new Command("hopline");
  program
    .description("Starts, calls and inspects an agent mesh.")
    .version(packageJson.version)
    .option("--url <url>", "the mesh's address")
    .option("--key <key>", "the key; others on this machine may see it there: prefer HOPLINE_KEY")
    .option("--json", "print the API's own JSON, unchanged")
    .helpOption("-h, --help", "show this")
    .helpCommand("help [command]", "show the help of a command")
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      getOutHasColors: () => hasColour(stdout, env),
      getErrHasColors: () => hasColour(stderr, env),
    })
    .showHelpAfterError("Add --help to see how it goes.")
    .exitOverride()
    .addHelpText("after", HELP);
  startCommand(program, around);
  agentsCommand(program, around);
  invokeCommand(program, around);
  chainsCommand(program, around);
  graphCommand(program, around);
  watchCommand(program, around);
  cancelCommand(program, around);
  edgesCommand(program, around);
  keysCommand(program, around);
  return program;
}

/** Runs one command line to its end. @throws what nobody expected, with its stack */
export async function run(args: readonly string[], around: Surroundings): Promise<ExitCode> {
  const program = programFor(around);
  try {
    await program.parseAsync(args, { from: "user" });
    return EXIT.ok;
  } catch (error) {
    // Commander has said what is wrong; asked for help, it ends with 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (!(error instanceof Failure)) throw error;
    const document = program.opts<GlobalOptions>().json ? problemDocument(error) : undefined;
    if (document !== undefined) around.stdout.write(`${document}\n`);
    const lines = failureLines(error, paintFor(around.stderr, around.env));
    around.stderr.write(lines.map((line) => `${line}\n`).join(""));
    return error.exitCode;
  }
}
