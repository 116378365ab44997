import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CommandLine } from "../cli/launcher.ts";
import { Raw, relay, sleep, Used } from "../support/server/agent.ts";
import type { Chain, Graph, Page, Problem, Result } from "../support/server/client.ts";
import { until } from "../support/server/until.ts";

let line: CommandLine;
beforeAll(async () => {
  line = await CommandLine.begin();
});
afterAll(() => line.end());

describe("invoke", () => {
  test("prints the output, and a line about the chain", async () => {
    const { code, out, err } = await line.run(["invoke", "echo", '{"a":[1,"é"]}']);
    expect({ code, out }).toEqual({ code: 0, out: '{\n  "a": [\n    1,\n    "é"\n  ]\n}\n' });
    expect(err).toMatch(/^✓ done {2}chain [0-9a-f]{32} {2}1 hop {2}\d+ ms\n$/);
  });

  test("takes its input from a file and from stdin, and its JSON is the API's", async () => {
    writeFileSync(join(line.folder, "input.json"), '{"from":"file"}');
    expect(await line.json<Result>("invoke", "echo", "@input.json")).toMatchObject({ output: { from: "file" } });
    expect((await line.run(["invoke", "echo", "-"], {}, '"stdin"')).out).toBe("stdin\n");
  });

  test("that is refused ends with 1, and says code, reason, limit and chain", async () => {
    const { code, out, err } = await line.run(["invoke", "echo", "1", "--hops", "0"]);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toMatch(
      /^⊘ budget_exceeded {2}The call would.*\n {2}limit {2}0 hops; this call would make it 1\n {2}chain {2}[0-9a-f]{32}\n$/,
    );
    const refused = JSON.parse((await line.run(["invoke", "echo", "1", "--hops", "0", "--json"])).out) as Problem;
    expect(refused).toMatchObject({ code: "budget_exceeded", dimension: "hops", limit: 0, actual: 1 });
  });

  test("carries its budget, policy and key into the chain", async () => {
    const budget = "--hops 7 --tokens 100 --cost 0.25 --wall 30s --bytes 1MB --concurrency 3".split(" ");
    const once = ["invoke", "echo", "1", ...budget, "--max-depth", "2", "--idempotency-key", "cli-once"];
    const { chainId } = await line.json<Result>(...once);
    expect((await line.json<Chain>("chains", "show", chainId)).limits).toEqual({
      ...{ hops: 7, tokens: 100, costMicros: 250_000, wallMs: 30_000, bytes: 1_000_000, concurrency: 3 },
    });
    expect((await line.json<Result>(...once)).chainId).toBe(chainId);
  });
});

describe("invoke --stream", () => {
  test("shows pieces and hops as they come, and the output once", async () => {
    const events = ['chunk\ndata: "Hel"', 'chunk\ndata: "lo"', 'result\ndata: {"output":"Hello"}'];
    const body = events.map((event) => `event: ${event}\n\n`).join("");
    await line.host.agent("cli-pieces", () => new Raw(200, body, { "content-type": "text/event-stream" }));
    const { code, out, err } = await line.run(["invoke", "cli-pieces", "1", "--stream"]);
    expect({ code, out }).toEqual({ code: 0, out: "Hello\n" });
    expect(err).toMatch(/● open +admin → cli-pieces\n.*✓ done +admin → cli-pieces.*\n✓ done {2}chain /);
  });

  test("is refused as without", async () => {
    const { code, out, err } = await line.run(["invoke", "echo", "1", "--stream", "--hops", "0"]);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toContain("⊘ budget_exceeded");
  });

  test("ends with 130 on Ctrl-C, and cancels its chain", async () => {
    const held = await line.host.agent("cli-streamed", () => sleep(60_000));
    const running = line.start(["invoke", "cli-streamed", "1", "--stream"]);
    const { chainId } = await held.next();
    process.kill(-running.pid, "SIGINT");
    expect((await running.ended).code).toBe(130);
    const status = async () => (await line.mesh.client.chain(chainId)).status;
    await until("the chain is cancelled", async () => (await status()) === "cancelled");
  });
});

describe("a chain", () => {
  let chainId: string;
  beforeAll(async () => {
    await line.host.agent("cli-leaf", () => new Used("leaf", { tokens: 620, costMicros: 600 }));
    await line.host.agent("cli-critic", relay("cli-desk"));
    await line.host.agent("cli-desk", async (_, call) => {
      await Promise.all([1, 2, 3].map((input) => call.invoke("cli-leaf", input)));
      await call.invoke("cli-critic", 1);
      return "done";
    });
    chainId = (await line.json<Result>("invoke", "cli-desk", "1")).chainId;
  });

  test("is drawn as a tree: equal siblings once, what each used, the refused loop by its path", async () => {
    const { code, out } = await line.run(["graph", chainId]);
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
    expect((await line.run(["graph", chainId, "--expand"])).out.match(/─ cli-leaf /g)).toHaveLength(3);
  });

  test.each([
    ["json", /"hops":/],
    ["mermaid", /^flowchart /m],
    ["dot", /digraph/],
    ["svg", /<svg/],
    ["otlp", /"resourceSpans":/],
  ])("is written as %s, unchanged from the API", async (format, pattern) => {
    const { code, out, err } = await line.run(["graph", chainId, "--format", format, "-o", "graph.txt"]);
    expect({ code, out, err }).toEqual({ code: 0, out: "", err: "✓ written  graph.txt\n" });
    const written = readFileSync(join(line.folder, "graph.txt"), "utf8");
    expect(written).toMatch(pattern);
    const client = line.mesh.client;
    expect(written).toBe((await client.send(`/v1/chains/${chainId}/graph?format=${format}`)).text);
  });

  test("is listed, found and shown", async () => {
    await until("it is listed", async () => (await line.run(["chains"])).out.includes(chainId));
    const { out } = await line.run(["chains", "--status", "done", "--agent", "cli-desk", "--since", "1h"]);
    expect(out).toMatch(new RegExp(`^CHAIN.*\n${chainId}  ✓ done  cli-desk  admin  .* ago +[\\d.]+ m?s\n$`));
    expect((await line.json<Page<Chain>>("chains", "--limit", "1")).items).toHaveLength(1);
    expect((await line.run(["chains", "show", chainId])).out).toMatch(/BUDGET +SPENT.*hops +5 +0 +0 +100/s);
    expect((await line.run(["edges"])).out).toMatch(/cli-desk +cli-leaf +3 +0 +0 /);
    expect((await line.json<Graph>("graph", chainId)).hops).toHaveLength(6);
  });

  test("that has ended is watched to its end at once, each event a line", async () => {
    const { code, out, err } = await line.run(["watch", chainId]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const lines = out.trimEnd().split("\n");
    expect(lines.at(-1)).toMatch(new RegExp(`^chain ${chainId}  ✓ done  5 hops  1,860 tokens`));
    // Five hops were admitted and ended, one was refused.
    expect(lines).toHaveLength(12);
    expect(out).toContain("cli-critic → cli-desk");
  });

  test("that has ended can't be cancelled", async () => {
    const { code, err } = await line.run(["cancel", chainId]);
    expect(code).toBe(1);
    expect(err).toContain("⊘ chain_closed");
  });

  test("that does not exist is not found", async () => {
    for (const command of ["graph", "watch", "cancel"]) {
      const { code, err } = await line.run([command, `${chainId.slice(0, -4)}0000`]);
      expect({ command, code }).toEqual({ command, code: 1 });
      expect(err).toContain("⊘ not_found");
    }
    expect((await line.run(["watch", "abc"])).err).toContain("⊘ invalid_request");
  });
});

describe("a chain that runs", () => {
  test("is watched live, over a restart of the server, and cancelled", async () => {
    const held = await line.host.agent("cli-held", async (_, call) => {
      await call.invoke("echo", "early");
      await sleep(60_000);
    });
    const invoked = line.run(["invoke", "cli-held", "1", "--wall", "60s"]);
    const { chainId } = await held.next();
    const watching = line.start(["watch", chainId, "--json"]);
    await until("the first events came", () => watching.out().split("\n").length > 3 || undefined);
    await line.mesh.stop();
    expect((await invoked).code).toBe(3);
    await line.mesh.restart();

    const cancelled = await line.run(["cancel", chainId]);
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
    const held = await line.host.agent("cli-held-too", () => sleep(60_000));
    const invoked = line.run(["invoke", "cli-held-too", "1"]);
    const { chainId } = await held.next();
    await line.run(["cancel", chainId]);
    const { code, err } = await invoked;
    expect(code).toBe(1);
    expect(err).toContain("⊘ chain_cancelled");
  });
});
