import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AgentHost, Raw, relay, sleep, Used } from "../support/server/agent.ts";
import type { Chain, Graph, Page, Problem, Result } from "../support/server/client.ts";
import { ADMIN_KEY, freePort, groupOf, MeshServer } from "../support/server/mesh.ts";
import { until } from "../support/server/until.ts";

const LAUNCHER = join(import.meta.dirname, "..", "..", "bin", "hopline.mjs");

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

interface Running {
  readonly pid: number;
  readonly out: () => string;
  readonly ended: Promise<Ran>;
}

let mesh: MeshServer;
let host: AgentHost;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "hopline-cli-"));
  mesh = await MeshServer.start({ data: join(folder, ".hopline"), env: { HOPLINE_ADMIN_KEY: undefined } });
  const key = readFileSync(join(mesh.data, "admin-key"), "utf8").trim();
  admin = { HOPLINE_URL: mesh.url, HOPLINE_KEY: key };
  // The server made its key itself: what AgentHost registers with has to be that one.
  host = await AgentHost.start(Object.assign(Object.create(mesh) as MeshServer, { client: mesh.client.as(key) }));
});
afterAll(async () => {
  await host.close();
  await mesh.wipe();
  rmSync(folder, { recursive: true, force: true });
});

let admin: Record<string, string>;

/** The launcher as a user runs it: a process of its own, in `folder`, with nothing in its environment but `env`. */
function start(args: readonly string[], env: Record<string, string> = {}, stdin = ""): Running {
  const { HOPLINE_ADMIN_KEY: _, HOPLINE_URL: __, HOPLINE_KEY: ___, HOPLINE_DATA: ____, ...rest } = process.env;
  const child = spawn("node", [LAUNCHER, ...args], { cwd: folder, env: { ...rest, ...env }, detached: true });
  let [out, err] = ["", ""];
  child.stdout.on("data", (data: Buffer) => (out += data.toString()));
  child.stderr.on("data", (data: Buffer) => (err += data.toString()));
  child.stdin.end(stdin);
  const ended = new Promise<Ran>((done) => child.on("close", (code) => done({ code, out, err })));
  return { pid: child.pid ?? 0, out: () => out, ended };
}

function hopline(args: readonly string[], env?: Record<string, string>, stdin?: string): Promise<Ran> {
  return start(args, env, stdin).ended;
}

async function json<T>(...args: readonly string[]): Promise<T> {
  const { code, out, err } = await hopline([...args, "--json"]);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  return JSON.parse(out) as T;
}

describe("without a flag, in the folder of a mesh that runs", () => {
  test("address and key are found, and the key is nobody else's to read", async () => {
    const { code, out } = await hopline(["agents"]);
    expect(code).toBe(0);
    expect(out).toMatch(/^NAME.*echo +1\.0\.0 +builtin/s);
    for (const file of ["server.json", "admin-key"]) expect(statSync(join(mesh.data, file)).mode & 0o077).toBe(0);
  });

  test("the key is in no process's arguments", async () => {
    await host.agent("cli-slow", () => sleep(1_500));
    const running = start(["invoke", "cli-slow"]);
    const commands = await until("the command runs", () => {
      const found = groupOf(running.pid).map(({ command }) => command);
      return found.some((command) => command.includes("cli/main.ts")) ? found.join("\n") : undefined;
    });
    expect(commands).not.toContain(admin.HOPLINE_KEY);
    expect((await running.ended).code).toBe(0);
  });
});

describe("agents", () => {
  test("are added from a file, a URL and stdin, shown, found, replaced, removed", async () => {
    const agent = (name: string, description = "Made by a test.") =>
      JSON.stringify({ name, version: "1.0.0", description, endpoint: { kind: "http", url: "http://127.0.0.1:9/" } });
    writeFileSync(join(folder, "one.json"), agent("cli-one"));
    let asked: string | undefined = "";
    const site = createServer((request, response) => {
      asked = request.headers.authorization;
      response.end(agent("cli-two"));
    });
    await new Promise<void>((done) => site.listen(0, "127.0.0.1", done));
    const url = `http://127.0.0.1:${(site.address() as AddressInfo).port}/agent.json`;
    const added = [
      await hopline(["agents", "add", "one.json"]),
      await hopline(["agents", "add", url]),
      await hopline(["agents", "add", "-"], {}, agent("cli-three")),
    ];
    site.close();
    expect(added.map(({ code, err }) => ({ code, err }))).toEqual([1, 2, 3].map(() => ({ code: 0, err: "" })));
    expect(added[0]?.out).toBe("✓ added  cli-one 1.0.0  http http://127.0.0.1:9/\n");
    expect(asked).toBeUndefined();

    expect((await hopline(["agents", "list", "--q", "made by", "--kind", "http"])).out).toMatch(/cli-one.*cli-two/s);
    expect((await hopline(["agents", "add", "one.json"])).err).toContain("⊘ conflict");
    const again = await hopline(["agents", "add", "-", "--replace"], {}, agent("cli-one", "Changed."));
    expect(again.out).toContain("✓ replaced  cli-one");
    expect(JSON.parse((await hopline(["agents", "show", "cli-one"])).out)).toMatchObject({ description: "Changed." });

    expect(await hopline(["agents", "remove", "cli-one"])).toMatchObject({ code: 0, out: "✓ removed  cli-one\n" });
    const gone = await hopline(["agents", "show", "cli-one"]);
    expect(gone).toMatchObject({ code: 1, out: "" });
    expect(gone.err).toContain("⊘ agent_not_found");
  });
});

describe("invoke", () => {
  test("prints the output, and a line about the chain", async () => {
    const { code, out, err } = await hopline(["invoke", "echo", '{"a":[1,"é"]}']);
    expect({ code, out }).toEqual({ code: 0, out: '{\n  "a": [\n    1,\n    "é"\n  ]\n}\n' });
    expect(err).toMatch(/^✓ done {2}chain [0-9a-f]{32} {2}1 hop {2}\d+ ms\n$/);
  });

  test("takes its input from a file and from stdin, and its JSON is the API's", async () => {
    writeFileSync(join(folder, "input.json"), '{"from":"file"}');
    expect(await json<Result>("invoke", "echo", "@input.json")).toMatchObject({ output: { from: "file" } });
    expect((await hopline(["invoke", "echo", "-"], {}, '"stdin"')).out).toBe("stdin\n");
  });

  test("that is refused ends with 1, and says code, reason, limit and chain", async () => {
    const { code, out, err } = await hopline(["invoke", "echo", "1", "--hops", "0"]);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toMatch(
      /^⊘ budget_exceeded {2}The call would.*\n {2}limit {2}0 hops; this call would make it 1\n {2}chain {2}[0-9a-f]{32}\n$/,
    );
    const refused = JSON.parse((await hopline(["invoke", "echo", "1", "--hops", "0", "--json"])).out) as Problem;
    expect(refused).toMatchObject({ code: "budget_exceeded", dimension: "hops", limit: 0, actual: 1 });
  });

  test("carries its budget, policy and key into the chain", async () => {
    const budget = "--hops 7 --tokens 100 --cost 0.25 --wall 30s --bytes 1MB --concurrency 3".split(" ");
    const once = ["invoke", "echo", "1", ...budget, "--max-depth", "2", "--idempotency-key", "cli-once"];
    const { chainId } = await json<Result>(...once);
    expect((await json<Chain>("chains", "show", chainId)).limits).toEqual({
      ...{ hops: 7, tokens: 100, costMicros: 250_000, wallMs: 30_000, bytes: 1_000_000, concurrency: 3 },
    });
    expect((await json<Result>(...once)).chainId).toBe(chainId);
  });
});

describe("invoke --stream", () => {
  test("shows pieces and hops as they come, and the output once", async () => {
    const events = ['chunk\ndata: "Hel"', 'chunk\ndata: "lo"', 'result\ndata: {"output":"Hello"}'];
    const body = events.map((event) => `event: ${event}\n\n`).join("");
    await host.agent("cli-pieces", () => new Raw(200, body, { "content-type": "text/event-stream" }));
    const { code, out, err } = await hopline(["invoke", "cli-pieces", "1", "--stream"]);
    expect({ code, out }).toEqual({ code: 0, out: "Hello\n" });
    expect(err).toMatch(/● open +admin → cli-pieces\n.*✓ done +admin → cli-pieces.*\n✓ done {2}chain /);
  });

  test("is refused as without", async () => {
    const { code, out, err } = await hopline(["invoke", "echo", "1", "--stream", "--hops", "0"]);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toContain("⊘ budget_exceeded");
  });

  test("ends with 130 on Ctrl-C, and cancels its chain", async () => {
    const held = await host.agent("cli-streamed", () => sleep(60_000));
    const running = start(["invoke", "cli-streamed", "1", "--stream"]);
    const { chainId } = await held.next();
    process.kill(-running.pid, "SIGINT");
    expect((await running.ended).code).toBe(130);
    const status = async () => (await mesh.client.as(admin.HOPLINE_KEY).chain(chainId)).status;
    await until("the chain is cancelled", async () => (await status()) === "cancelled");
  });
});

describe("what an agent wrote", () => {
  test("steers no terminal: not in a refusal, and not in the tree", async () => {
    const evil = "\u001b[2Jgone\u202e\nnew line";
    const seen = "\\u001b[2Jgone\\u202e\\nnew line";
    const problem = { "content-type": "application/problem+json" };
    await host.agent("cli-evil", () => new Raw(500, JSON.stringify({ detail: evil }), problem));
    const { code, err } = await hopline(["invoke", "cli-evil", "1"]);
    expect(code).toBe(1);
    expect(err).toContain(seen);
    const chainId = /chain {2}([0-9a-f]{32})/.exec(err)?.[1] ?? "";
    const { out } = await hopline(["graph", chainId]);
    expect(out).toContain(`upstream_error: Agent 'cli-evil' answered with status 500: ${seen}`);
    expect((await hopline(["watch", chainId])).out).toContain(seen);
  });
});

describe("--help", () => {
  const commands = ["start", "agents", "invoke", "chains", "graph", "watch", "cancel", "edges", "keys"];
  test("of each command reaches no mesh and starts none", async () => {
    const ran = await Promise.all(commands.map((command) => hopline([command, "--help"], { HOPLINE_URL: "http://[" })));
    expect(ran.map(({ code, err }) => ({ code, err }))).toEqual(commands.map(() => ({ code: 0, err: "" })));
    for (const [place, { out }] of ran.entries()) expect(out).toContain(`Usage: hopline ${commands[place]}`);
  });
});

describe("a chain", () => {
  let chainId: string;
  beforeAll(async () => {
    await host.agent("cli-leaf", () => new Used("leaf", { tokens: 620, costMicros: 600 }));
    await host.agent("cli-critic", relay("cli-desk"));
    await host.agent("cli-desk", async (_, call) => {
      await Promise.all([1, 2, 3].map((input) => call.invoke("cli-leaf", input)));
      await call.invoke("cli-critic", 1);
      return "done";
    });
    chainId = (await json<Result>("invoke", "cli-desk", "1")).chainId;
  });

  test("is drawn as a tree: equal siblings once, what each used, the refused loop by its path", async () => {
    const { code, out } = await hopline(["graph", chainId]);
    expect(code).toBe(0);
    const lines = out
      .split("\n")
      .map((line) => line.replace(/(\d+(–\d+)?|\d+\.\d) (ms|s)(?= |$)/, "T").replace(/ +/g, " "));
    expect(lines).toEqual([
      "cli-desk ✓ done T 5 hops 1,860 tokens $0.0018",
      "├─ cli-leaf ×3 ✓ done T 1,860 tokens $0.0018",
      expect.stringMatching(/^└─ cli-critic (✓ done|✗ error)/),
      " └─ cli-desk ⊘ rejected cycle_detected: cli-desk → cli-critic → cli-desk",
      expect.stringMatching(`^chain ${chainId} ✓ done$`),
      "",
    ]);
    expect((await hopline(["graph", chainId, "--expand"])).out.match(/─ cli-leaf /g)).toHaveLength(3);
  });

  test.each([
    ["json", /"hops":/],
    ["mermaid", /^flowchart /m],
    ["dot", /digraph/],
    ["svg", /<svg/],
    ["otlp", /"resourceSpans":/],
  ])("is written as %s, unchanged from the API", async (format, pattern) => {
    const { code, out, err } = await hopline(["graph", chainId, "--format", format, "-o", "graph.txt"]);
    expect({ code, out, err }).toEqual({ code: 0, out: "", err: "✓ written  graph.txt\n" });
    const written = readFileSync(join(folder, "graph.txt"), "utf8");
    expect(written).toMatch(pattern);
    const client = mesh.client.as(admin.HOPLINE_KEY);
    expect(written).toBe((await client.send(`/v1/chains/${chainId}/graph?format=${format}`)).text);
  });

  test("is listed, found and shown", async () => {
    await until("it is listed", async () => (await hopline(["chains"])).out.includes(chainId));
    const { out } = await hopline(["chains", "--status", "done", "--agent", "cli-desk", "--since", "1h"]);
    expect(out).toMatch(new RegExp(`^CHAIN.*\n${chainId}  ✓ done  cli-desk  admin  .* ago +[\\d.]+ m?s\n$`));
    expect((await json<Page<Chain>>("chains", "--limit", "1")).items).toHaveLength(1);
    expect((await hopline(["chains", "show", chainId])).out).toMatch(/BUDGET +SPENT.*hops +5 +0 +0 +100/s);
    expect((await hopline(["edges"])).out).toMatch(/cli-desk +cli-leaf +3 +0 +0 /);
    expect((await json<Graph>("graph", chainId)).hops).toHaveLength(6);
  });

  test("that has ended is watched to its end at once, each event a line", async () => {
    const { code, out, err } = await hopline(["watch", chainId]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const lines = out.trimEnd().split("\n");
    expect(lines.at(-1)).toMatch(new RegExp(`^chain ${chainId}  ✓ done  5 hops  1,860 tokens`));
    // Five hops were admitted and ended, one was refused.
    expect(lines).toHaveLength(12);
    expect(out).toContain("cli-critic → cli-desk");
  });

  test("that has ended can't be cancelled", async () => {
    const { code, err } = await hopline(["cancel", chainId]);
    expect(code).toBe(1);
    expect(err).toContain("⊘ chain_closed");
  });

  test("that does not exist is not found", async () => {
    for (const command of ["graph", "watch", "cancel"]) {
      const { code, err } = await hopline([command, `${chainId.slice(0, -4)}0000`]);
      expect({ command, code }).toEqual({ command, code: 1 });
      expect(err).toContain("⊘ not_found");
    }
    expect((await hopline(["watch", "abc"])).err).toContain("⊘ invalid_request");
  });
});

describe("a chain that runs", () => {
  test("is watched live, over a restart of the server, and cancelled", async () => {
    const held = await host.agent("cli-held", async (_, call) => {
      await call.invoke("echo", "early");
      await sleep(60_000);
    });
    const invoked = hopline(["invoke", "cli-held", "1", "--wall", "60s"]);
    const { chainId } = await held.next();
    const watching = start(["watch", chainId, "--json"]);
    await until("the first events came", () => watching.out().split("\n").length > 3 || undefined);
    await mesh.stop();
    expect((await invoked).code).toBe(3);
    await mesh.restart();

    const cancelled = await hopline(["cancel", chainId]);
    expect(cancelled.code).toBe(0);
    expect(cancelled.out).toMatch(new RegExp(`^chain ${chainId}  ■ cancelled`));
    const { code, out, err } = await watching.ended;
    expect(code).toBe(0);
    expect(err).toContain("Trying again");
    const events = out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { seq?: number; type?: string; callee?: string; status: string });
    expect(events.map(({ type = "chain", callee, status }) => `${type} ${callee} ${status}`)).toEqual([
      "admitted cli-held open",
      "admitted echo open",
      "ended echo done",
      "ended cli-held cancelled",
      "chain undefined cancelled",
    ]);
    const seqs = events.slice(0, -1).map(({ seq = 0 }) => seq);
    expect(seqs).toEqual([...new Set(seqs)].toSorted((a, b) => a - b));
  });

  test("tells its invoker when it was cancelled", async () => {
    const held = await host.agent("cli-held-too", () => sleep(60_000));
    const invoked = hopline(["invoke", "cli-held-too", "1"]);
    const { chainId } = await held.next();
    await hopline(["cancel", chainId]);
    const { code, err } = await invoked;
    expect(code).toBe(1);
    expect(err).toContain("⊘ chain_cancelled");
  });
});

describe("keys", () => {
  test("are made, shown once, listed, used within their scope, revoked", async () => {
    const made = await hopline([
      "keys",
      "create",
      "cli test",
      "--scope",
      "read",
      "--scope",
      "invoke",
      "--expires",
      "30d",
    ]);
    expect(made.code).toBe(0);
    expect(made.out).toMatch(/^hop_default_\w+\n$/);
    const key = made.out.trim();
    const keyId = key.split("_")[2] ?? "";
    expect(made.err).toMatch(new RegExp(`^Key ${keyId} 'cli test' with read, invoke; it expires on 20`));
    expect((await hopline(["keys"])).out).toMatch(new RegExp(`${keyId}  cli test +read,invoke`));
    expect((await hopline(["keys"])).out).not.toContain(key);

    const env = { HOPLINE_KEY: key };
    expect((await hopline(["invoke", "echo", "1"], env)).code).toBe(0);
    const refused = await hopline(["keys"], env);
    expect(refused).toMatchObject({ code: 4, out: "" });
    expect(refused.err).toContain("⊘ insufficient_scope");

    expect(await hopline(["keys", "revoke", keyId])).toMatchObject({ code: 0, out: `✓ revoked  ${keyId}\n` });
    await until("the revocation is seen", async () => (await hopline(["chains"], env)).code === 4);
  });
});

describe("what can't work", () => {
  test("says that no mesh can be reached, and ends with 3", async () => {
    const ran = await hopline(["agents", "--url", `http://127.0.0.1:${await freePort()}`]);
    expect(ran).toMatchObject({ code: 3, out: "" });
    expect(ran.err).toContain("No mesh can be reached");
  });

  test("a wrong key, or none, ends with 4 and says where keys come from", async () => {
    for (const args of [["--key", ADMIN_KEY], []]) {
      // Another spelling of the address is another address: the key of the folder is not sent there.
      const ran = await hopline(["agents", "--url", mesh.url.replace("127.0.0.1", "localhost"), ...args]);
      expect(ran).toMatchObject({ code: 4, out: "" });
      expect(ran.err).toContain("⊘ unauthenticated");
      expect(ran.err).toContain("HOPLINE_KEY");
    }
  });

  test("a wrong command line ends with 2", async () => {
    expect(await hopline(["invoke"])).toMatchObject({ code: 2, out: "" });
  });
});

describe("start", () => {
  test("serves as npm start does, in this folder's data, and ends with SIGTERM to the launcher alone", async () => {
    const data = join(folder, "second");
    mkdirSync(data);
    const port = await freePort();
    const running = start(["start"], { PORT: String(port), HOPLINE_DATA: data });
    await until("it is ready", () => running.out().includes(`ready on http://127.0.0.1:${port}`), 60_000);
    expect((await hopline(["invoke", "echo", '"there"'], { HOPLINE_DATA: data })).out).toBe("there\n");
    process.kill(running.pid, "SIGTERM");
    await running.ended;
    await until("no process is left", () => groupOf(running.pid).length === 0 || undefined);
    expect((await hopline(["agents"], { HOPLINE_DATA: data })).code).toBe(3);
  });

  test("passes what it is told on to the server, and its failure back", async () => {
    const { code, err } = await hopline(["start"], { PORT: "0", HOPLINE_DATA: join(folder, "third") });
    expect(code).toBe(1);
    expect(err).toMatch(/PORT must be/);
  });
});
