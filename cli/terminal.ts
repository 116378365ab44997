/** What a command speaks through: its streams, its environment and its clock, so that tests can stand in for them. */
import { styleText } from "node:util";
import { type Paint, plain } from "../mesh/chain/render/terminal.ts";

export interface Screen {
  write(text: string): void;
  readonly isTTY: boolean;
  /** Lines that fit on it. */
  readonly rows: number;
}

export interface Surroundings {
  readonly stdout: Screen;
  readonly stderr: Screen;
  readonly readStdin: () => Promise<string>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Aborted by Ctrl-C. */
  readonly interrupted: AbortSignal;
}

/** NO_COLOR forbids, FORCE_COLOR demands, otherwise a terminal decides; https://no-color.org. */
export function hasColour({ isTTY }: Screen, env: Surroundings["env"]): boolean {
  const force = env.FORCE_COLOR;
  if (env.NO_COLOR || force === "0" || force === "false") return false;
  return (force !== undefined && force !== "") || (isTTY && env.TERM !== "dumb");
}

export function paintFor(screen: Screen, env: Surroundings["env"]): Paint {
  return hasColour(screen, env) ? (style, text) => styleText(style, text, { validateStream: false }) : plain;
}

export function screenOf(stream: NodeJS.WriteStream): Screen {
  return {
    write: (text) => void stream.write(text),
    isTTY: stream.isTTY === true,
    get rows() {
      return stream.rows ?? 24;
    },
  };
}
