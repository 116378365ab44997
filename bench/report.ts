/** What all results have in common: how tables are set, and what was measured where. */
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus, loadavg, release, totalmem } from "node:os";
import { join } from "node:path";

/** Columns padded to one width, so that the source reads as well as the rendering. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(...[head, ...rows].map((row) => (row[column] ?? title).length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, at) => cell.padStart(widths[at] ?? 0)).join(" | ")} |`;
  return [line(head), `|${widths.map((width) => `${"-".repeat(width + 1)}:|`).join("")}`, ...rows.map(line)].join("\n");
}

export const whole = (value: number) => Math.round(value).toLocaleString("en");
export const mark = (met: boolean) => (met ? "✓" : "✗");

export function machine(): string {
  const wrangler = createRequire(createRequire(import.meta.url).resolve("wrangler/package.json"));
  const { version } = wrangler("workerd") as { version: string };
  const [cpu] = cpus();
  const memory = `${whole(totalmem() / 2 ** 30)} GiB`;
  const load = loadavg().map((one) => one.toFixed(1));
  return [
    `- machine: ${cpu?.model.trim()}, ${cpus().length} cores, ${memory} memory, Linux ${release()}`,
    `- Node ${process.version}, workerd ${version}`,
    `- load average at the end (1, 5, 15 minutes; the benchmark itself is about 2): ${load.join(", ")}`,
  ].join("\n");
}

/** The head of a page of results: the command as somebody would type it again, when, and on what. */
export function provenance(command: string): string {
  return [`- command: \`${command}\``, `- date: ${new Date().toISOString().slice(0, 10)}`, machine()].join("\n");
}

/** What was typed after the name of an npm script. */
export function typed(script: string): string {
  const args = process.argv.slice(2);
  return args.length === 0 ? `npm run ${script}` : `npm run ${script} -- ${args.join(" ")}`;
}

/** Writes a page of results into this folder. */
export function keep(file: string, page: string): void {
  writeFileSync(join(import.meta.dirname, file), page);
}
