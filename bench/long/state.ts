/** What a server has taken of the machine: memory, and its databases on disk. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

export interface Memory {
  /** All that is resident, in bytes. */
  readonly resident: number;
  /** Of it what is no file's: JavaScript's heap, SQLite's caches, the runtime's own. */
  readonly anonymous: number;
}

export function memoryOf(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const of = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]) * 1_024;
  return { resident: of("VmRSS"), anonymous: of("RssAnon") };
}

/** Bytes of all databases by kind of object, such as `hopline-Ledger`; journals included. */
export function bytesByObject(state: string): Readonly<Record<string, number>> {
  if (!existsSync(state)) return {};
  const kinds = readdirSync(state).map((kind) => {
    const files = readdirSync(join(state, kind)).map((file) => statSync(join(state, kind, file)).size);
    return [kind, files.reduce((sum, size) => sum + size, 0)] as const;
  });
  return Object.fromEntries(kinds);
}

export function bytesOfAll(state: string): number {
  return Object.values(bytesByObject(state)).reduce((sum, bytes) => sum + bytes, 0);
}
