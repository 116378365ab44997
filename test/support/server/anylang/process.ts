/** Agents as processes of their own: their lines, their address, and how they end. */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ADMIN_KEY, freePort, type MeshServer } from "../mesh.ts";
import { until } from "../until.ts";

const HERE = dirname(fileURLToPath(import.meta.url));
export const ROOT = join(HERE, "../../../..");

const COMMANDS = {
  typed: [process.execPath, join(HERE, "typed.ts")],
  pythonic: ["python3", join(HERE, "pythonic.py")],
  greeter: [process.execPath, join(ROOT, "agents/examples/greeter.ts")],
  "greeter-py": ["python3", join(ROOT, "agents/python/greeter.py")],
} as const;

export class AgentProcess {
  readonly name: string;
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #out: () => string;
  readonly ended: Promise<number | null>;

  private constructor(
    name: string,
    url: string,
    child: ChildProcess,
    out: () => string,
    ended: Promise<number | null>,
  ) {
    this.name = name;
    this.url = url;
    this.#child = child;
    this.#out = out;
    this.ended = ended;
  }

  /** Resolves when the agent has said where it listens: it is registered by then. */
  static async start(mesh: MeshServer, name: keyof typeof COMMANDS, env: Record<string, string> = {}) {
    const [command, file] = COMMANDS[name];
    const child = spawn(command, [file], {
      cwd: ROOT,
      env: { ...process.env, HOPLINE_URL: mesh.url, HOPLINE_KEY: ADMIN_KEY, PYTHONDONTWRITEBYTECODE: "1", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let out = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data: Buffer) => (out += data.toString()));
    const ended = new Promise<number | null>((done) => child.on("close", (code) => done(code)));
    let code: number | null | undefined;
    void ended.then((with_) => (code = with_));
    const url = await until(`${name} listens`, () => {
      if (code !== undefined) throw new Error(`${name} ended with ${code}: ${out}`);
      return / listens on (\S+)/.exec(out)?.[1];
    });
    return new AgentProcess(name, url, child, () => out, ended);
  }

  /** The code of docs/protocol.md, which says nothing of itself. */
  static async least(mesh: MeshServer): Promise<AgentProcess> {
    const code = /```js\n([\s\S]*?)```/.exec(readFileSync(join(ROOT, "docs/protocol.md"), "utf8"))?.[1] ?? "";
    const port = await freePort();
    const child = spawn(process.execPath, ["--input-type=module", "--eval", code], {
      env: { ...process.env, HOPLINE_URL: mesh.url, PORT: String(port) },
      stdio: "ignore",
    });
    const ended = new Promise<number | null>((done) => child.on("close", (code) => done(code)));
    const url = `http://127.0.0.1:${port}/`;
    await until("it listens", () => child.exitCode !== null || listens(port));
    return new AgentProcess("least", url, child, () => "", ended);
  }

  /** What the agent has logged of a chain. */
  logged(chainId: string): string[] {
    return this.#out()
      .split("\n")
      .filter((line) => line.startsWith("{") && line.includes(chainId))
      .map((line) => (JSON.parse(line) as { message: string }).message);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.ended;
  }
}

/** Asks with a connection alone: the least agent takes nothing but calls. */
function listens(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("error", () => done(false));
    socket.once("connect", () => {
      socket.destroy();
      done(true);
    });
  });
}
