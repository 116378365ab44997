import { expect, test } from "vitest";
import { type AgentHost, relay, sleep } from "../support/server/agent.ts";
import type { MeshServer } from "../support/server/mesh.ts";
import { staged } from "../support/server/staged.ts";
import { until } from "../support/server/until.ts";

const SECOND = 1_000;
/** Several times the lease of 35 seconds that a hop with a long timeout has. */
const LONG_MS = 120_000;

let mesh: MeshServer;
let host: AgentHost;

staged((stage) => ({ mesh, host } = stage));

test("a hop that runs past its lease ends well: the watch renews it, and that of the caller that waits", async () => {
  const long = await host.agent("long", async () => sleep(LONG_MS, "worth the wait"), { timeoutMs: 180_000 });
  await host.agent("waiter", relay("long"), { timeoutMs: 180_000 });
  const invoked = mesh.client.invoke("waiter", null, { budget: { wallMs: 180_000 } });
  const { chainId, at } = await until("the long one is reached", () => long.calls[0]);
  // A ledger that nobody speaks to is put away, and gives a fresh lease when it is back: this one stays.
  while (Date.now() < at + LONG_MS - 3 * SECOND) {
    expect((await mesh.client.chain(chainId)).hops).toMatchObject({ open: 2, lost: 0 });
    await sleep(SECOND);
  }
  const reply = await invoked;
  expect(reply.result.output).toMatchObject({ status: 200, body: { output: "worth the wait" } });
  expect(reply.result.usage.wallMs).toBeGreaterThanOrEqual(LONG_MS);
  const chain = await mesh.client.chain(chainId);
  expect(chain).toMatchObject({ status: "done", hops: { done: 2, lost: 0, open: 0 } });
});
