/**
 * The Worker's own fetch handler: what crosses the HTTP border of meshes, places and regions. One request at a time: see
 * test/support/workers/mesh.ts. What a socket shows is in test/e2e.
 */
import { SELF } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { takeSlot } from "../../mesh/hop/slots.ts";
import { chainAddress, type Region } from "../../mesh/ids.ts";
import { Mesh } from "../../mesh/mesh.ts";
import { type Env, settingsOf } from "../../src/env.ts";
import { api, chainOf, graphOf, invoke } from "../support/workers/http.ts";
import { bindings, eventually } from "../support/workers/ledger.ts";

/** The admin key of a mesh that nobody has used. */
async function freshKey(): Promise<{ mesh: string; key: string }> {
  const mesh = `m-${crypto.randomUUID()}`;
  const made = await api("POST", "/v1/keys", { body: { name: "first", scopes: ["admin"], mesh } });
  expect(made.status).toBe(201);
  return { mesh, key: String(made.body.key) };
}

describe("two meshes", () => {
  it("share neither agents nor keys nor chains nor lists", async () => {
    const [one, two] = [await freshKey(), await freshKey()];
    const agent = {
      name: "only-one",
      version: "1.0.0",
      endpoint: { kind: "binding", binding: "REVIEWER" },
      skills: [{ id: "relay" }],
    };
    expect((await api("POST", "/v1/agents", { key: one.key, body: agent })).status).toBe(201);
    const reply = await invoke("only-one", { path: [], input: "here" }, { key: one.key });
    expect(reply).toMatchObject({ status: 200, body: { output: "here" } });
    const { chainId } = reply.body as { chainId: string };

    expect(await invoke("only-one", { path: [] }, { key: two.key })).toMatchObject({
      status: 404,
      body: { code: "agent_not_found" },
    });
    for (const path of [`/v1/chains/${chainId}`, `/v1/chains/${chainId}/graph`]) {
      expect((await api("GET", path, { key: one.key })).status, path).toBe(200);
      expect((await api("GET", path, { key: two.key })).status, path).toBe(404);
      expect((await api("GET", path)).status, path).toBe(404);
    }
    expect((await api("POST", `/v1/chains/${chainId}/cancel`, { key: two.key })).status).toBe(404);
    await eventually(1_500, async () => {
      const { items } = (await api("GET", "/v1/chains", { key: one.key })).body as { items: unknown[] };
      return items.length === 1 || undefined;
    });
    expect((await api("GET", "/v1/chains", { key: two.key })).body).toEqual({ items: [] });
    expect((await api("GET", "/v1/graph", { key: two.key })).body).toMatchObject({ nodes: [], edges: [] });
    expect((await api("GET", "/v1/agents?q=only", { key: two.key })).body).toEqual({ items: [] });
    const { items } = (await api("GET", "/v1/keys", { key: two.key })).body as { items: { keyId: string }[] };
    expect(items).toHaveLength(1);
    expect(two.key).toContain(`_${items[0]?.keyId}_`);
  });

  it("a key does not work under another mesh's name, and a name that nobody made is no mesh", async () => {
    const [one, two] = [await freshKey(), await freshKey()];
    for (const mesh of [two.mesh, "default", "made-up"]) {
      const key = one.key.replace(one.mesh, mesh);
      expect(await api("GET", "/v1/agents", { key })).toMatchObject({ status: 401, body: { code: "unauthenticated" } });
    }
  });

  it("have signing keys of their own, open to everybody", async () => {
    const { mesh } = await freshKey();
    const keys = async (query: string) =>
      (await api("GET", `/.well-known/jwks.json${query}`)).body.keys as { kid: string; d?: string }[];
    const [own] = await keys(`?mesh=${mesh}`);
    const [other] = await keys("");
    expect(own?.kid).toMatch(/^[\w-]{43}$/);
    expect(own?.kid).not.toBe(other?.kid);
    expect(own).not.toHaveProperty("d");
    expect((await api("GET", "/.well-known/jwks.json?mesh=made-up")).status).toBe(404);
  });
});

describe("a refusal", () => {
  it("for want of a place is 429 with Retry-After and the RateLimit fields, and is a refused hop", async () => {
    const taken = [await takeSlot("default/crowded", 2, 0), await takeSlot("default/crowded", 2, 0)];
    const reply = await invoke("crowded", { ms: 0 });
    for (const release of taken) release?.();
    expect(reply).toMatchObject({ status: 429, body: { code: "rate_limited", limit: 2, retryable: true } });
    expect(reply.headers.get("retry-after")).toBe("1");
    expect(reply.headers.get("ratelimit")).toBe('"concurrency";r=0;t=1');
    expect(reply.headers.get("ratelimit-policy")).toBe('"concurrency";q=2');
    expect((await graphOf(reply)).hops).toMatchObject([{ status: "rejected", code: "rate_limited" }]);
  });

  it("of the ledger has its status, its evidence and its chain, which stands with the refused hop", async () => {
    const reply = await invoke("echo", "x".repeat(100), { budget: { bytes: 50 } });
    expect(reply).toMatchObject({
      status: 402,
      body: {
        type: "urn:hopline:problem:budget_exceeded",
        dimension: "bytes",
        limit: 50,
        actual: 102,
        available: 50,
        retryable: false,
        chainId: reply.headers.get("hopline-chain"),
      },
    });
    expect(await chainOf(reply)).toMatchObject({ status: "failed", hops: { rejected: 1 }, spent: { bytes: 0 } });
    const gauge = await invoke("echo", 1, { budget: { concurrency: 0 } });
    expect(gauge).toMatchObject({ status: 402, body: { dimension: "concurrency", retryable: true } });
  });

  it("of a callee's timeout is 504, and what it still answers is booked after its request has gone", async () => {
    const reply = await invoke("sleeper", { ms: 900 });
    expect(reply).toMatchObject({ status: 504, body: { code: "deadline_exceeded" } });
    expect(await chainOf(reply)).toMatchObject({ status: "failed", hops: { error: 1 }, spent: { tokens: 5 } });
    await eventually(2_000, async () => (await graphOf(reply)).hops[0]?.late || undefined);
    expect((await chainOf(reply)).spent).toMatchObject({ hops: 1, tokens: 7 });
  });
});

describe("the place of a chain", () => {
  function meshIn(region: Region, ledgerDigits: number): Mesh {
    const settings = { ...settingsOf(bindings as unknown as Env), ledgerDigits };
    return new Mesh("default", {
      bindings,
      settings,
      region: () => region,
      reachedAt: () => "https://mesh.invalid/",
      defer: () => undefined,
    });
  }
  const placeOf = (id: string) => chainAddress(id, () => id.slice(12, 16));

  it("is near its caller, by the chain's id, where there is more than one ledger", async () => {
    expect(await placeOf(await meshIn("weur", 2).newChainId())).toMatchObject({
      region: "weur",
      ledger: expect.stringMatching(/^[0-9a-f]{2}$/),
    });
    expect(await placeOf(await meshIn("oc", 0).newChainId())).toEqual({ region: "", ledger: "" });
  });

  it("does not depend on where a request under an Idempotency-Key comes from, nor on when", async () => {
    const places = await Promise.all(
      (["weur", "oc", ""] as const).map(async (region) =>
        placeOf(await meshIn(region, 4).newChainId("0123456789abcdef")),
      ),
    );
    expect(places).toEqual(places.map(() => ({ region: "", ledger: "0123" })));
  });

  it("a request under an Idempotency-Key runs once, wherever it comes from", async () => {
    const from = async (continent: string, key: string): Promise<string> => {
      const init: RequestInit<RequestInitCfProperties> = {
        method: "POST",
        headers: {
          authorization: `Bearer ${bindings.HOPLINE_ADMIN_KEY}`,
          "content-type": "application/json",
          "idempotency-key": key,
        },
        body: '{"input":1}',
        cf: { continent } as RequestInitCfProperties,
      };
      const response = await SELF.fetch("http://mesh/v1/agents/echo/invoke", init);
      return ((await response.json()) as { hopId: string }).hopId;
    };
    const key = crypto.randomUUID();
    expect(await from("EU", key)).toBe(await from("OC", key));
  });
});
