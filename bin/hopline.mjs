#!/usr/bin/env node
// `npx hopline`: installs if need be, then runs the command line on the project's own Node.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { ensureInstalled, node, root } from "../scripts/installed.mjs";

ensureInstalled();
const command = spawn(node, [join(root, "cli", "main.ts"), ...process.argv.slice(2)], { stdio: "inherit" });
// A terminal's Ctrl-C reaches the whole group; a signal to this process alone is passed on.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => command.kill("SIGTERM"));
command.on("exit", (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
