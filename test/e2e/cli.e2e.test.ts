import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CommandLine } from "../cli/launcher.ts";
import { Raw, sleep } from "../support/server/agent.ts";
import { ADMIN_KEY, freePort, groupOf } from "../support/server/mesh.ts";
import { until } from "../support/server/until.ts";

let line: CommandLine;
beforeAll(async () => {
  line = await CommandLine.begin();
});
afterAll(() => line.end());

describe("without a flag, in the folder of a mesh that runs", () => {
  test("address and key are found, and the key is nobody else's to read", async () => {
    const { code, out } = await line.run(["agents"]);
    expect(code).toBe(0);
    expect(out).toMatch(/^NAME.*echo +1\.0\.0 +builtin/s);
    for (const file of ["server.json", "admin-key"]) expect(statSync(join(line.mesh.data, file)).mode & 0o077).toBe(0);
  });

  test("the key is in no process's arguments", async () => {
    await line.host.agent("cli-slow", () => sleep(1_500));
    const running = line.start(["invoke", "cli-slow"]);
    const commands = await until("the command runs", () => {
      const found = groupOf(running.pid).map(({ command }) => command);
      return found.some((command) => command.includes("cli/main.ts")) ? found.join("\n") : undefined;
    });
    expect(commands).not.toContain(ADMIN_KEY);
    expect((await running.ended).code).toBe(0);
  });
});

describe("agents", () => {
  test("are added from a file, a URL and stdin, shown, found, replaced, removed", async () => {
    const agent = (name: string, description = "Made by a test.") =>
      JSON.stringify({ name, version: "1.0.0", description, endpoint: { kind: "http", url: "http://127.0.0.1:9/" } });
    writeFileSync(join(line.folder, "one.json"), agent("cli-one"));
    let asked: string | undefined = "";
    const site = createServer((request, response) => {
      asked = request.headers.authorization;
      response.end(agent("cli-two"));
    });
    await new Promise<void>((done) => site.listen(0, "127.0.0.1", done));
    const url = `http://127.0.0.1:${(site.address() as AddressInfo).port}/agent.json`;
    const added = [
      await line.run(["agents", "add", "one.json"]),
      await line.run(["agents", "add", url]),
      await line.run(["agents", "add", "-"], {}, agent("cli-three")),
    ];
    site.close();
    expect(added.map(({ code, err }) => ({ code, err }))).toEqual([1, 2, 3].map(() => ({ code: 0, err: "" })));
    expect(added[0]?.out).toBe("✓ added  cli-one 1.0.0  http http://127.0.0.1:9/\n");
    expect(asked).toBeUndefined();

    expect((await line.run(["agents", "list", "--q", "made by", "--kind", "http"])).out).toMatch(/cli-one.*cli-two/s);
    expect((await line.run(["agents", "add", "one.json"])).err).toContain("⊘ conflict");
    const again = await line.run(["agents", "add", "-", "--replace"], {}, agent("cli-one", "Changed."));
    expect(again.out).toContain("✓ replaced  cli-one");
    expect(JSON.parse((await line.run(["agents", "show", "cli-one"])).out)).toMatchObject({ description: "Changed." });

    for (const [verb, status] of [
      ["drain", "draining"],
      ["quarantine", "quarantined"],
      ["activate", "active"],
    ] as const) {
      expect((await line.run(["agents", verb, "cli-one"])).out).toBe(`✓ ${status}  cli-one\n`);
      expect(JSON.parse((await line.run(["agents", "show", "cli-one"])).out)).toMatchObject({ status });
    }
    expect(await line.run(["agents", "remove", "cli-one"])).toMatchObject({ code: 0, out: "✓ removed  cli-one\n" });
    const gone = await line.run(["agents", "show", "cli-one"]);
    expect(gone).toMatchObject({ code: 1, out: "" });
    expect(gone.err).toContain("⊘ agent_not_found");
  });

  test("are imported by the line, again without harm, and each refused line is named", async () => {
    const agent = (n: number, more = {}) =>
      JSON.stringify({
        name: `fleet-${n}`,
        version: "1.0.0",
        endpoint: { kind: "http", url: "http://127.0.0.1:9/" },
        ...more,
      });
    const fleet = Array.from({ length: 520 }, (_, n) => agent(n));
    writeFileSync(join(line.folder, "fleet.ndjson"), `${fleet.join("\r\n")}\n`);
    const first = await line.run(["agents", "import", "fleet.ndjson"]);
    expect(first).toEqual({ code: 0, out: "✓ imported  520 registered\n", err: "" });
    const changed = [agent(0), "", agent(1, { version: "2.0.0" }), "{", agent(600)].join("\n");
    const again = await line.run(["agents", "import", "-"], {}, changed);
    expect([again.code, again.out]).toEqual([1, "! imported  1 registered, 1 unchanged, 2 refused\n"]);
    expect(again.err).toMatch(
      /^⊘ conflict {2}line 3 fleet-1: .*\n⊘ invalid_request {2}line 4: The line is not valid JSON/,
    );
    const replaced = await line.run(
      ["agents", "import", "-", "--replace", "--json"],
      {},
      agent(1, { version: "2.0.0" }),
    );
    expect(JSON.parse(replaced.out)).toMatchObject({ line: 1, name: "fleet-1", status: 200, outcome: "replaced" });
    const absent = await line.run(["agents", "import", "absent.ndjson"]);
    expect([absent.code, absent.out]).toEqual([2, ""]);
    expect(absent.err).toContain("absent.ndjson");
    const foreign = await line.run(["agents", "import", "fleet.ndjson"], { HOPLINE_KEY: "wrong" });
    expect([foreign.code, foreign.out]).toEqual([4, ""]);
  });
});

describe("keys", () => {
  test("are made, shown once, listed, used within their scope, revoked", async () => {
    const made = await line.run([
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
    expect((await line.run(["keys"])).out).toMatch(new RegExp(`${keyId}  cli test +read,invoke`));
    expect((await line.run(["keys"])).out).not.toContain(key);

    const env = { HOPLINE_KEY: key };
    expect((await line.run(["invoke", "echo", "1"], env)).code).toBe(0);
    const refused = await line.run(["keys"], env);
    expect(refused).toMatchObject({ code: 4, out: "" });
    expect(refused.err).toContain("⊘ insufficient_scope");

    expect(await line.run(["keys", "revoke", keyId])).toMatchObject({ code: 0, out: `✓ revoked  ${keyId}\n` });
    await until("the revocation is seen", async () => (await line.run(["chains"], env)).code === 4);
  });
});

describe("what an agent wrote", () => {
  test("steers no terminal: not in a refusal, and not in the tree", async () => {
    const evil = "\u001b[2Jgone\u202e\nnew line";
    const seen = "\\u001b[2Jgone\\u202e\\nnew line";
    const problem = { "content-type": "application/problem+json" };
    await line.host.agent("cli-evil", () => new Raw(500, JSON.stringify({ detail: evil }), problem));
    const { code, err } = await line.run(["invoke", "cli-evil", "1"]);
    expect(code).toBe(1);
    expect(err).toContain(seen);
    const chainId = /chain {2}([0-9a-f]{32})/.exec(err)?.[1] ?? "";
    const { out } = await line.run(["graph", chainId]);
    expect(out).toContain(`upstream_error: Agent 'cli-evil' answered with status 500: ${seen}`);
    expect((await line.run(["watch", chainId])).out).toContain(seen);
  });
});

describe("what can't work", () => {
  test("says that no mesh can be reached, and ends with 3", async () => {
    const ran = await line.run(["agents", "--url", `http://127.0.0.1:${await freePort()}`]);
    expect(ran).toMatchObject({ code: 3, out: "" });
    expect(ran.err).toContain("No mesh can be reached");
  });

  test("a wrong key, or none, ends with 4 and says where keys come from", async () => {
    for (const args of [["--key", "hop_default_nokey_nosecret"], []]) {
      // Another spelling of the address is another address: the key of the folder is not sent there.
      const ran = await line.run(["agents", "--url", line.mesh.url.replace("127.0.0.1", "localhost"), ...args]);
      expect(ran).toMatchObject({ code: 4, out: "" });
      expect(ran.err).toContain("⊘ unauthenticated");
      expect(ran.err).toContain("HOPLINE_KEY");
    }
  });

  test("a wrong command line ends with 2", async () => {
    expect(await line.run(["invoke"])).toMatchObject({ code: 2, out: "" });
  });
});

describe("--help", () => {
  const commands = ["start", "agents", "invoke", "chains", "graph", "watch", "cancel", "edges", "keys"];
  test("of each command reaches no mesh and starts none", async () => {
    const ran = await Promise.all(
      commands.map((command) => line.run([command, "--help"], { HOPLINE_URL: "http://[" })),
    );
    expect(ran.map(({ code, err }) => ({ code, err }))).toEqual(commands.map(() => ({ code: 0, err: "" })));
    for (const [place, { out }] of ran.entries()) expect(out).toContain(`Usage: hopline ${commands[place]}`);
  });
});

describe("start", () => {
  test("serves as npm start does, in this folder's data, and ends with SIGTERM to the launcher alone", async () => {
    const data = join(line.folder, "second");
    mkdirSync(data);
    const port = await freePort();
    const running = line.start(["start"], { PORT: String(port), HOPLINE_DATA: data });
    await until("it is ready", () => running.out().includes(`ready on http://127.0.0.1:${port}`), 60_000);
    expect((await line.run(["invoke", "echo", '"there"'], { HOPLINE_DATA: data })).out).toBe("there\n");
    process.kill(running.pid, "SIGTERM");
    await running.ended;
    await until("no process is left", () => groupOf(running.pid).length === 0 || undefined);
    expect((await line.run(["agents"], { HOPLINE_DATA: data })).code).toBe(3);
  });

  test("passes what it is told on to the server, and its failure back", async () => {
    const { code, err } = await line.run(["start"], { PORT: "0", HOPLINE_DATA: join(line.folder, "third") });
    expect(code).toBe(1);
    expect(err).toMatch(/PORT must be/);
  });
});
