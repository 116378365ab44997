// What docs/operations.md promises: backups, upgrades, a change of the admin key.
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { AgentHost } from "../support/server/agent.ts";
import type { Chain, Graph } from "../support/server/client.ts";
import { copyData, databasesOf, moveInTime, onDatabase } from "../support/server/data.ts";
import { ADMIN_KEY, MeshServer, newDataFolder } from "../support/server/mesh.ts";
import { until } from "../support/server/until.ts";

const FIXTURE = join(dirname(dirname(fileURLToPath(import.meta.url))), "fixtures", "data-0.1.0");
const BEHIND_MS = 3_000;

const opened: MeshServer[] = [];
afterEach(async () => {
  for (const mesh of opened.splice(0)) await mesh.wipe();
});

/** A server of its own on a folder; both go after the test. */
async function open(data: string): Promise<MeshServer> {
  const mesh = await MeshServer.start({ data });
  opened.push(mesh);
  return mesh;
}

const under = (key: string) => ({ headers: { "idempotency-key": key } });

interface MeshEdge {
  readonly from: string;
  readonly to: string;
  readonly calls: number;
}
const edgesOf = async (mesh: MeshServer) =>
  ((await mesh.client.send("/v1/graph")).body as { edges: readonly MeshEdge[] }).edges;
const chainIds = async (mesh: MeshServer) =>
  (await mesh.client.all<Chain>("/v1/chains?limit=200")).map(({ chainId }) => chainId);

describe("a backup", () => {
  test("of a stopped server, restored to another folder and port, has its chains, agents, keys and answers", async () => {
    const mesh = await open(newDataFolder());
    const host = await AgentHost.start(mesh);
    try {
      await host.agent("once", () => ({ drawn: Math.random() }));
      const key = await mesh.client.createKey(["read", "invoke"]);
      const echo = await mesh.client.as(key.key).invoke("echo", "kept");
      const first = await mesh.client.invoke("once", 1, {}, under("backup"));
      await until("the index has both", async () => (await chainIds(mesh)).length === 2, BEHIND_MS);
      const graph = await mesh.client.graph(echo.chainId);
      await mesh.stop();
      for (const kind of ["Ledger", "MeshIndex", "Registry"] as const) {
        for (const file of databasesOf(mesh.data, kind)) expect(existsSync(`${file}-wal`), file).toBe(false);
      }
      const copy = newDataFolder();
      copyData(mesh.data, copy);

      const restored = await open(copy);
      expect(restored.port).not.toBe(mesh.port);
      expect((await chainIds(restored)).toSorted()).toEqual([echo.chainId, first.chainId].toSorted());
      expect(await restored.client.as(key.key).graph(echo.chainId)).toEqual(graph);
      expect((await restored.client.send("/v1/agents/once")).status).toBe(200);
      expect((await restored.client.invoke("once", 1, {}, under("backup"))).text).toBe(first.text);
      expect((await restored.client.as(key.key).invoke("echo", "new")).status).toBe(200);
      expect((await edgesOf(restored)).find(({ to }) => to === "once")?.calls).toBe(1);
    } finally {
      await host.close();
    }
  });

  test("of a server that is paused while it works has all that was answered before", async () => {
    const mesh = await open(newDataFolder());
    await mesh.client.invoke("echo", 1);
    const answered: string[] = [];
    let over = false;
    const load = Array.from({ length: 8 }, async () => {
      while (!over) answered.push((await mesh.client.invoke("echo", answered.length)).chainId);
    });
    await until("there is something to lose", () => answered.length > 400);
    const { pid } = JSON.parse(readFileSync(join(mesh.data, "server.json"), "utf8")) as { pid: number };
    process.kill(pid, "SIGSTOP");
    const before = [...answered];
    const copy = newDataFolder();
    copyData(mesh.data, copy);
    const during = answered.length;
    process.kill(pid, "SIGCONT");
    over = true;
    await Promise.all(load);
    // Nothing was answered while it was copied, and everything that waited was answered then.
    expect(during - before.length).toBeLessThanOrEqual(load.length);
    expect(answered.length).toBeGreaterThanOrEqual(before.length + load.length);
    await mesh.stop();

    const restored = await open(copy);
    for (const file of databasesOf(copy, "Ledger")) expect(statSync(file).size).toBeGreaterThan(0);
    const listed = await until("the index has every chain", async () => {
      const ids = new Set(await chainIds(restored));
      return before.every((id) => ids.has(id)) && ids;
    });
    expect(listed.size).toBeGreaterThanOrEqual(before.length);
    for (const id of before.slice(-20)) expect((await restored.client.graph(id)).hops).toHaveLength(1);
    await restored.stop();
    for (const kind of ["Ledger", "MeshIndex", "Registry"] as const) {
      for (const file of databasesOf(copy, kind)) {
        expect(onDatabase(file, "PRAGMA integrity_check")).toEqual([{ integrity_check: "ok" }]);
      }
    }
  });
});

describe("the admin key", () => {
  test("that is changed is void at once, and nothing else is", async () => {
    const data = newDataFolder();
    const first = await MeshServer.start({ data });
    const { key } = await first.client.createKey(["invoke", "read"]);
    const { chainId } = await first.client.invoke("echo", 1);
    // Reading writes what waits to be written.
    await first.client.chain(chainId);
    await first.stop();
    const next = `hop_admin_${"n".repeat(40)}`;
    const second = await MeshServer.start({ data, env: { HOPLINE_ADMIN_KEY: next } });
    opened.push(second);
    expect((await second.client.as(ADMIN_KEY).send("/v1/keys")).problem.code).toBe("unauthenticated");
    expect((await second.client.as(next).send("/v1/keys")).status).toBe(200);
    expect((await second.client.as(key).chain(chainId)).status).toBe("done");
    expect((await second.client.as(next).cancel(chainId)).problem.code).toBe("chain_closed");
  });
});

describe("a data folder of version 0.1.0", () => {
  interface Story {
    readonly key: { key: string; keyId: string };
    readonly planned: { chain: string };
    readonly drawn: { body: unknown };
    readonly chains: readonly { chainId: string; startedAt: number; status: string }[];
    readonly graphs: Record<string, Graph>;
    readonly mesh: { edges: readonly MeshEdge[] };
    readonly agents: readonly string[];
  }
  const story = JSON.parse(readFileSync(join(FIXTURE, "story.json"), "utf8")) as Story;

  /** A copy of it, as if it had been made a moment ago. */
  function recent(): string {
    const data = mkdtempSync(join(tmpdir(), "hopline-0.1.0-"));
    copyData(FIXTURE, data);
    const lastAt = Math.max(...story.chains.map(({ startedAt }) => startedAt));
    moveInTime(data, Math.round((Date.now() - 60_000 - lastAt) / 60_000) * 60_000);
    return data;
  }

  const timeless = ({ hops, ...graph }: Graph) => ({
    ...graph,
    hops: hops.map(({ startedAt: _, endedAt: __, ...hop }) => hop),
  });

  test("opens: its chains, agents and key are there, what was answered is answered the same, and chains start", async () => {
    const mesh = await open(recent());
    const reader = mesh.client.as(story.key.key);
    expect((await chainIds(mesh)).toSorted()).toEqual(story.chains.map(({ chainId }) => chainId).toSorted());
    for (const [id, graph] of Object.entries(story.graphs)) {
      expect(timeless(await reader.graph(id))).toEqual(timeless(graph));
    }
    const { hops } = await reader.graph(story.planned.chain);
    expect(hops.filter(({ status }) => status === "rejected")).toMatchObject([{ code: "cycle_detected" }]);
    const agents = await mesh.client.all<{ name: string }>("/v1/agents?limit=200");
    expect(agents.map(({ name }) => name)).toEqual(expect.arrayContaining([...story.agents]));

    // Nobody listens at the agent's address: had it run, it would have failed.
    const again = await mesh.client.invoke("lottery", "draw", {}, under("order-1042"));
    expect([again.status, again.json]).toEqual([200, story.drawn.body]);
    expect((await mesh.client.invoke("lottery", "other", {}, under("order-1042"))).problem.code).toBe("conflict");

    const echo = await reader.invoke("echo", "hello from the next release");
    expect(echo.result.output).toBe("hello from the next release");
    const marked = (from: string) => (/^(admin$|key:)/.test(from) ? `caller:${from}` : from);
    const edges = await until(
      "the mesh's graph has the old calls and the new one",
      async () => {
        const found = await edgesOf(mesh);
        return (
          found.some(({ from, to, calls }) => from.includes(story.key.keyId) && to === "echo" && calls === 2) && found
        );
      },
      BEHIND_MS,
    );
    for (const { from, to, calls } of story.mesh.edges) {
      const now = edges.find((edge) => edge.from === marked(from) && edge.to === to)?.calls ?? 0;
      expect(now, `${from} → ${to}`).toBeGreaterThanOrEqual(calls);
    }
  });

  test("stays as it was opened after a restart, and is removed when its time comes", async () => {
    const mesh = await open(recent());
    const ids = await chainIds(mesh);
    await mesh.stop();
    for (const file of databasesOf(mesh.data, "Ledger")) onDatabase(file, "UPDATE chain SET due_at = 1");
    await mesh.restart();
    expect(ids.length).toBe(story.chains.length);
    // The alarm itself still stands at the time of the fixture: whatever is written sets it anew.
    const { chainId } = await mesh.client.invoke("echo", 1);
    const left = async () => (await chainIds(mesh)).filter((id) => id !== chainId);
    await until("they are gone from the list", async () => (await left()).length === 0, 15_000);
    for (const id of ids) expect((await mesh.client.send(`/v1/chains/${id}`)).problem.code).toBe("not_found");
  });

  test.each(["Registry", "Ledger", "MeshIndex"] as const)("of a later version is refused: %s", async (kind) => {
    const data = recent();
    const started = await open(data);
    await started.client.invoke("echo", 1);
    await started.stop();
    const [file = ""] = databasesOf(data, kind);
    const [before] = onDatabase(file, "UPDATE schema_version SET version = 99", "SELECT version FROM schema_version");
    await started.restart();
    const asked = { Registry: "/v1/agents", Ledger: `/v1/chains/${story.planned.chain}`, MeshIndex: "/v1/chains" };
    const reply = await started.client.send(asked[kind]);
    expect(reply.problem).toMatchObject({ status: 500, code: "internal" });
    await until("the log says why", () =>
      /schema version 99; this code knows \d+\. Run a newer version/.test(started.run.log()),
    );
    await started.stop();
    expect(onDatabase(file, "SELECT version FROM schema_version")).toEqual([before]);
  });
});

afterAll(() => {
  for (const mesh of opened) rmSync(mesh.data, { recursive: true, force: true });
});
