/** Runs servers as children in this process group, and never leaves them behind. */
import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { basename } from "node:path";

/** The binary that belongs to wrangler: another package's may be older than our compatibility date. */
export function workerdBinary(): string {
  const fromHere = createRequire(import.meta.url);
  const fromWrangler = createRequire(fromHere.resolve("wrangler/package.json"));
  return (fromWrangler("workerd") as { default: string }).default;
}

export interface Workerd {
  readonly pid: number;
  readonly alive: () => boolean;
  /** Asks it to end; it is killed when it has not after five seconds. */
  readonly stop: () => void;
  /** The exit code for our own process. */
  readonly ended: Promise<number>;
}

const STOP_MS = 5_000;

export interface RunOptions {
  readonly quiet?: boolean;
  /** Further arguments. */
  readonly args?: readonly string[];
}

export function runWorkerd(config: string, env: NodeJS.ProcessEnv, { quiet, args = [] }: RunOptions = {}): Workerd {
  return runServer(workerdBinary(), ["serve", config, "--experimental", ...args], env, quiet);
}

export function runServer(program: string, args: readonly string[], env: NodeJS.ProcessEnv, quiet = false): Workerd {
  const child = spawn(program, args, { stdio: ["ignore", quiet ? "ignore" : "inherit", "inherit"], env });
  const watcher = watch(child);
  let stopping = false;
  const ended = new Promise<number>((done) => {
    child.on("error", (error) => {
      console.error(`hopline: ${basename(program)} could not be started: ${error.message}`);
      done(1);
    });
    child.on("exit", (code) => {
      watcher.kill("SIGKILL");
      done(stopping ? 0 : (code ?? 1));
    });
  });
  const stop = () => {
    if (stopping) return;
    stopping = true;
    child.kill("SIGTERM");
    setTimeout(() => child.kill("SIGKILL"), STOP_MS).unref();
  };
  return { pid: child.pid ?? 0, alive: () => child.exitCode === null && child.signalCode === null, stop, ended };
}

/** Kills the server when this process ends in whatever way: the pipe to the watcher closes with it. */
function watch(child: ChildProcess): ChildProcess {
  return spawn("/bin/sh", ["-c", `trap '' INT TERM; cat >/dev/null; kill -9 ${child.pid} 2>/dev/null`], {
    stdio: ["pipe", "ignore", "ignore"],
  });
}
