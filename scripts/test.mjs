// `npm test`: installs if need be, then types, lint and all tests, on the project's own Node.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ensureInstalled, node, root } from "./installed.mjs";

ensureInstalled();
const bin = (name) => join(root, "node_modules", ".bin", name);
const steps = [
  ["the console", node, [join(root, "scripts", "console.ts")]],
  ["types of the Worker", bin("tsc"), ["-p", "tsconfig.json"]],
  ["types of the console", bin("tsc"), ["-p", "tsconfig.console.json"]],
  ["types of the scripts", bin("tsc"), ["-p", "tsconfig.node.json"]],
  ["lint and format", bin("biome"), ["check", "--error-on-warnings"]],
  ["tests", node, [bin("vitest"), "run", ...process.argv.slice(2)]],
];
for (const [name, command, args] of steps) {
  console.log(`\n— ${name}`);
  const { status } = spawnSync(command, args, { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
