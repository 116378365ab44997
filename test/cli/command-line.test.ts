import { afterEach, describe, expect, test } from "vitest";
import { programFor } from "../../cli/program.ts";
import { FakeMesh, hopline, NOW, problem, uncoloured } from "./fake-mesh.ts";

const meshes: FakeMesh[] = [];
afterEach(async () => {
  for (const mesh of meshes.splice(0)) await mesh.close();
});

async function mesh(answer: Parameters<typeof FakeMesh.start>[0]): Promise<FakeMesh> {
  const started = await FakeMesh.start(answer);
  meshes.push(started);
  return started;
}

const EVIL = "evil\u001b[2J\u202e\nname";
const SEEN = "evil\\u001b[2J\\u202e\\nname";
const CHAIN = "1000d0c3178585e0c67ca5d6019bbf07";

describe("a command line that is wrong ends with 2, says so on stderr, and reaches no mesh", () => {
  test.each([
    [["agents", "lst"], /too many arguments/],
    [["nonsense"], /unknown command 'nonsense'/],
    [["invok"], /Did you mean invoke\?/],
    [["chains", "--stat", "done"], /unknown option '--stat'.*\n.*--status/],
    [["invoke"], /missing required argument 'agent'/],
    [["invoke", "echo", "hello"], /the input is not JSON.*\n.*--text/],
    [["invoke", "echo", "@/does/not/exist"], /exist can't be read/],
    [["invoke", "echo", "1", "--hops", "-1"], /--hops.*whole number/],
    [["invoke", "echo", "1", "--hops", "1.5"], /--hops.*whole number/],
    [["invoke", "echo", "1", "--tokens", "9007199254740993"], /--tokens.*whole number/],
    [["invoke", "echo", "1", "--cost", "0.0000001"], /--cost.*six digits/],
    [["invoke", "echo", "1", "--wall", "30"], /--wall.*30s/],
    [["invoke", "echo", "1", "--bytes", "3 bananas"], /--bytes.*64KiB/],
    [["chains", "--since", "yesterday"], /--since.*duration/],
    [["graph", CHAIN, "--format", "pdf"], /tree, json, mermaid, dot, svg, otlp/],
    [["graph", CHAIN, "--view", "hops"], /another --format than tree/],
    [["graph", CHAIN, "--format", "json", "--expand"], /go with --format tree/],
    [["keys", "create", "x"], /--scope/],
    [["keys", "create", "x", "--scope", "read,fly"], /'fly' is none of admin/],
    [["agents", "add", "/does/not/exist"], /can't be read/],
    [["chains", "--url", "ftp://x"], /--url: 'ftp:\/\/x' is no address/],
    [["chains", "--key", "a\nb"], /no key has/],
    [[], /Usage: hopline/],
  ])("%j", async (args, message) => {
    const server = await mesh(() => ({}));
    const ran = await hopline(args, { env: { HOPLINE_URL: server.url } });
    expect(ran.err).toMatch(message);
    expect({ code: ran.code, out: ran.out }).toEqual({ code: 2, out: "" });
    expect(server.asked).toEqual([]);
  });

  test("for what is read from a file or stdin as well", async () => {
    expect(await hopline(["invoke", "echo", "-"], { stdin: "{" })).toMatchObject({ code: 2 });
    expect(await hopline(["agents", "add", "-"], { stdin: "[]" })).toMatchObject({ code: 2 });
    expect(await hopline(["agents", "add", "-"], { stdin: "{}}" })).toMatchObject({ code: 2 });
    expect(await hopline(["agents", "add", "-", "--replace"], { stdin: "{}" })).toMatchObject({ code: 2 });
  });
});

describe("--help", () => {
  const { stdout, stderr } = { stdout: [] as string[], stderr: [] as string[] };
  const screen = (to: string[]) => ({
    write: (text: string) => void to.push(text),
    isTTY: false,
    rows: 24,
    columns: 80,
  });
  const program = programFor({
    stdout: screen(stdout),
    stderr: screen(stderr),
    readStdin: async () => "",
    env: {},
    cwd: "/",
    now: () => NOW,
    interrupted: new AbortController().signal,
  });
  const all = program.commands.flatMap((command) => [
    [command.name()],
    ...command.commands.map((sub) => [command.name(), sub.name()]),
  ]);

  test("is there for every command", () => {
    expect(all.map((names) => names.join(" "))).toEqual([
      ...["start", "agents", "agents list", "agents show", "agents add", "agents remove", "invoke"],
      ...["chains", "chains list", "chains show", "graph", "watch", "cancel", "edges"],
      ...["keys", "keys list", "keys create", "keys revoke"],
    ]);
  });

  test.each(all)(
    "of %s %s ends with 0, on stdout, with its options, those for all, and an example",
    async (...names) => {
      const { code, out, err } = await hopline([...names.filter((name) => name !== undefined), "--help"]);
      expect({ code, err }).toEqual({ code: 0, err: "" });
      expect(out).toContain(`Usage: hopline ${names.filter((name) => name !== undefined).join(" ")}`);
      expect(out).toContain("--json");
      const isGroup = ["agents", "chains", "keys"].includes(names[0] ?? "") && names[1] === undefined;
      expect(out).toMatch(isGroup ? /Commands:/ : /Examples?:\n {2}\S*.*hopline/s);
    },
  );

  test("of the whole says the exit codes, and where address and key come from", async () => {
    const { code, out } = await hopline(["--help"]);
    expect(code).toBe(0);
    for (const text of ["HOPLINE_URL", "HOPLINE_KEY", ".hopline/", "NO_COLOR", "  3    no mesh"]) {
      expect(out).toContain(text);
    }
  });
});

describe("exit codes", () => {
  const refusals = [
    [401, "unauthenticated", 4],
    [401, "token_invalid", 4],
    [403, "insufficient_scope", 4],
    [403, "lineage_required", 1],
    [404, "agent_not_found", 1],
    [508, "cycle_detected", 1],
    [502, "upstream_error", 1],
    [500, "internal", 1],
  ] as const;
  test.each(refusals)("a problem %i %s is %i", async (status, code, exit) => {
    const { url } = await mesh((_, response) => problem(response, status, { code, detail: "Because." }));
    const ran = await hopline(["invoke", "echo", "1", "--url", url]);
    expect({ code: ran.code, out: ran.out }).toEqual({ code: exit, out: "" });
    expect(ran.err).toContain(`⊘ ${code}  Because.`);
  });

  test.each([
    ["another status than a mesh's", 502, "<html>Bad gateway</html>"],
    ["another body than JSON", 200, "<html>Welcome</html>"],
    ["a redirect", 302, ""],
  ])("%s is 3", async (_, status, body) => {
    const { url } = await mesh((_, response) => response.writeHead(status, { location: "/" }).end(body));
    const ran = await hopline(["chains", "--url", url]);
    expect(ran).toMatchObject({ code: 3, out: "" });
    expect(ran.err).toContain("is no mesh");
  });

  test("nobody listening is 3, with the address, where that came from, and what to do", async () => {
    const ran = await hopline(["chains"], { env: { HOPLINE_URL: "http://127.0.0.1:1" } });
    expect(ran).toMatchObject({ code: 3, out: "" });
    expect(ran.err).toMatch(/http:\/\/127\.0\.0\.1:1 \(HOPLINE_URL\).*ECONNREFUSED.*\n.*hopline start/);
  });

  test("an interrupt is 130", async () => {
    const interrupted = new AbortController();
    const { url } = await mesh(() => {
      interrupted.abort();
      return new Promise(() => {});
    });
    const ran = await hopline(["invoke", "slow", "--url", url], { interrupted: interrupted.signal });
    expect(ran.code).toBe(130);
    expect(ran.err).toContain("goes on without you");
  });
});

describe("a refusal on stderr", () => {
  test("has its code, its sentence, the path, the field, the chain", async () => {
    const { url } = await mesh((_, response) =>
      problem(response, 508, {
        code: "cycle_detected",
        detail: "The call would close a loop.",
        path: ["desk", "critic", "desk"],
        errors: [{ pointer: "/input", detail: "is wrong" }],
        chainId: CHAIN,
        retryable: true,
      }),
    );
    const { err } = await hopline(["invoke", "desk", "--url", url]);
    expect(err.split("\n")).toEqual([
      "⊘ cycle_detected  The call would close a loop.",
      "  path   desk → critic → desk",
      "  field  /input: is wrong",
      `  chain  ${CHAIN}`,
      "  retry  the same call may succeed later",
      "",
    ]);
  });

  test("has a budget's dimension, limit and what the call would make of it", async () => {
    const body = { code: "budget_exceeded", detail: "No.", dimension: "hops", limit: 50, actual: 1_051 };
    const { url } = await mesh((_, response) => problem(response, 402, body));
    const { err } = await hopline(["invoke", "desk", "--url", url]);
    expect(err).toContain("  limit  50 hops; this call would make it 1,051\n");
  });

  test("is the API's own body on stdout too with --json", async () => {
    const { url } = await mesh((_, response) => problem(response, 404, { code: "agent_not_found", detail: "No." }));
    const { code, out, err } = await hopline(["--json", "invoke", "x", "--url", url]);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toEqual({ status: 404, code: "agent_not_found", detail: "No." });
    expect(err).toContain("agent_not_found");
  });

  test("lets nothing that it quotes steer the terminal", async () => {
    const { url } = await mesh((_, response) =>
      problem(response, 502, { code: "upstream_error", detail: EVIL, path: [EVIL], chainId: EVIL }),
    );
    const { err } = await hopline(["invoke", "x", "--url", url], { isTTY: true });
    expect(uncoloured(err).split(SEEN)).toHaveLength(4);
    expect(uncoloured(err)).not.toMatch(/[\p{Bidi_Control}]|(?!\n)\p{Cc}/u);
  });
});

describe("colour", () => {
  const coloured = async (isTTY: boolean, env: Record<string, string>) => {
    const { url } = await mesh((_, response) => problem(response, 404, { code: "not_found", detail: "No." }));
    const { err } = await hopline(["chains", "show", "x", "--url", url], { isTTY, env });
    expect(err).toMatch(/⊘ not_found/);
    return err.includes("\u001b[");
  };

  test.each([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: "1" }, false],
    [true, { NO_COLOR: "" }, true],
    [true, { TERM: "dumb" }, false],
    [false, { FORCE_COLOR: "1" }, true],
    [true, { FORCE_COLOR: "0" }, false],
    [false, { FORCE_COLOR: "1", NO_COLOR: "1" }, false],
  ] as [boolean, Record<string, string>, boolean][])("a terminal: %j, with %j: %j", async (isTTY, env, expected) => {
    expect(await coloured(isTTY, env)).toBe(expected);
  });
});

describe("lists", () => {
  test("of agents are tables in which no text steers the terminal", async () => {
    const agent = {
      name: EVIL,
      version: "1.0.0",
      description: "\u001b]0;owned\u0007".padEnd(400, "x"),
      endpoint: { kind: "http" },
      skills: [{ id: "a" }, { id: "b" }],
      status: "draining",
    };
    const { url } = await mesh(() => ({ items: [agent], nextCursor: "abc" }));
    const { out, err } = await hopline(["agents", "--url", url], { isTTY: true });
    expect(uncoloured(out)).toContain(`${SEEN}  1.0.0    http  draining  a +1    \\u001b]0;owned\\u0007xxx`);
    expect(out.split("\n")).toHaveLength(3);
    expect(err).toContain("--cursor abc");
  });

  test("of chains say when, how long and how they ended; --since is a time", async () => {
    const chain = { chainId: CHAIN, status: "failed", root: { agent: "desk", principal: "admin" } };
    const server = await mesh(() => ({ items: [{ ...chain, startedAt: NOW - 60_000, endedAt: NOW - 58_800 }] }));
    const { out } = await hopline(["chains", "--status", "failed", "--since", "1h", "--url", server.url]);
    expect(out.split("\n")).toEqual([
      "CHAIN                             STATUS    AGENT  BY     STARTED     TOOK",
      `${CHAIN}  ✗ failed  desk   admin  1 min ago  1.2 s`,
      "",
    ]);
    expect(server.asked[0]?.url).toBe(`/v1/chains?status=failed&since=${NOW - 3_600_000}`);
  });

  test("that are empty say so, and are empty on stdout", async () => {
    const { url } = await mesh(() => ({ items: [] }));
    for (const command of ["agents", "chains", "keys"]) {
      const { code, out, err } = await hopline([command, "--url", url]);
      expect({ code, out }).toEqual({ code: 0, out: "" });
      expect(err).toMatch(/\w/);
    }
  });

  test("are the API's own JSON with --json, unchanged", async () => {
    const body = '{"items":[ {"name":"x\\u202e"} ],"nextCursor":"é"}';
    const { url } = await mesh(() => body);
    for (const command of ["agents", "chains", "keys", "edges"]) {
      expect((await hopline([command, "--json", "--url", url])).out).toBe(`${body}\n`);
    }
  });
});

describe("invoke", () => {
  const answer = (output: unknown) => ({
    chainId: CHAIN,
    hopId: "c6aedb8361fa2afd",
    output,
    usage: { hops: 3, bytes: 14, tokens: 1_240, costMicros: 1_200, wallMs: 1_234 },
  });

  test("sends the input, the whole budget, the skill, the policy and the key of the request", async () => {
    const server = await mesh(() => answer(null));
    const budget = "--hops 5 --tokens 100 --cost 0.25 --wall 30s --bytes 64KiB --concurrency 2".split(" ");
    const others = "--skill ask --max-depth 3 --idempotency-key k1 --key hop_x".split(" ");
    await hopline(["invoke", "a/b", '{"a":1}', ...budget, ...others, "--url", server.url]);
    expect(server.asked[0]).toMatchObject({
      method: "POST",
      url: "/v1/agents/a%2Fb/invoke",
      headers: { "idempotency-key": "k1", authorization: "Bearer hop_x", accept: "application/json" },
      body: {
        input: { a: 1 },
        skill: "ask",
        budget: { hops: 5, tokens: 100, costMicros: 250_000, wallMs: 30_000, bytes: 65_536, concurrency: 2 },
        policy: { maxDepth: 3 },
      },
    });
  });

  test.each([
    [["1", "--cost", "0.1"], { input: 1, budget: { costMicros: 100_000 } }],
    [["1", "--cost", "$12.345678"], { input: 1, budget: { costMicros: 12_345_678 } }],
    [["-5"], { input: -5 }],
    [[], { input: null }],
    [["--text", "hello"], { input: "hello" }],
    [["-"], { input: { from: "stdin" } }],
    [["-", "--text"], { input: '{"from":"stdin"}' }],
  ])("%j sends %j", async (args, body) => {
    const server = await mesh(() => answer(null));
    await hopline(["invoke", "echo", ...args, "--url", server.url], { stdin: '{"from":"stdin"}' });
    expect(server.asked[0]?.body).toEqual(body);
  });

  test("has the output on stdout, bare or pretty, and the summary on stderr", async () => {
    const one = await mesh(() => answer("hello"));
    const ran = await hopline(["invoke", "echo", "1", "--url", one.url]);
    expect(ran).toEqual({
      code: 0,
      out: "hello\n",
      err: `✓ done  chain ${CHAIN}  3 hops  1,240 tokens  $0.0012  1.2 s\n`,
    });
    const other = await mesh(() => answer({ a: [1] }));
    expect((await hopline(["invoke", "echo", "1", "--url", other.url])).out).toBe('{\n  "a": [\n    1\n  ]\n}\n');
  });

  test("leaves the output as it is in a pipe, and makes it harmless on a terminal", async () => {
    const { url } = await mesh(() => answer("a\u001b[2J\tb\nc"));
    expect((await hopline(["invoke", "echo", "--url", url])).out).toBe("a\u001b[2J\tb\nc\n");
    expect((await hopline(["invoke", "echo", "--url", url], { isTTY: true })).out).toBe("a\\u001b[2J\tb\nc\n");
  });
});
