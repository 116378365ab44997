// Chains that are deleted before their time: gone for every reader, never run again, and kept in the mesh's sums.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AgentHost, gate } from "../support/server/agent.ts";
import type { Chain } from "../support/server/client.ts";
import { databasesOf, onDatabase } from "../support/server/data.ts";
import { MeshServer } from "../support/server/mesh.ts";
import { until } from "../support/server/until.ts";

/** The promise is a second; a machine that runs other tests may be slower. */
const BEHIND_MS = 3_000;

const under = (key: string) => ({ headers: { "idempotency-key": key } });
const listed = async (mesh: MeshServer) =>
  (await mesh.client.all<Chain>("/v1/chains?limit=200")).map(({ chainId }) => chainId);

describe("deleting a chain", () => {
  let mesh: MeshServer;
  let host: AgentHost;

  beforeAll(async () => {
    mesh = await MeshServer.start();
    host = await AgentHost.start(mesh);
  });
  afterAll(async () => {
    await host?.close();
    await mesh?.wipe();
  });

  const remove = (id: string, client = mesh.client) => client.send(`/v1/chains/${id}`, { method: "DELETE" });

  test("it is gone for every reader, from the list within a second, and stays in the mesh's graph", async () => {
    await host.agent("leaf", (input) => input);
    await host.agent("boss", async (_, call) => {
      for (let n = 0; n < 5; n++) await call.invoke("leaf", n);
    });
    const { chainId } = await mesh.client.invoke("boss", 1);
    const reply = await remove(chainId);
    expect([reply.status, reply.text]).toEqual([204, ""]);
    for (const path of ["", "/graph", "/events"]) {
      expect((await mesh.client.send(`/v1/chains/${chainId}${path}`)).problem).toMatchObject({ code: "not_found" });
    }
    expect((await remove(chainId)).problem).toMatchObject({ status: 404, code: "not_found" });
    expect((await mesh.client.cancel(chainId)).problem.code).toBe("not_found");
    await until("the list has forgotten it", async () => !(await listed(mesh)).includes(chainId), BEHIND_MS);
    const { edges } = (await mesh.client.send("/v1/graph?agent=leaf")).body as { edges: unknown[] };
    expect(edges).toMatchObject([{ from: "boss", to: "leaf", calls: 5 }]);
  });

  test("while it runs it is refused, saying what to do first; then it can be", async () => {
    const held = gate();
    const keeper = await host.agent("keeper", held.handler);
    const invoked = mesh.client.invoke("keeper", 1);
    const { chainId } = await until("it runs", () => keeper.calls[0]);
    const { problem } = await remove(chainId);
    expect(problem).toMatchObject({ status: 409, code: "conflict" });
    expect(problem.detail).toContain(`/v1/chains/${chainId}/cancel`);
    expect((await mesh.client.chain(chainId)).status).toBe("running");
    await mesh.client.cancel(chainId);
    held.open();
    await invoked;
    expect((await remove(chainId)).status).toBe(204);
  });

  test("is for admins and the key that started it alone", async () => {
    const [own, other, reader] = await Promise.all(
      [["invoke"], ["invoke", "read"], ["read"]].map((scopes) => mesh.client.createKey(scopes)),
    );
    const { chainId } = await mesh.client.as(own?.key).invoke("echo", 1);
    for (const key of [other, reader]) {
      expect((await remove(chainId, mesh.client.as(key?.key))).problem).toMatchObject({ code: "insufficient_scope" });
    }
    expect((await remove(chainId, mesh.client.as(own?.key))).status).toBe(204);
    expect((await remove("not-a-chain")).problem.code).toBe("invalid_request");
    expect((await remove("0".repeat(32))).problem.code).toBe("not_found");
  });

  test("a request under its Idempotency-Key does not run again, also after a restart", async () => {
    const once = await host.agent("once", () => "secret");
    const first = await mesh.client.invoke("once", 1, {}, under("delete-1"));
    expect((await remove(first.chainId)).status).toBe(204);
    const repeated = async () => {
      const { problem } = await mesh.client.invoke("once", 1, {}, under("delete-1"));
      expect(problem).toMatchObject({ status: 409, code: "conflict" });
      expect(problem.detail).toMatch(/has been deleted with its answer\. Use a new key/);
    };
    await repeated();
    await mesh.crash();
    await mesh.restart();
    await repeated();
    expect(once.calls).toHaveLength(1);
    expect((await mesh.client.invoke("once", 1, {}, under("delete-2"))).status).toBe(200);
    await mesh.stop();
    const left = databasesOf(mesh.data, "Ledger").flatMap((file) => onDatabase(file, "SELECT json FROM answer"));
    expect(left).toEqual([{ json: '"secret"' }]);
    await mesh.restart();
  });
});
