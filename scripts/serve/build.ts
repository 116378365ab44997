/** Bundles the Worker as `wrangler deploy` would, once for each state of the sources. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const SOURCES = ["src", "mesh", "agents", "scripts/console.ts", "wrangler.toml", "package-lock.json"];
/** Made of the sources, by the build that wrangler.toml names. */
const MADE = /^assets\.js/;

function filesOf(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .filter((name) => !MADE.test(name))
    .sort()
    .flatMap((name) => filesOf(join(path, name)));
}

function stateOf(paths: readonly string[]): string {
  const hash = createHash("sha256");
  for (const file of paths.flatMap((path) => filesOf(join(root, path))))
    hash.update(file).update("\0").update(readFileSync(file));
  return hash.digest("hex").slice(0, 16);
}

/**
 * @param entry another entry point than that of wrangler.toml
 * @param sources folders and files that the bundle is made of, beside the Worker's own
 * @returns the path of the bundle
 */
export function build(entry?: string, sources: readonly string[] = []): string {
  const folder = join(root, "dist", stateOf([...SOURCES, ...sources]) + (entry === undefined ? "" : "-bench"));
  const bundle = join(folder, "index.js");
  if (existsSync(bundle)) return bundle;
  const temporary = join(root, "dist", `.building-${process.pid}`);
  mkdirSync(join(root, "dist"), { recursive: true });
  const wrangler = join(root, "node_modules", "wrangler", "bin", "wrangler.js");
  const args = [wrangler, "deploy", ...(entry === undefined ? [] : [entry]), "--dry-run", "--outdir", temporary];
  const env = { ...process.env, WRANGLER_SEND_METRICS: "false", CLOUDFLARE_CF_FETCH_ENABLED: "false", NO_COLOR: "1" };
  const result = spawnSync(process.execPath, args, { cwd: root, env, encoding: "utf8" });
  if (result.status !== 0) throw new Error(`The build failed.\n${result.stdout}\n${result.stderr}`);
  if (entry !== undefined) {
    const name = (entry.split("/").at(-1) ?? "").replace(/\.ts$/, ".js");
    renameSync(join(temporary, name), join(temporary, "index.tmp"));
    renameSync(join(temporary, "index.tmp"), join(temporary, "index.js"));
  }
  putInPlace(temporary, folder);
  return bundle;
}

/** Another start may have built the same state meanwhile, and may be doing so right now: its bundle is as good. */
export function putInPlace(temporary: string, folder: string): void {
  try {
    renameSync(temporary, folder);
  } catch (error) {
    if (!existsSync(join(folder, "index.js"))) throw error;
    rmSync(temporary, { recursive: true, force: true });
  }
}
