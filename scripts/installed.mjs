// Installs what the lockfile says, if it is missing or stale. Plain JavaScript without dependencies: it runs before
// anything is installed, on whatever Node the machine has.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, lstatSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's folder. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamp = join(root, "node_modules", ".hopline-lock");

/** The Node that the project brings along. */
export const node = join(root, "node_modules", ".bin", "node");

/** What npm has installed, as it writes it down itself. */
const installed = join(root, "node_modules", ".package-lock.json");

/** Whether all that a lockfile names is installed, but what is optional, and nothing else. */
export function isAsLocked({ packages: { "": _, ...wanted } }, { packages: found }) {
  const isThere = ([path, { version, integrity, optional }]) =>
    found[path] === undefined ? optional : found[path].version === version && found[path].integrity === integrity;
  return Object.entries(wanted).every(isThere) && Object.keys(found).every((path) => path in wanted);
}

function read(file) {
  return JSON.parse(readFileSync(file, "utf8"));
}

export function ensureInstalled() {
  const lock = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  if (existsSync(stamp) && existsSync(node) && readFileSync(stamp, "utf8") === lock) return;
  // Somebody ran `npm ci` by hand.
  if (existsSync(installed) && existsSync(node) && isAsLocked(read(join(root, "package-lock.json")), read(installed))) {
    return writeFileSync(stamp, lock);
  }
  // npm would empty the folder that the link names, which is another project's.
  if (lstatSync(join(root, "node_modules"), { throwIfNoEntry: false })?.isSymbolicLink()) {
    console.error(
      "hopline: node_modules is a link, and not what the lockfile says. Remove the link, or install there.",
    );
    process.exit(1);
  }
  console.error("hopline: installing dependencies (npm ci) …");
  const { status } = spawnSync("npm", ["ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    // Of a command, only what it answers goes to stdout.
    stdio: ["inherit", 2, 2],
  });
  if (status !== 0) {
    console.error("hopline: npm ci failed; its message is above.");
    process.exit(1);
  }
  writeFileSync(stamp, lock);
}
