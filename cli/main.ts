/** The entry of `hopline`: this process as the command's surroundings. */
import { run } from "./program.ts";
import { screenOf } from "./terminal.ts";

const interrupted = new AbortController();
process.on("SIGINT", () => interrupted.abort());

// A reader that leaves early (`| head`) has what it wanted.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

async function readStdin(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

process.exitCode = await run(process.argv.slice(2), {
  stdout: screenOf(process.stdout),
  stderr: screenOf(process.stderr),
  readStdin,
  env: process.env,
  cwd: process.cwd(),
  now: Date.now,
  interrupted: interrupted.signal,
});
