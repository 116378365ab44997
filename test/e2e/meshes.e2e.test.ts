import { beforeAll, describe, expect, test } from "vitest";
import { type AgentHost, gate } from "../support/server/agent.ts";
import type { Agent, Chain, Client } from "../support/server/client.ts";
import type { MeshServer } from "../support/server/mesh.ts";
import { staged } from "../support/server/staged.ts";
import { until } from "../support/server/until.ts";

let mesh: MeshServer;
let host: AgentHost;
/** An admin of another mesh of the same deployment. */
let other: Client;

staged((stage) => ({ mesh, host } = stage));
beforeAll(async () => {
  const { key } = await mesh.client.createKey(["admin"], { mesh: "other" });
  expect(key).toMatch(/^hop_other_/);
  other = mesh.client.as(key);
  await host.agent("private", (input) => input);
});

describe("another mesh of the same deployment", () => {
  test("sees none of the first one's agents, and can't call them", async () => {
    expect((await other.all<Agent>("/v1/agents")).map((agent) => agent.name)).not.toContain("private");
    expect((await other.send("/v1/agents/private")).problem).toMatchObject({ code: "agent_not_found", status: 404 });
    expect((await other.invoke("private", 1)).problem).toMatchObject({ code: "agent_not_found", status: 404 });
    expect((await other.send("/v1/agents/private", { method: "DELETE" })).status).toBe(404);
    expect((await mesh.client.send("/v1/agents/private")).status).toBe(200);
  });

  test("sees none of its chains: reading, drawing and cancelling them is 404", async () => {
    const held = gate();
    const agent = await host.agent("held", held.handler);
    const invoked = mesh.client.invoke("held", 1);
    const { chainId } = await until("the chain runs", () => agent.calls[0]);
    for (const path of [`/v1/chains/${chainId}`, `/v1/chains/${chainId}/graph`]) {
      expect((await other.send(path)).problem).toMatchObject({ code: "not_found", status: 404 });
    }
    expect((await other.cancel(chainId)).problem).toMatchObject({ code: "not_found", status: 404 });
    held.open();
    expect((await invoked).status).toBe(200);
    const listed = async (client: Client) => (await client.all<Chain>("/v1/chains")).map((chain) => chain.chainId);
    await until("its own mesh lists the chain", async () => (await listed(mesh.client)).includes(chainId));
    expect(await listed(other)).not.toContain(chainId);
    expect((await other.send("/v1/graph")).text).not.toContain("held");
  });

  test("has names of its own, and its chains are not the first one's", async () => {
    const endpoint = { kind: "http" as const, url: `http://127.0.0.1:${host.port}/private` };
    await other.register({ name: "private", version: "7.0.0", endpoint });
    expect((await mesh.client.send("/v1/agents/private")).body).toMatchObject({ version: "1.0.0" });
    const { chainId } = (await other.invoke("private", 1)).result;
    expect((await other.chain(chainId)).status).toBe("done");
    expect((await mesh.client.send(`/v1/chains/${chainId}`)).problem.status).toBe(404);
  });

  test("has keys of its own: the first one's admin does not see them, and it sees none of the first one's", async () => {
    const { keyId } = await mesh.client.createKey(["read"]);
    const own = await other.createKey(["read"]);
    const idsOf = async (client: Client) => (await client.all<{ keyId: string }>("/v1/keys")).map((key) => key.keyId);
    expect(await idsOf(other)).not.toContain(keyId);
    expect(await idsOf(mesh.client)).not.toContain(own.keyId);
    expect((await other.send(`/v1/keys/${keyId}`, { method: "DELETE" })).status).toBe(404);
  });

  test("is made by the deployment's admin key alone", async () => {
    const body = { name: "more", scopes: ["admin"], mesh: "third" };
    expect((await other.send("/v1/keys", { body })).problem).toMatchObject({ code: "insufficient_scope", status: 403 });
    const admin = mesh.client.as((await mesh.client.createKey(["admin"])).key);
    expect((await admin.send("/v1/keys", { body })).problem.code).toBe("insufficient_scope");
  });

  test("can't go on in the first one's chains, with a hop token of it beside its own key", async () => {
    const held = gate();
    const agent = await host.agent("lent", held.handler);
    const invoked = mesh.client.invoke("lent", 1);
    const { token, chainId } = await until("the chain runs", () => agent.calls[0]);
    const headers = { "hopline-token": token };
    expect((await other.invoke("echo", 1, {}, { headers })).problem).toMatchObject({
      code: "token_invalid",
      status: 401,
    });
    expect((await mesh.client.graph(chainId)).hops).toHaveLength(1);
    held.open();
    await invoked;
  });

  test("signs its tokens with a key of its own", async () => {
    const kids = async (query: string) => {
      const { keys } = (await mesh.client.send(`/.well-known/jwks.json${query}`)).body as { keys: { kid: string }[] };
      return keys.map((key) => key.kid);
    };
    const [first, second] = [await kids(""), await kids("?mesh=other")];
    expect(second.length).toBeGreaterThan(0);
    expect(first.filter((kid) => second.includes(kid))).toEqual([]);
  });
});
