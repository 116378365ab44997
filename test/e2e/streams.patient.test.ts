import { expect, test } from "vitest";
import { type AgentHost, gate } from "../support/server/agent.ts";
import { EventReader } from "../support/server/events.ts";
import type { MeshServer } from "../support/server/mesh.ts";
import { staged } from "../support/server/staged.ts";
import { until } from "../support/server/until.ts";

let mesh: MeshServer;
let host: AgentHost;

staged((stage) => ({ mesh, host } = stage));

test("the events of a chain keep a silent connection open with comments", async () => {
  const held = gate();
  const agent = await host.agent("quiet", held.handler);
  const running = mesh.client.invoke("quiet", null);
  const { chainId } = await until("the chain runs", () => agent.calls[0]);
  const stream = await EventReader.follow(mesh.client, chainId);
  await until("a comment has come", () => stream.comments.length > 0, 20_000);
  expect(stream.comments[0]?.trim()).toBe("keep-alive");
  held.open();
  await running;
  expect(await stream.ended).toBe("ended");
});
