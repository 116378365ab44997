/** What a command speaks through: its streams, its environment and its clock, so that tests can stand in for them. */
import { styleText } from "node:util";
import { type Paint, plain } from "../mesh/chain/render/terminal.ts";

export interface Screen {
  write(text: string): void;
  readonly isTTY: boolean;
  /** Lines that fit on it, and characters that fit on a line. */
  readonly rows: number;
  readonly columns: number;
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
    get columns() {
      return stream.columns ?? 80;
    },
  };
}

/** A line cut to so many characters, an ellipsis the last; its colours end where they would have. */
export function clipped(line: string, columns: number): string {
  const parts = line.split(COLOUR);
  if (parts.reduce((length, text, place) => length + (place % 2 === 0 ? text.length : 0), 0) <= columns) return line;
  let left = columns - 1;
  return parts
    .map((text, place) => {
      if (place % 2 === 1 || left < 0) return place % 2 === 1 ? text : "";
      const kept = text.length > left ? `${text.slice(0, left)}…` : text;
      left = text.length > left ? -1 : left - text.length;
      return kept;
    })
    .join("");
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: -- it is this one that begins a colour
const COLOUR = /(\u001b\[[0-9;]*m)/;
