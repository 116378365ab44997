/** The demo in its forms, as a user runs it: real agents, a real mesh, files of every kind. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DeskOutput } from "../../agents/desk/schema.ts";
import { ADMIN_KEY, MeshServer } from "../support/server/mesh.ts";

const ROOT = join(import.meta.dirname, "../..");
const FOLDER = join(ROOT, "test/fixtures/desk");
const FILES = ["constitution.md", "alice.txt", "sherlock-holmes.html", "federalist.pdf", "planets.csv"].map(
  (name) => `test/fixtures/desk/${name}`,
);

let mesh: MeshServer;
let files: Server;
let filesUrl: string;
const written = mkdtempSync(join(tmpdir(), "hopline-report-"));

beforeAll(async () => {
  mesh = await MeshServer.start();
  files = createServer((request, response) => {
    response.setHeader("content-type", "application/octet-stream");
    response.end(readFileSync(join(FOLDER, request.url?.slice(1) ?? "")));
  });
  await new Promise<void>((done) => files.listen(0, "127.0.0.1", done));
  filesUrl = `http://127.0.0.1:${(files.address() as AddressInfo).port}`;
});
afterAll(async () => {
  rmSync(written, { recursive: true, force: true });
  files?.close();
  await mesh?.wipe();
});

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function demo(...args: readonly string[]): Promise<Ran> {
  const env = { ...process.env, HOPLINE_URL: mesh.url, HOPLINE_ADMIN_KEY: ADMIN_KEY, NO_COLOR: "1" };
  const child = spawn(process.execPath, [join(ROOT, "scripts/demo.ts"), ...args], { cwd: ROOT, env });
  let [out, err] = ["", ""];
  child.stdout.on("data", (data: Buffer) => {
    out += data.toString();
  });
  child.stderr.on("data", (data: Buffer) => {
    err += data.toString();
  });
  return new Promise((done) => child.on("close", (code) => done({ code, out, err })));
}

/** A claim, with the number of its quote. */
const CLAIM = /^• .+ \[[1-5]\]$/m;

const chainIn = (out: string): string => /^Chain ([0-9a-f]{32})$/m.exec(out)?.[1] ?? "";

/** `path status code` of each hop of the chain. */
async function hopsOf(out: string): Promise<string[]> {
  const { hops } = await mesh.client.graph(chainIn(out));
  return hops.map(({ path, status, code }) => [path.join(" → "), status, code].filter((part) => part).join(" "));
}

test("answers from files of every kind, shows the hops as they come, the tree, the budget, and writes the report", async () => {
  const [html, markdown] = [join(written, "r.html"), join(written, "r.md")];
  const question = "How does Madison define a faction, and which animals are the mallets of croquet?";
  const { code, out, err } = await demo(question, ...FILES, "--html", html, "--markdown", markdown);
  expect([code, err]).toEqual([0, ""]);
  const [progress = "", report = ""] = out.split("\nHow does Madison define a faction?\n");
  expect(progress).toMatch(/desk → reader\/read[\s\S]*desk → ranker\/rank[\s\S]*desk → clerk\/render/);
  expect(report).toMatch(CLAIM);
  expect(report).toContain("By a faction, I understand a number of citizens");
  expect(report).toContain("Which animals are the mallets of croquet?");
  expect(report).toMatch(/\[\d\] test\/fixtures\/desk\/federalist\.pdf, page 2 {2}No\. 10/);
  expect(report).toMatch(/Read: \d+ passages of 5 sources\. Checked: \d claims/);
  expect(report).toMatch(/^├─ reader\/read ×5 +✓ done/m);
  expect(report).toMatch(/^hops +11 +100 {2}hops$/m);
  expect(readFileSync(html, "utf8")).toMatch(/<a href="\.\/test\/fixtures\/desk\/federalist\.pdf#page=2"/);
  expect(readFileSync(markdown, "utf8")).toMatch(/^> .*By a faction, I understand/m);
});

test("with six hops the desk reads what it can, works around the refusals, and says what it left out", async () => {
  const file = join(written, "none.html");
  const { code, out } = await demo(
    "Who breaks a tie in the Senate?",
    ...FILES,
    "--budget",
    "hops=6",
    "--html",
    file,
    "--quiet",
  );
  expect(code).toBe(0);
  expect(out).toMatch(/left out {2}.*planets\.csv {2}budget_exceeded: .*2 of 5 sources were asked for/);
  expect(out).toMatch(
    /left out {2}.*clerk {2}budget_exceeded: The call would bring hops to 7, and the limit of the chain is 6/,
  );
  expect(out).toContain("the clerk was left out");
  expect(out).toMatch(/^hops +6 +6 {2}hops$/m);
  expect(await hopsOf(out)).toContain("desk → clerk rejected budget_exceeded");
});

test("with rogues each is refused, and the report comes all the same", async () => {
  const { code, out } = await demo("How does Madison define a faction?", FILES[3] ?? "", "--rogue");
  expect(code).toBe(0);
  expect(out).toMatch(CLAIM);
  expect(out).toContain("By a faction, I understand a number of citizens");
  const hops = await hopsOf(out);
  expect(hops).toContain("desk → rogue-loop → rogue-mirror → rogue-loop rejected cycle_detected");
  expect(hops).toContain("desk → rogue-fan → echo rejected budget_exceeded");
  expect(hops.filter((hop) => hop === "desk → rogue-fan → echo done")).toHaveLength(9);
  expect(hops).toContain("desk → rogue-hang error deadline_exceeded");
  expect(out).toMatch(/^rogue-mirror +Gives every call back to rogue-loop\.$/m);
  for (const name of ["loop", "fan", "hang"]) expect(out).toContain(`left out  a source read by rogue-${name}`);
  const { items } = (await mesh.client.send("/v1/agents?q=rogue")).body as { items: unknown[] };
  expect(items).toEqual([]);
});

test("reads a PDF from a URL through the mesh's egress", async () => {
  const { out } = await demo("How does Madison define a faction?", `${filesUrl}/federalist.pdf`, "--quiet");
  expect(out).toMatch(CLAIM);
  expect(out).toContain("By a faction, I understand a number of citizens");
  expect(out).toContain(`${filesUrl}/federalist.pdf, page 2`);
});

describe("what the user gets wrong", () => {
  test.each([
    [["--budget", "hips=6"], "It knows: hops, tokens"],
    [["--budget", "hops=many"], "takes a whole number"],
    [["--frobnicate"], "--help"],
    [["Q?", "no/such/file.txt"], "cannot be read"],
  ])("%j is told", async (args, sentence) => {
    const { code, err } = await demo(...args);
    expect([code === 0, err.includes(sentence)]).toEqual([false, true]);
    expect(err).not.toContain("    at ");
  });

  test("a chain that is refused shows its reason and its graph", async () => {
    const { code, out, err } = await demo("Q?", ...FILES, "--budget", "hops=1");
    expect(code).toBe(1);
    expect(err).toMatch(/None of the 5 sources could be read\. .*budget_exceeded, The call would bring hops to 2/);
    expect(err).toContain(" and 3 more: budget_exceeded, The chain had 0 hops left: 1 of 5 sources was asked for.");
    expect(out).toMatch(/reader\/read +⊘ rejected/);
  });

  test("--help says how it is used", async () => {
    const { code, out } = await demo("--help");
    expect([code, out.includes("--rogue")]).toEqual([0, true]);
  });
});

describe("the critic's return", () => {
  // Shortening takes the parenthesis away, and with it the condition.
  const sources = [
    { source: "x.txt", text: "The ledger (unless it is asleep) decides on every single hop of a chain." },
  ];
  const input = { question: "What decides on a hop?", sources };
  const ask = async (policy?: object) => {
    const { result } = await mesh.client.invoke("desk", input, { skill: "ask", ...(policy && { policy }) });
    const { hops } = await mesh.client.graph(result.chainId);
    const returned = hops.find(({ path }) => path.join(" → ") === "desk → critic → desk");
    return { output: DeskOutput.parse(result.output), returned };
  };

  test("is a loop that the desk's rule allows, for its input is another one", async () => {
    const { output, returned } = await ask();
    expect(returned).toMatchObject({ skill: "revise", status: "done" });
    expect(output.answer).toBe(`${sources[0]?.text} [1]`);
    expect(output.check).toEqual({ claims: 1, sentBack: 1, unbacked: 0 });
  });

  test("is refused where the root call forbids loops: the claim is left out, and the report says why", async () => {
    const { output, returned } = await ask({ cycle: { rule: "deny" } });
    expect(returned).toMatchObject({ status: "rejected", code: "cycle_detected" });
    expect(output.sections[0]?.claims).toEqual([]);
    expect(output.leftOut).toMatchObject([{ what: "step", name: "desk/revise", code: "cycle_detected" }]);
  });
});
