/** The command line as a user has it: the launcher in a process of its own, in the folder of a mesh that runs. */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AgentHost } from "../support/server/agent.ts";
import { ADMIN_KEY, MeshServer } from "../support/server/mesh.ts";

const LAUNCHER = join(import.meta.dirname, "..", "..", "bin", "hopline.mjs");

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Running {
  /** The leader of the process group. */
  readonly pid: number;
  readonly out: () => string;
  readonly ended: Promise<Ran>;
}

export class CommandLine {
  readonly folder: string;
  readonly mesh: MeshServer;
  readonly host: AgentHost;

  private constructor(folder: string, mesh: MeshServer, host: AgentHost) {
    this.folder = folder;
    this.mesh = mesh;
    this.host = host;
  }

  /** A folder with a mesh on its `.hopline/`, whose admin key stands in the file there. */
  static async begin(): Promise<CommandLine> {
    const folder = mkdtempSync(join(tmpdir(), "hopline-cli-"));
    const data = join(folder, ".hopline");
    mkdirSync(data);
    writeFileSync(join(data, "admin-key"), ADMIN_KEY);
    const mesh = await MeshServer.start({ data, env: { HOPLINE_ADMIN_KEY: undefined } });
    return new CommandLine(folder, mesh, await AgentHost.start(mesh));
  }

  async end(): Promise<void> {
    await this.host.close();
    await this.mesh.wipe();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** With nothing of the mesh in its environment but `env`. */
  start(args: readonly string[], env: Record<string, string> = {}, stdin = ""): Running {
    const own = Object.entries(process.env).filter(([name]) => !name.startsWith("HOPLINE_"));
    const child = spawn("node", [LAUNCHER, ...args], {
      cwd: this.folder,
      env: { ...Object.fromEntries(own), ...env },
      detached: true,
    });
    let [out, err] = ["", ""];
    child.stdout.on("data", (data: Buffer) => (out += data.toString()));
    child.stderr.on("data", (data: Buffer) => (err += data.toString()));
    child.stdin.end(stdin);
    const ended = new Promise<Ran>((done) => child.on("close", (code) => done({ code, out, err })));
    return { pid: child.pid ?? 0, out: () => out, ended };
  }

  run(args: readonly string[], env?: Record<string, string>, stdin?: string): Promise<Ran> {
    return this.start(args, env, stdin).ended;
  }

  /** @throws {Error} when it fails, or says anything on stderr */
  async json<T>(...args: readonly string[]): Promise<T> {
    const { code, out, err } = await this.run([...args, "--json"]);
    if (code !== 0 || err !== "") throw new Error(`${args.join(" ")} ended with ${code}: ${err}`);
    return JSON.parse(out) as T;
  }
}
