/**
 * The official conformance suites against a started mesh: `npm run conformance`. Prints what each has found, and fails on
 * whatever is not in test/conformance/mcp with its reason, or is there without need.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { federateFixture } from "./conformance/federate.ts";
import { startMesh } from "./conformance/mesh.ts";
import { startProxy } from "./conformance/proxy.ts";
import { RUNS, type Run } from "./conformance/runs.ts";

const ROOT = join(import.meta.dirname, "..");

/** The suites' own words go to stdout with `--verbose`; by default only what they sum up. */
const verbose = process.argv.includes("--verbose");

interface Found {
  readonly code: number;
  readonly text: string;
}

function runSuite({ suite, args, expected }: Run, url: string, results: string): Promise<Found> {
  const entry = join(ROOT, "node_modules", suite, "dist", "index.js");
  const baseline = join(ROOT, "test", "conformance", "mcp", expected);
  const all = [entry, "server", "--url", `${url}/mcp`, ...args, "--expected-failures", baseline];
  return new Promise((done) => {
    const child = spawn(process.execPath, all, { cwd: results, stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (part) => (text += String(part)));
    child.on("close", (code) => done({ code: code ?? 1, text }));
  });
}

function report({ name }: Run, { code, text }: Found): void {
  console.log(`\n— ${name}`);
  const summary = text.slice(text.indexOf("=== SUMMARY ==="));
  console.log(verbose ? text : (/^Total: .*$/m.exec(summary)?.[0] ?? summary.slice(-2_000)));
  // What comes after the expected ones: failures without a reason, and reasons without a failure.
  if (code !== 0 && !verbose)
    console.log(
      summary
        .split("(in baseline):")
        .at(-1)
        ?.replace(/^(\s*~ .*\n)+/, ""),
    );
}

async function main(): Promise<number> {
  const results = mkdtempSync(join(tmpdir(), "hopline-conformance-"));
  const mesh = await startMesh(join(results, "data"));
  const proxy = await startProxy(mesh.url, mesh.key);
  const fixture = await federateFixture(mesh);
  let failed = 0;
  try {
    for (const run of RUNS) {
      const found = await runSuite(run, proxy.url, results);
      report(run, found);
      if (found.code !== 0) failed += 1;
    }
  } finally {
    proxy.close();
    await fixture.close();
    await mesh.stop();
    rmSync(results, { recursive: true, force: true });
  }
  console.log(
    failed === 0 ? "\nEvery failure was expected." : `\n${failed} of ${RUNS.length} runs have found something else.`,
  );
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main();
