/** One run of a command: the mesh that it speaks to, and how it speaks to the user. */
import type { Command } from "commander";
import { type Paint, visibleLines } from "../mesh/chain/render/terminal.ts";
import { Client } from "./client.ts";
import { findTarget, type TargetOptions } from "./target.ts";
import { paintFor, type Surroundings } from "./terminal.ts";

export interface Session {
  readonly around: Surroundings;
  readonly client: Client;
  /** Whether the API's own JSON is wanted on stdout. */
  readonly json: boolean;
  /** For stdout; `inkErr` for stderr. */
  readonly ink: Paint;
  readonly inkErr: Paint;
  readonly print: (...lines: readonly string[]) => void;
  readonly note: (...lines: readonly string[]) => void;
}

export interface GlobalOptions extends TargetOptions {
  readonly json?: boolean;
}

export function sessionOf(around: Surroundings, options: GlobalOptions): Session {
  const { stdout, stderr, env } = around;
  return {
    around,
    client: new Client(findTarget(options, around), around.interrupted),
    json: options.json ?? false,
    ink: paintFor(stdout, env),
    inkErr: paintFor(stderr, env),
    print: (...lines) => stdout.write(lines.map((line) => `${line}\n`).join("")),
    note: (...lines) => stderr.write(lines.map((line) => `${line}\n`).join("")),
  };
}

/** An action of commander: arguments, then options, then the command, whose session is made of all options. */
export function action<A extends unknown[]>(
  around: Surroundings,
  run: (session: Session, ...args: A) => Promise<void>,
): (...args: unknown[]) => Promise<void> {
  return (...args) => {
    const command = args.at(-1) as Command;
    return run(sessionOf(around, command.optsWithGlobals<GlobalOptions>()), ...(args.slice(0, -1) as A));
  };
}

/** What an agent wrote goes unchanged into files and pipes; on a terminal it must not steer. */
export function printDocument({ around: { stdout } }: Session, text: string): void {
  const ended = text.endsWith("\n") ? text : `${text}\n`;
  stdout.write(stdout.isTTY ? visibleLines(ended) : ended);
}

/** `/v1/chains` and a name → `/v1/chains/name`, whatever characters the name has. */
export function path(...parts: readonly string[]): string {
  return `/v1/${parts.map(encodeURIComponent).join("/")}`;
}
