// `npm start`: installs if need be, then serves on the project's own Node.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { ensureInstalled, node, root } from "./installed.mjs";

ensureInstalled();
const server = spawn(node, [join(root, "scripts", "serve.ts"), ...process.argv.slice(2)], { stdio: "inherit" });
// A terminal's Ctrl-C reaches the whole group; a signal to this process alone is passed on.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => server.kill("SIGTERM"));
// A signal to npm alone ends the shell between it and us: then nobody waits for this server any more.
const parent = process.ppid;
setInterval(() => process.ppid !== parent && server.kill("SIGTERM"), 500).unref();
server.on("exit", (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
