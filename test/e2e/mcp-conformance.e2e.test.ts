/** A part of the official suites in every run, of each era. All of it: `npm run conformance`. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { federateFixture } from "../../scripts/conformance/federate.ts";
import { type KeyProxy, startProxy } from "../../scripts/conformance/proxy.ts";
import { connectOld, textOf } from "../support/server/mcp.ts";
import { ADMIN_KEY, MeshServer } from "../support/server/mesh.ts";

const ENTRY = join(import.meta.dirname, "../../node_modules/mcp-conformance-next/dist/index.js");

let mesh: MeshServer;
let proxy: KeyProxy;
let fixture: Awaited<ReturnType<typeof federateFixture>>;
let results: string;
beforeAll(async () => {
  results = mkdtempSync(join(tmpdir(), "hopline-conformance-"));
  mesh = await MeshServer.start();
  proxy = await startProxy(mesh.url, ADMIN_KEY);
  fixture = await federateFixture({ url: mesh.url, key: ADMIN_KEY });
});
afterAll(async () => {
  proxy?.close();
  await fixture?.close();
  await mesh?.wipe();
  rmSync(results, { recursive: true, force: true });
});

function run(version: string, scenario: string): Promise<{ code: number | null; text: string }> {
  const args = ["server", "--url", `${proxy.url}/mcp`, "--spec-version", version, "--scenario", scenario, "--force"];
  return new Promise((done) => {
    const child = spawn(process.execPath, [ENTRY, ...args], { cwd: results, stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (part) => {
        text += String(part);
      });
    }
    child.on("close", (code) => done({ code, text }));
  });
}

test.each([
  ["2025-11-25", "server-initialize"],
  ["2025-11-25", "server-session-lifecycle"],
  ["2025-11-25", "ping"],
  ["2025-11-25", "tools-list"],
  ["2025-11-25", "server-sse-multiple-streams"],
  ["2025-11-25", "dns-rebinding-protection"],
  ["2025-11-25", "tools-call-mixed-content"],
  ["2025-11-25", "tools-call-sampling"],
  ["2025-11-25", "tools-call-with-logging"],
  ["2025-11-25", "server-sse-polling"],
  ["2025-11-25", "prompts-get-with-args"],
  ["2025-11-25", "resources-templates-read"],
  ["2025-11-25", "elicitation-sep1330-enums"],
  ["2026-07-28", "tools-list"],
  ["2026-07-28", "tools-call-mixed-content"],
  ["2026-07-28", "http-custom-header-server-validation"],
  ["2026-07-28", "input-required-result-multi-round"],
  ["2026-07-28", "input-required-result-tampered-state"],
  ["2026-07-28", "server-stateless"],
  ["2026-07-28", "caching"],
  ["2026-07-28", "http-header-validation"],
  ["2026-07-28", "sep-2164-resource-not-found"],
  ["2026-07-28", "tasks-lifecycle"],
  ["2026-07-28", "tasks-mrtr-input"],
  ["2026-07-28", "tasks-mrtr-composition"],
  ["2026-07-28", "dns-rebinding-protection"],
])("%s: %s", async (version, scenario) => {
  const { code, text } = await run(version, scenario);
  expect(code, text.slice(-2_000)).toBe(0);
  expect(text).toMatch(/Passed: [1-9]\d*\/\d+, 0 failed, 0 warnings/);
});

test("a call whose server has parked it is taken up by a client as other people have it", async () => {
  const { client } = await connectOld(mesh.url, ADMIN_KEY);
  const result = await client.callTool({ name: "test_reconnection", arguments: {} });
  expect(textOf(result)).toBe("The stream was closed and taken up again.");
  await client.close();
});
