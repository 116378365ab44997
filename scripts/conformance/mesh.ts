/** A mesh of its own for the suites: on a free port, with data that is thrown away. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export interface StartedMesh {
  readonly url: string;
  readonly key: string;
  readonly stop: () => Promise<void>;
}

function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer().once("error", fail);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => done(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

/** @throws {Error} when it ends before it is ready */
export async function startMesh(data: string): Promise<StartedMesh> {
  const port = await freePort();
  const key = `conformance-${randomBytes(24).toString("hex")}`;
  const env = { ...process.env, PORT: String(port), HOST: "127.0.0.1", HOPLINE_DATA: data, HOPLINE_ADMIN_KEY: key };
  const child = spawn(process.execPath, [join(import.meta.dirname, "..", "serve.ts")], {
    env,
    stdio: ["ignore", "ignore", "inherit"],
  });
  const ended = new Promise<void>((done) => child.on("close", () => done()));
  const url = `http://127.0.0.1:${port}`;
  while (child.exitCode === null) {
    const answer = await fetch(`${url}/healthz`).catch(() => undefined);
    if (answer?.ok) {
      const stop = async () => {
        child.kill("SIGTERM");
        await ended;
      };
      return { url, key, stop };
    }
    await sleep(100);
  }
  throw new Error("The mesh has ended before it was ready.");
}
