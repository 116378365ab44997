// Keys of hop tokens are rotated while chains run, and nobody notices.
import { createLocalJWKSet, decodeProtectedHeader, type JWK, jwtVerify } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { AgentHost, gate } from "../support/server/agent.ts";
import { MeshServer } from "../support/server/mesh.ts";
import { until } from "../support/server/until.ts";

let mesh: MeshServer;
let host: AgentHost;
beforeAll(async () => {
  mesh = await MeshServer.start({ env: { HOPLINE_TOKEN_KEY_DAYS: "7" } });
  host = await AgentHost.start(mesh);
  await host.agent("leaf", (input) => input);
});
afterAll(async () => {
  await host?.close();
  await mesh?.wipe();
});

async function jwks(): Promise<JWK[]> {
  return ((await mesh.client.as(undefined).send("/.well-known/jwks.json")).body as { keys: JWK[] }).keys;
}

async function rotate(): Promise<{ kid: string; use: string }[]> {
  const reply = await mesh.client.send("/v1/token-keys/rotate", { method: "POST" });
  expect(reply.status).toBe(200);
  return (reply.body as { items: { kid: string; use: string }[] }).items;
}

test("a chain that runs goes on over a rotation: its tokens stay good, and those who keep the old key set can verify new ones", async () => {
  const held = gate();
  const agent = await host.agent("held", held.handler);
  const kept = await jwks();
  const invoked = mesh.client.invoke(agent.name, "result");
  const call = await until("the hop is open", () => agent.calls[0]);
  const { kid: old } = decodeProtectedHeader(call.token);

  const keys = await rotate();
  expect(keys.map(({ use }) => use)).toEqual(["next", "signs", "verifies"]);
  expect(keys[2]?.kid).toBe(old);
  const published = await jwks();
  expect(published.map(({ kid }) => kid).toSorted()).toEqual(keys.map(({ kid }) => kid).toSorted());
  await jwtVerify(call.token, createLocalJWKSet({ keys: published }));

  expect((await call.invoke("leaf", 1)).result.output).toBe(1);
  const inner = await host.agent("inner", (input) => input);
  expect((await call.invoke(inner.name, 2)).status).toBe(200);
  const token = inner.calls[0]?.token ?? "";
  expect(decodeProtectedHeader(token).kid).toBe(keys[1]?.kid);
  await jwtVerify(token, createLocalJWKSet({ keys: kept }));
  held.open();
  expect((await invoked).status).toBe(200);
});

test("a server that has not signed the token itself believes the key of before", async () => {
  const agent = await host.agent("abandoned", () => new Promise(() => undefined));
  mesh.client.invoke(agent.name, 1).catch(() => undefined);
  const { token } = await until("the hop is open", () => agent.calls[0]);
  await rotate();
  await mesh.crash();
  await mesh.restart();
  expect((await mesh.client.as(token).invoke("leaf", 3)).result.output).toBe(3);
});

test("a period that is none keeps the server from starting, and says what would be right", async () => {
  await expect(MeshServer.start({ env: { HOPLINE_TOKEN_KEY_DAYS: "0.5" } })).rejects.toThrow(
    "HOPLINE_TOKEN_KEY_DAYS must be a whole number from 1 to 365.",
  );
});
