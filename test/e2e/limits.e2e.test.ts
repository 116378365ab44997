import { beforeAll, describe, expect, test } from "vitest";
import { type AgentHost, gate, silent, type TestAgent } from "../support/server/agent.ts";
import { NOTHING } from "../support/server/client.ts";
import type { MeshServer } from "../support/server/mesh.ts";
import { staged } from "../support/server/staged.ts";
import { until } from "../support/server/until.ts";

const GiB = 2 ** 30;
const MiB = 2 ** 20;

let mesh: MeshServer;
let host: AgentHost;
let leaf: TestAgent;

staged((stage) => ({ mesh, host } = stage));
beforeAll(async () => {
  leaf = await host.agent("leaf", (input) => input);
});

const size = (value: unknown) => Buffer.byteLength(JSON.stringify(value), "utf8");

describe("limits", () => {
  test("above the ceilings are lowered, and shown lowered", async () => {
    const most = Number.MAX_SAFE_INTEGER;
    const budget = { hops: most, tokens: most, costMicros: most, bytes: most, concurrency: most, wallMs: most };
    const { chainId } = (await mesh.client.invoke("leaf", 1, { budget })).result;
    expect((await mesh.client.chain(chainId)).limits).toEqual({
      hops: 100_000,
      tokens: 1e9,
      costMicros: 1e9,
      bytes: 10 * GiB,
      concurrency: 10_000,
      wallMs: 15 * 60_000,
    });
  });

  test("that nobody set have a finite default", async () => {
    const { chainId } = (await mesh.client.invoke("leaf", 1)).result;
    expect((await mesh.client.chain(chainId)).limits).toEqual({
      hops: 100,
      tokens: 200_000,
      costMicros: 1_000_000,
      bytes: 64 * MiB,
      concurrency: 64,
      wallMs: 120_000,
    });
  });
});

describe("concurrency", () => {
  test("counts waiting callers, and its refusal says that a retry may succeed", async () => {
    const held = gate();
    const slow = await host.agent("held", held.handler);
    const { chain } = await host.within(
      async (call) => {
        const two = [call.invoke("held", 1), call.invoke("held", 2)];
        await until("both run", () => slow.calls.length === 2);
        const refused = await call.invoke("held", 3);
        expect(refused.problem).toMatchObject({ code: "budget_exceeded", status: 402, dimension: "concurrency" });
        expect(refused.problem).toMatchObject({ limit: 3, actual: 4, retryable: true });
        held.open();
        await Promise.all(two);
        expect((await call.invoke("held", 3)).status).toBe(200);
      },
      { budget: { concurrency: 3 } },
    );
    const { hops, spent } = chain;
    expect(hops).toMatchObject({ done: 4, rejected: 1 });
    expect(spent.hops).toBe(4);
  });
});

describe("wallMs", () => {
  test("is a deadline: what runs then is aborted, and the chain has expired", async () => {
    const never = await host.agent("never", silent);
    const startedAt = Date.now();
    const reply = await mesh.client.invoke("never", null, { budget: { wallMs: 1_000 } });
    const took = Date.now() - startedAt;
    expect(reply.problem).toMatchObject({ code: "deadline_exceeded", status: 504 });
    expect(took).toBeGreaterThanOrEqual(990);
    expect(took).toBeLessThan(3_000);
    await until("its connection is closed", () => never.calls[0]?.closedAt(), 1_000);
    const chain = await mesh.client.chain(reply.chainId);
    expect(chain).toMatchObject({ status: "expired", reserved: NOTHING, hops: { open: 0 } });
    expect(chain.endedAt).toBeGreaterThanOrEqual(chain.startedAt + 1_000);
  });
});

describe("bytes", () => {
  const input = { text: "Grüße, 世界 🌍", more: "\u0000\n" };
  const output = ["→", { deep: "€".repeat(100) }];

  test("are the UTF-8 bytes of input and output as JSON, exactly", async () => {
    await host.agent("writer", () => output);
    const reply = await mesh.client.invoke("writer", input);
    const expected = size(input) + size(output);
    expect(reply.result.usage.bytes).toBe(expected);
    expect((await mesh.client.chain(reply.result.chainId)).spent.bytes).toBe(expected);
  });

  test("are summed over all hops of a chain", async () => {
    const { chain, result } = await host.within(async (call) => {
      await call.invoke("writer", input);
      await call.invoke("leaf", output);
    });
    const expected = 2 * size(null) + size(input) + size(output) + 2 * size(output);
    expect(result.usage.bytes).toBe(expected);
    expect(chain.spent.bytes).toBe(expected);
  });

  test("of an input that does not fit are refused before anything runs", async () => {
    const known = leaf.calls.length;
    const { problem } = await mesh.client.invoke("leaf", "123456789", { budget: { bytes: 10 } });
    expect(problem).toMatchObject({ code: "budget_exceeded", dimension: "bytes", limit: 10, actual: 11 });
    expect(leaf.calls).toHaveLength(known);
  });
});
