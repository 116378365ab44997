import { describe, expect, test } from "vitest";
import { programFor } from "../../cli/program.ts";
import { fakes, hopline, NOW, problem, uncoloured } from "./fake-mesh.ts";

const mesh = fakes();

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
      ...["start", "agents", "agents list", "agents show", "agents add", "agents import", "agents drain"],
      ...["agents quarantine", "agents activate", "agents remove", "invoke"],
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
