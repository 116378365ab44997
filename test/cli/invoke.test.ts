import { describe, expect, test } from "vitest";
import { fakes, hopline } from "./fake-mesh.ts";
import { asEvents, CHAIN, STORY, send } from "./story.ts";

const mesh = fakes();

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

describe("invoke --stream", () => {
  const result = (output: unknown) => ({
    event: "result",
    data: { chainId: CHAIN, hopId: "a", output, usage: { hops: 1, tokens: 2, costMicros: 0, wallMs: 5 } },
  });
  const streaming = (events: readonly { event: string; data: unknown; id?: number }[]) =>
    mesh((_, response) => {
      send(response, events);
      response.end();
    });

  test("has pieces on stdout and hops on stderr; the output is not printed again when it is the pieces", async () => {
    const pieces = ["Hel", "lo\n"].map((data) => ({ event: "chunk", data }));
    const server = await streaming([...asEvents(STORY.slice(0, 1)), ...pieces, result("Hello\n")]);
    const { code, out, err } = await hopline(["invoke", "desk", "1", "--stream", "--url", server.url]);
    expect({ code, out }).toEqual({ code: 0, out: "Hello\n" });
    expect(err).toMatch(/● open +admin → desk\/ask\n✓ done +chain/);
    expect(server.asked[0]).toMatchObject({ method: "POST", headers: { accept: "text/event-stream" } });
  });

  test("prints an output that is more than its pieces after them", async () => {
    const server = await streaming([{ event: "chunk", data: { step: 1 } }, { event: "chunk", data: "…" }, result([1])]);
    const { out } = await hopline(["invoke", "desk", "1", "--stream", "--url", server.url]);
    expect(out).toBe('{"step":1}\n…\n[\n  1\n]\n');
  });

  test("prints the output of an agent that answers in one piece", async () => {
    const server = await streaming([result("all")]);
    expect((await hopline(["invoke", "desk", "--stream", "--url", server.url])).out).toBe("all\n");
  });

  test("with --json prints a line an event", async () => {
    const server = await streaming([...asEvents(STORY.slice(0, 1)), { event: "chunk", data: "x" }, result(1)]);
    const { out } = await hopline(["invoke", "desk", "--stream", "--json", "--url", server.url]);
    const lines = out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown);
    expect(lines).toEqual([
      { event: "hop", data: STORY[0] },
      { event: "chunk", data: "x" },
      { event: "result", data: result(1).data },
    ]);
  });

  test("ends with 1 for a problem after pieces, and with 3 for a stream that just ends", async () => {
    const broken = { event: "problem", data: { code: "upstream_error", detail: "It broke.", status: 502 } };
    const server = await streaming([{ event: "chunk", data: "half" }, broken]);
    const ran = await hopline(["invoke", "desk", "--stream", "--url", server.url]);
    expect(ran).toMatchObject({ code: 1, out: "half" });
    expect(ran.err).toContain("⊘ upstream_error  It broke.");
    const silent = await streaming([]);
    expect((await hopline(["invoke", "desk", "--stream", "--url", silent.url])).code).toBe(3);
  });

  test("with --json has the problem as its last event", async () => {
    const data = { code: "upstream_error", detail: "It broke.", status: 502 };
    const server = await streaming([{ event: "problem", data }]);
    const { code, out } = await hopline(["invoke", "desk", "--stream", "--json", "--url", server.url]);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toEqual({ event: "problem", data });
  });
});
