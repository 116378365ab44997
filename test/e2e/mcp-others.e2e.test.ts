/** Other people's MCP programs as they come from npm: servers behind the mesh, over HTTP and through bridges, and a client before it. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { CreateMessageRequestSchema, ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectNew, connectOld, metaOf, textOf } from "../support/server/mcp.ts";
import { ADMIN_KEY, freePort, MeshServer } from "../support/server/mesh.ts";
import { until } from "../support/server/until.ts";

const START_MS = 30_000;
const MODULES = join(import.meta.dirname, "..", "..", "node_modules");

/** What a package installs as a command. */
function programOf(name: string, command: string): string {
  const path = join(MODULES, name, "package.json");
  const { bin } = createRequire(import.meta.url)(path) as { bin: Record<string, string> };
  return join(dirname(path), bin[command] ?? "");
}

const EVERYTHING = programOf("@modelcontextprotocol/server-everything", "mcp-server-everything");

let mesh: MeshServer;
/** Programs look into the home of whoever runs them: here it is empty. */
const home = mkdtempSync(join(tmpdir(), "hopline-others-"));
const started: ChildProcess[] = [];

beforeAll(async () => {
  mesh = await MeshServer.start();
});
afterAll(async () => {
  await Promise.all(started.map(ended));
  await mesh?.wipe();
  rmSync(home, { recursive: true, force: true });
});

/** With all that it has started: bridges have servers as children. */
async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exit = once(child, "exit");
  process.kill(-child.pid, "SIGTERM");
  const killed = sleep(3_000, "late", { ref: false });
  await Promise.race([exit, killed]);
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // The whole group has ended.
  }
}

/** Starts a server in a process group of its own and waits until it answers. @returns its address */
async function serve(program: string, args: readonly string[], port: number, env = {}): Promise<string> {
  const options = { env: { ...process.env, HOME: home, ...env }, detached: true, stdio: "ignore" } as const;
  const child = spawn(process.execPath, [program, ...args], options);
  started.push(child);
  const url = `http://127.0.0.1:${port}/mcp`;
  await until(
    `${program} answers`,
    async () => {
      if (child.exitCode !== null) throw new Error(`${program} has ended with ${child.exitCode}.`);
      // Whatever it says to a request without a session: it listens.
      return fetch(url, { method: "DELETE" }).then(
        () => true,
        () => false,
      );
    },
    START_MS,
  );
  return url;
}

interface Registered {
  readonly skills: readonly { readonly id: string }[];
  readonly upstream: { readonly era: string; readonly lastError: string | null; readonly server: { name: string } };
}

async function federate(name: string, url: string): Promise<Registered> {
  const reply = await mesh.client.send("/v1/agents", {
    body: { name, version: "1.0.0", endpoint: { kind: "mcp", url } },
  });
  expect(reply.status, reply.text).toBe(201);
  return reply.body as Registered;
}

describe("server-everything over Streamable HTTP", () => {
  let registered: Registered;
  beforeAll(async () => {
    const port = await freePort();
    const url = await serve(EVERYTHING, ["streamableHttp"], port, { PORT: String(port) });
    registered = await federate("everything", url);
  });

  test("is found out about: who it is, and its tools", async () => {
    expect(registered.upstream).toMatchObject({ era: "sessions", lastError: null });
    expect(registered.upstream.server.name).toBe("mcp-servers/everything");
    const tools = registered.skills.map(({ id }) => id);
    expect(tools).toEqual(expect.arrayContaining(["echo", "get-sum", "get-structured-content", "get-tiny-image"]));
  });

  describe.each([
    ["a client of 2025-11-25", async () => (await connectOld(mesh.url, ADMIN_KEY)).client],
    ["a client of 2026-07-28", async () => (await connectNew(mesh.url, ADMIN_KEY)) as unknown as Client],
  ])("to %s", (_, connect) => {
    let client: Client;
    beforeAll(async () => {
      client = await connect();
    });
    afterAll(() => client?.close());

    const call = (tool: string, args: Record<string, unknown>) =>
      client.callTool({ name: `everything__${tool}`, arguments: args });

    test("lists its tools beside the mesh's own", async () => {
      const { tools } = await client.listTools();
      const names = tools.map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining(registered.skills.map(({ id }) => `everything__${id}`)));
      expect(names).toContain("mesh__list_agents");
    });

    test("echoes, as a hop of a chain", async () => {
      const result = await call("echo", { message: "€ 😀" });
      expect(textOf(result)).toBe("Echo: € 😀");
      const { hops } = await mesh.client.graph(String(metaOf(result, "chainId")));
      expect(hops).toMatchObject([{ kind: "tool", callee: "everything", skill: "echo", status: "done" }]);
    });

    test("adds, and is not asked with arguments that its schema refuses", async () => {
      expect(textOf(await call("get-sum", { a: 2, b: 3 }))).toBe("The sum of 2 and 3 is 5.");
      const refused = await call("get-sum", { a: "two", b: 3 });
      expect([refused.isError, metaOf(refused, "problem")]).toMatchObject([true, { code: "invalid_input" }]);
    });

    test("structures what it says", async () => {
      const { structuredContent } = await call("get-structured-content", { location: "Chicago" });
      expect(structuredContent).toEqual({ temperature: 36, conditions: "Light rain / drizzle", humidity: 82 });
    });

    test("shows an image", async () => {
      const { content } = (await call("get-tiny-image", {})) as { content: { type: string; data?: string }[] };
      expect(content.map(({ type }) => type)).toEqual(["text", "image", "text"]);
      expect(
        Buffer.from(content[1]?.data ?? "", "base64")
          .subarray(1, 4)
          .toString(),
      ).toBe("PNG");
    });

    test("tells how far a long operation is", async () => {
      const seen: unknown[] = [];
      const params = { name: "everything__trigger-long-running-operation", arguments: { duration: 0.4, steps: 4 } };
      const onprogress = ({ progress, total }: { progress: number; total?: number | undefined }) =>
        seen.push([progress, total]);
      // The two clients take these options in different places.
      const result = await (client instanceof Client
        ? client.callTool(params, undefined, { onprogress })
        : (client as { callTool: (given: unknown, options: unknown) => Promise<unknown> }).callTool(params, {
            onprogress,
          }));
      expect(textOf(result)).toContain("Steps: 4");
      // A note of the last step may come with the result itself.
      expect(seen.slice(0, 3)).toEqual([1, 2, 3].map((step) => [step, 4]));
    });
  });

  test("shows its resources and prompts", async () => {
    const { client } = await connectOld(mesh.url, ADMIN_KEY);
    const { resources } = await client.listResources();
    const document = resources.find(({ uri }) => uri.startsWith("demo://"));
    expect(document).toBeDefined();
    const read = await client.readResource({ uri: document?.uri ?? "" });
    expect(read.contents).toHaveLength(1);
    const { prompts } = await client.listPrompts();
    const simple = prompts.find(({ name }) => name === "everything__simple-prompt");
    expect(simple).toBeDefined();
    const { messages } = await client.getPrompt({ name: "everything__simple-prompt" });
    expect(messages.length).toBeGreaterThan(0);
    await client.close();
  });
});

test("what server-everything asks of a model, the client that called answers", async () => {
  const client = new Client({ name: "sampler", version: "1.0.0" }, { capabilities: { sampling: {} } });
  const requestInit = { headers: { authorization: `Bearer ${ADMIN_KEY}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL("/mcp", mesh.url), { requestInit }) as Transport);
  const asked: unknown[] = [];
  client.setRequestHandler(CreateMessageRequestSchema, ({ params }) => {
    asked.push(params.messages[0]?.content);
    return { model: "none", role: "assistant", content: { type: "text", text: "forty-two" } };
  });
  const name = "everything__trigger-sampling-request";
  const result = await client.callTool({ name, arguments: { prompt: "what is the answer?", maxTokens: 10 } });
  expect(textOf(result)).toContain("forty-two");
  expect(asked).toMatchObject([{ text: expect.stringContaining("what is the answer?") }]);
  await client.close();
});

test("a tool that asks is refused to whoever can't be asked, and says what it wants", async () => {
  const { skills } = (await mesh.client.send("/v1/agents/everything")).body as {
    skills: readonly { readonly id: string; readonly tool: { readonly needs?: readonly string[] } }[];
  };
  const needs = Object.fromEntries(skills.map(({ id, tool }) => [id, tool.needs]));
  expect(needs).toMatchObject({
    "trigger-sampling-request": ["sampling"],
    "trigger-elicitation-request": ["elicitation"],
    "get-roots-list": ["roots"],
  });
  expect(needs.echo).toBeUndefined();
  const call = { name: "everything__trigger-sampling-request", arguments: { prompt: "?", maxTokens: 1 } };
  const { client } = await connectOld(mesh.url, ADMIN_KEY);
  const refused = await client.callTool(call);
  expect([refused.isError, textOf(refused)]).toEqual([true, expect.stringContaining("asks its client for sampling")]);
  await client.close();
  const modern = await connectNew(mesh.url, ADMIN_KEY);
  await expect(modern.callTool(call)).rejects.toMatchObject({
    code: -32_021,
    data: { requiredCapabilities: { sampling: {} } },
  });
  await modern.close();
  const { status, problem } = await mesh.client.send("/v1/tools/everything__trigger-sampling-request/invoke", {
    body: { input: call.arguments },
  });
  expect([status, problem.code]).toEqual([400, "invalid_request"]);
});

test("a tool that server-everything has for tasks alone is called as any other, and asks its client on the way", async () => {
  const name = "everything__simulate-research-query";
  const reply = mesh.client.send(`/v1/tools/${name}/invoke`, { body: { input: { topic: "meshes" } } });
  const client = new Client({ name: "asked", version: "1.0.0" }, { capabilities: { elicitation: {} } });
  const requestInit = { headers: { authorization: `Bearer ${ADMIN_KEY}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL("/mcp", mesh.url), { requestInit }) as Transport);
  client.setRequestHandler(ElicitRequestSchema, () => ({ action: "accept", content: { interpretation: "technical" } }));
  const told = await client.callTool({ name, arguments: { topic: "python", ambiguous: true } });
  expect(textOf(told)).toContain("technical");
  await client.close();
  const { output, chainId } = (await reply).result;
  expect(textOf(output)).toContain("meshes");
  const { hops } = await mesh.client.graph(chainId);
  expect(hops).toMatchObject([{ kind: "tool", callee: "everything", status: "done" }]);
});

const STDIO = [process.execPath, EVERYTHING, "stdio"];

describe.each([
  [
    "supergateway",
    (port: number) => [
      "--stdio",
      STDIO.join(" "),
      "--outputTransport",
      "streamableHttp",
      "--stateful",
      "--port",
      `${port}`,
    ],
  ],
  ["mcp-proxy", (port: number) => ["--host", "127.0.0.1", "--port", `${port}`, "--server", "stream", "--", ...STDIO]],
])("a stdio server behind %s", (bridge, argsOf) => {
  test("is federated, and its tools are called as any others", async () => {
    const port = await freePort();
    const url = await serve(programOf(bridge, bridge), argsOf(port), port);
    const { upstream, skills } = await federate(bridge, url);
    expect(upstream).toMatchObject({ lastError: null, server: { name: "mcp-servers/everything" } });
    expect(skills.map(({ id }) => id)).toContain("get-sum");
    const { result, chainId } = await mesh.client.send(`/v1/tools/${bridge}__get-sum/invoke`, {
      body: { input: { a: 20, b: 22 } },
    });
    expect(textOf(result.output)).toBe("The sum of 20 and 22 is 42.");
    const { hops } = await mesh.client.graph(chainId);
    expect(hops).toMatchObject([{ kind: "tool", callee: bridge, skill: "get-sum", status: "done" }]);
  });
});

describe("the Inspector on the command line", () => {
  const inspect = async (...args: readonly string[]): Promise<unknown> => {
    const program = programOf("@modelcontextprotocol/inspector", "mcp-inspector");
    const server = ["--transport", "http", "--header", `Authorization: Bearer ${ADMIN_KEY}`];
    const env = { ...process.env, HOME: home, MCP_CATALOG_PATH: join(home, "mcp.json") };
    const all = [program, "--cli", `${mesh.url}/mcp`, ...server, ...args];
    const { stdout } = await promisify(execFile)(process.execPath, all, { env, timeout: START_MS });
    return JSON.parse(stdout);
  };

  test("lists the tools", async () => {
    const { tools } = (await inspect("--method", "tools/list")) as { tools: { name: string }[] };
    const names = tools.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(["mesh__list_agents", "echo", "everything__get-sum"]));
  });

  test("calls one", async () => {
    const call = ["--method", "tools/call", "--tool-name", "everything__get-sum"];
    const result = await inspect(...call, "--tool-arg", "a=20", "--tool-arg", "b=22");
    expect(textOf(result)).toBe("The sum of 20 and 22 is 42.");
    expect(metaOf(result, "chainId")).toMatch(/^[0-9a-f]{32}$/);
  });
});
