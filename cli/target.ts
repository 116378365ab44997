/** Which mesh, and with which key: flags, then the environment, then `.hopline/` here or further up. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { usage } from "./failure.ts";
import type { Surroundings } from "./terminal.ts";

export const DEFAULT_URL = "http://127.0.0.1:8787";

export interface Target {
  readonly url: string;
  readonly key: string | undefined;
  /** Where the address came from, for the sentence that says that nobody answers there. */
  readonly source: string;
}

export interface TargetOptions {
  readonly url?: string;
  readonly key?: string;
}

/** @throws {Failure} usage */
export function findTarget(flags: TargetOptions, { env, cwd }: Pick<Surroundings, "env" | "cwd">): Target {
  const folder = findFolder(env, cwd);
  const local = folder === undefined ? undefined : runningUrl(join(folder, "server.json"));
  const [given, source] = firstOf(
    [flags.url, "--url"],
    [env.HOPLINE_URL, "HOPLINE_URL"],
    [local, folder === undefined ? "" : join(folder, "server.json")],
  ) ?? [DEFAULT_URL, "the default: no .hopline/ of a running mesh was found from here up"];
  const url = checkedUrl(given, source);
  const [key] = firstOf([flags.key, "--key"], [env.HOPLINE_KEY, "HOPLINE_KEY"]) ?? [];
  if (key !== undefined && !/^[\x21-\x7e]+$/.test(key)) throw usage("The key holds characters that no key has.");
  // The admin key of the mesh here is for the mesh here: another address, wherever it came from, never gets it.
  const own = folder !== undefined && local !== undefined && checkedUrl(local, source) === url;
  return { url, key: key ?? (own ? readText(join(folder, "admin-key")) : undefined), source };
}

function firstOf(...candidates: (readonly [string | undefined, string])[]): readonly [string, string] | undefined {
  for (const [value, source] of candidates) if (value !== undefined && value !== "") return [value, source];
  return undefined;
}

function checkedUrl(text: string, source: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== "" || url.search !== "") {
    throw usage(`${source}: '${text}' is no address such as ${DEFAULT_URL}.`);
  }
  // A server that listens everywhere is reached on loopback.
  if (url.hostname === "0.0.0.0") url.hostname = "127.0.0.1";
  return url.href.replace(/\/+$/, "");
}

/** The data folder: HOPLINE_DATA as for `start`, else the nearest `.hopline/` from here up. */
function findFolder(env: Surroundings["env"], cwd: string): string | undefined {
  if (env.HOPLINE_DATA) return resolve(cwd, env.HOPLINE_DATA);
  for (let here = resolve(cwd); ; here = dirname(here)) {
    const folder = join(here, ".hopline");
    if (isOurs(folder)) return folder;
    if (dirname(here) === here) return undefined;
  }
}

/** A folder that somebody else put above this one (in /tmp, say) would choose where inputs are sent. */
function isOurs(folder: string): boolean {
  const stat = statSync(folder, { throwIfNoEntry: false });
  return stat?.isDirectory() === true && (process.getuid === undefined || stat.uid === process.getuid());
}

/** The file outlives a server that was killed, and its port may be somebody else's by now: its process has to live. */
function runningUrl(file: string): string | undefined {
  try {
    const { url, pid } = JSON.parse(readText(file) ?? "") as { url?: unknown; pid?: unknown };
    return typeof url === "string" && typeof pid === "number" && isRunning(pid) ? url : undefined;
  } catch {
    return undefined;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function readText(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, "utf8").trim() : undefined;
}
