// @promise chain:no-cycle-no-depth
// @promise hop:least-authority
import {
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  importJWK,
  type JWK,
  jwtVerify,
  SignJWT,
} from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import { type AgentCall, type AgentHost, gate, type Handler, sleep } from "../support/server/agent.ts";
import type { Client, Graph } from "../support/server/client.ts";
import type { MeshServer } from "../support/server/mesh.ts";
import { staged } from "../support/server/staged.ts";
import { until } from "../support/server/until.ts";

let mesh: MeshServer;
let host: AgentHost;
let names = 0;

staged((stage) => ({ mesh, host } = stage));
beforeAll(async () => {
  await host.agent("leaf", (input) => input);
});

/** Runs `script` while a hop is open. */
async function whileOpen(script: (call: AgentCall) => Promise<void>): Promise<void> {
  const held = gate();
  const agent = await host.agent(`held-${names++}`, held.handler);
  const invoked = mesh.client.invoke(agent.name, null);
  try {
    await script(await until("the hop is open", () => agent.calls[0]));
  } finally {
    held.open();
    await invoked;
  }
}

/** The graph as far as a call could have changed it. */
async function lineage(id: string): Promise<Graph["hops"]> {
  return (await mesh.client.graph(id)).hops;
}

async function jwks(): Promise<readonly JWK[]> {
  return ((await mesh.client.as(undefined).send("/.well-known/jwks.json")).body as { keys: JWK[] }).keys;
}

async function publicKeyOf(token: string): Promise<JWK> {
  const { kid } = decodeProtectedHeader(token);
  const jwk = (await jwks()).find((key) => key.kid === kid);
  if (jwk === undefined) throw new Error(`The mesh publishes no key ${kid}.`);
  return jwk;
}

const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const part = (token: string, place: number) => token.split(".")[place] ?? "";
const header = (token: string) => ({ ...decodeProtectedHeader(token) });

type Forge = (token: string) => Promise<string> | string;
const FORGERIES: Record<string, Forge> = {
  "with another signature": (token) => {
    const signature = Buffer.from(part(token, 2), "base64url");
    signature[0] = (signature[0] ?? 0) ^ 1;
    return `${part(token, 0)}.${part(token, 1)}.${signature.toString("base64url")}`;
  },
  "with other claims": (token) => `${part(token, 0)}.${base64({ ...decodeJwt(token), sub: "leaf" })}.${part(token, 2)}`,
  "without a signature": (token) => `${part(token, 0)}.${part(token, 1)}.`,
  "with alg none": (token) => `${base64({ ...header(token), alg: "none" })}.${part(token, 1)}.`,
  "signed by a foreign key under the same key id": async (token) => {
    const { privateKey } = await generateKeyPair("Ed25519");
    return new SignJWT(decodeJwt(token)).setProtectedHeader({ ...header(token), alg: "EdDSA" }).sign(privateKey);
  },
  "signed by a foreign key that it brings along": async (token) => {
    const { privateKey, publicKey } = await generateKeyPair("Ed25519", { extractable: true });
    const jwk = await exportJWK(publicKey);
    return new SignJWT(decodeJwt(token)).setProtectedHeader({ ...header(token), alg: "EdDSA", jwk }).sign(privateKey);
  },
  "HS256 with the public key's bytes as secret": async (token) => {
    const { x } = await publicKeyOf(token);
    const secret = Buffer.from(x ?? "", "base64url");
    return new SignJWT(decodeJwt(token)).setProtectedHeader({ ...header(token), alg: "HS256" }).sign(secret);
  },
  "HS256 with the public key's PEM as secret": async (token) => {
    const key = await importJWK(await publicKeyOf(token), "EdDSA");
    const secret = new TextEncoder().encode(await exportSPKI(key as CryptoKey));
    return new SignJWT(decodeJwt(token)).setProtectedHeader({ ...header(token), alg: "HS256" }).sign(secret);
  },
};

describe("a token that is", () => {
  test.each(Object.entries(FORGERIES))("forged %s is invalid, and leaves its chain untouched", async (_, forge) => {
    await whileOpen(async (call) => {
      const forged = await forge(call.token);
      const before = await lineage(call.chainId);
      const asBearer = await mesh.client.as(forged).invoke("leaf", 1);
      expect(asBearer.problem).toMatchObject({ code: "token_invalid", status: 401 });
      const beside = await mesh.client.invoke("leaf", 1, {}, { headers: { "hopline-token": forged } });
      expect(beside.problem).toMatchObject({ code: "token_invalid", status: 401 });
      expect(await lineage(call.chainId)).toEqual(before);
      // The genuine one still works: nothing but the forgery was refused.
      expect((await call.invoke("leaf", 1)).status).toBe(200);
    });
  });

  test("settled is invalid, though its chain still runs", async () => {
    const inner = await host.agent("inner", (input) => input);
    await whileOpen(async (call) => {
      await call.invoke("inner", 1);
      const settled = inner.calls[0]?.token ?? "";
      const before = await lineage(call.chainId);
      expect((await mesh.client.as(settled).invoke("leaf", 1)).problem.code).toBe("token_invalid");
      expect(await lineage(call.chainId)).toEqual(before);
    });
  });

  test("settled with its chain is invalid, with or without an Idempotency-Key that was used under it", async () => {
    const under = { headers: { "idempotency-key": "once" } };
    const used = await host.agent("used", async (_, call) => (await call.invoke("leaf", 1, {}, under)).status);
    const { chainId } = (await mesh.client.invoke("used", null)).result;
    const late = mesh.client.as(used.calls[0]?.token);
    const before = await lineage(chainId);
    expect((await late.invoke("leaf", 1)).problem).toMatchObject({ code: "token_invalid", status: 401 });
    expect((await late.invoke("leaf", 1, {}, under)).problem.code).toBe("token_invalid");
    expect(await lineage(chainId)).toEqual(before);
  });

  test("expired is invalid", async () => {
    const slow = await host.agent("slow", () => sleep(2_500), { timeoutMs: 1_000 });
    const { chainId } = await mesh.client.invoke("slow", null);
    const { token = "" } = slow.calls[0] ?? {};
    const { exp = 0 } = decodeJwt(token);
    await sleep(Math.max(0, exp * 1_000 - Date.now()) + 100);
    const before = await lineage(chainId);
    expect((await mesh.client.as(token).invoke("leaf", 1)).problem).toMatchObject({
      code: "token_invalid",
      status: 401,
    });
    expect(await lineage(chainId)).toEqual(before);
  });
});

describe("a hop token", () => {
  test("is a JWT that the published keys verify, for this mesh, callee, hop and chain", async () => {
    const keys = await jwks();
    expect(keys.length).toBeGreaterThan(0);
    expect(keys.flatMap((key) => Object.keys(key))).not.toContain("d");
    await whileOpen(async (call) => {
      const options = { algorithms: ["EdDSA"], typ: "hop+jwt", audience: "default" };
      const { payload, protectedHeader } = await jwtVerify(call.token, createLocalJWKSet({ keys: [...keys] }), options);
      expect(protectedHeader).toMatchObject({ alg: "EdDSA", typ: "hop+jwt" });
      const sub = new URL(call.url, "http://agent").pathname.slice(1);
      expect(payload).toMatchObject({ aud: "default", sub, jti: call.hopId, txn: call.chainId });
    });
  });

  test.each([
    ["the hop's timeout", 3_000, 60_000, 3_000],
    ["the chain's deadline", 60_000, 4_000, 4_000],
  ])("expires with %s, whichever is first", async (_, timeoutMs, wallMs, expected) => {
    const agent = await host.agent(`timed-${names++}`, () => "ok", { timeoutMs });
    const before = Date.now();
    await mesh.client.invoke(agent.name, null, { budget: { wallMs } });
    const [call] = agent.calls;
    const deadline = Number(call?.headers["hopline-deadline"]);
    expect(deadline).toBeGreaterThanOrEqual(before + expected);
    expect(deadline).toBeLessThan(before + expected + 1_000);
    expect(decodeJwt(call?.token ?? "").exp).toBe(Math.ceil(deadline / 1_000));
  });

  test("continues its own hop and nothing else: it reads nothing and registers nothing", async () => {
    await whileOpen(async (call) => {
      for (const path of ["/v1/agents", "/v1/chains", `/v1/chains/${call.chainId}`, "/v1/keys"]) {
        expect((await call.client.send(path)).problem).toMatchObject({ code: "insufficient_scope", status: 403 });
      }
      const { result } = await call.invoke("leaf", 1);
      const hop = (await lineage(call.chainId)).find(({ hopId }) => hopId === result.hopId);
      expect(hop).toMatchObject({ parentHopId: call.hopId, depth: 2 });
    });
  });
});

describe("an agent that forgets its lineage", () => {
  test("and calls with its own key alone gets lineage_required, on the record", async () => {
    const { key } = await mesh.client.createKey(["agent"], { agent: "leaf" });
    const reply = await mesh.client.as(key).invoke("leaf", 1);
    expect(reply.problem).toMatchObject({ code: "lineage_required", status: 403 });
    expect((await mesh.client.chain(reply.chainId)).hops).toMatchObject({ open: 0, rejected: 1, done: 0 });
    expect(await lineage(reply.chainId)).toMatchObject([
      { status: "rejected", code: "lineage_required", callee: "leaf", parentHopId: null },
    ]);
  });

  test("but sends the traceparent of an open chain gets lineage_required, until the chain has ended", async () => {
    let traceparent = "";
    const underTrace = () => mesh.client.invoke("leaf", 1, {}, { headers: { traceparent } });
    await whileOpen(async (call) => {
      traceparent = String(call.headers.traceparent);
      const { problem, chainId } = await underTrace();
      expect(problem).toMatchObject({ code: "lineage_required", status: 403 });
      expect(chainId).not.toBe(call.chainId);
      expect(await lineage(call.chainId)).toHaveLength(1);
    });
    const after = await underTrace();
    expect(after.result.chainId).not.toBe(traceparent.split("-")[1]);
  });

  test("is not suspected for a trace of its own", async () => {
    const headers = { traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" };
    expect((await mesh.client.invoke("leaf", 1, {}, { headers })).status).toBe(200);
  });
});

describe("an agent registered with requireKey", () => {
  let agentKey: Client;
  const inside: Handler = async (_, call) => {
    const headers = { "hopline-token": call.token };
    const { key } = await mesh.client.createKey(["agent"], { agent: "leaf" });
    const alone = await call.invoke("leaf", 1);
    const foreign = await mesh.client.as(key).invoke("leaf", 1, {}, { headers });
    const both = await agentKey.invoke("leaf", 1, {}, { headers });
    return [alone, foreign, both].map((reply) => reply.status);
  };

  test("calls on with its own key and its token; the token alone, or with another's key, is refused", async () => {
    const guarded = await host.agent("guarded", inside, { requireKey: true });
    agentKey = mesh.client.as((await mesh.client.createKey(["agent"], { agent: "guarded" })).key);
    const { output, chainId } = (await mesh.client.invoke("guarded", null)).result;
    expect(output).toEqual([401, 401, 200]);
    const hops = await lineage(chainId);
    expect(hops.map((hop) => hop.path)).toEqual([["guarded"], ["guarded", "leaf"]]);
    expect(hops[1]).toMatchObject({ status: "done", parentHopId: guarded.calls[0]?.hopId });
  });
});

describe("Hopline headers other than the token", () => {
  test("are ignored in a request", async () => {
    await whileOpen(async (call) => {
      const headers = { "hopline-chain": call.chainId, "hopline-hop": call.hopId, "hopline-deadline": "1" };
      expect((await mesh.client.invoke("leaf", 1, {}, { headers })).result.chainId).not.toBe(call.chainId);
      expect(await lineage(call.chainId)).toHaveLength(1);
    });
  });
});
