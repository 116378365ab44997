/**
 * Bundles the console of src/console into one module that the Worker serves it from: a script and a style sheet, named
 * by what is in them. The same sources make the same module, byte for byte; what has not changed is not written.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync, type OutputFile } from "esbuild";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** Its shape is declared beside it, in assets.d.ts. */
const MODULE = join(root, "src", "console", "assets.js");

interface Sizes {
  readonly script: number;
  readonly style: number;
}

/** @returns bytes of the script and the style sheet */
export function buildConsole(): Sizes {
  const { outputFiles } = buildSync({
    entryPoints: [join(root, "src", "console", "main.tsx")],
    outdir: root,
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    target: ["es2023"],
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "none",
    charset: "utf8",
    tsconfigRaw: {},
  });
  const script = textOf(outputFiles, ".js");
  const style = textOf(outputFiles, ".css");
  const made = `// Made by scripts/console.ts.\nexport const script = ${asset(script, "js")};\nexport const style = ${asset(style, "css")};\n`;
  if (!existsSync(MODULE) || readFileSync(MODULE, "utf8") !== made) {
    // Another build may run at the same time: nobody sees half a module.
    const temporary = `${MODULE}.${process.pid}`;
    writeFileSync(temporary, made);
    renameSync(temporary, MODULE);
  }
  return { script: Buffer.byteLength(script), style: Buffer.byteLength(style) };
}

function textOf(files: readonly OutputFile[], suffix: string): string {
  const file = files.find(({ path }) => path.endsWith(suffix));
  if (file === undefined) throw new Error(`The console's bundle has no ${suffix}.`);
  return file.text;
}

function asset(body: string, suffix: string): string {
  const hash = createHash("sha256").update(body).digest("hex").slice(0, 16);
  return JSON.stringify({ name: `app-${hash}.${suffix}`, body });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { script, style } = buildConsole();
  console.log(`console: script ${script} bytes, style ${style} bytes`);
}
