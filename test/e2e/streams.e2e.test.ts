// @promise chain:followed-whole
import { describe, expect, test } from "vitest";
import { type AgentHost, gate, Raw, silent, sleep } from "../support/server/agent.ts";
import type { GraphHop, Problem, Result } from "../support/server/client.ts";
import { EventReader, type HopEvent } from "../support/server/events.ts";
import type { MeshServer } from "../support/server/mesh.ts";
import { staged } from "../support/server/staged.ts";
import { until } from "../support/server/until.ts";

let mesh: MeshServer;
let host: AgentHost;

staged((stage) => ({ mesh, host } = stage));

const line = ({ type, callee, status }: HopEvent) => `${type} ${callee} ${status}`;

/** What the events say of each hop in the end, as the graph says it. */
function lastOf(events: readonly HopEvent[]): GraphHop[] {
  const hops = new Map(
    events.map(({ chainId: _, seq: __, type: ___, at: ____, ...hop }): [string, GraphHop] => [hop.hopId, hop]),
  );
  return [...hops.values()];
}

/** Every hop's events are its admission and its end, or its refusal; numbers grow. */
function expectWhole(events: readonly HopEvent[]): void {
  const seqs = events.map(({ seq }) => seq);
  expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
  const byHop = Map.groupBy(events, ({ hopId }) => hopId);
  for (const [, own] of byHop) {
    expect(["admitted,ended", "rejected"]).toContain(own.map(({ type }) => type).join());
  }
}

describe("an invocation with Accept: text/event-stream", () => {
  test("sends each event of its chain as it happens, then the result", async () => {
    const [first, second] = [gate(), gate()];
    await host.agent("stream-leaf", async (input) =>
      ((input as number) === 1 ? first : second).handler(input, {} as never),
    );
    await host.agent("stream-root", async (_, call) => {
      await call.invoke("stream-leaf", 1);
      await call.invoke("stream-root", null);
      return (await call.invoke("stream-leaf", 2)).result.output;
    });
    const stream = await EventReader.invoke(mesh.client, "stream-root", null);
    expect(stream.status).toBe(200);
    expect(stream.headers.get("content-type")).toMatch(/^text\/event-stream/);
    const chainId = stream.headers.get("hopline-chain") ?? "";
    await until("the first call is told of", () => stream.hops.length === 2);
    expect(stream.hops.map(line)).toEqual(["admitted stream-root open", "admitted stream-leaf open"]);
    first.open("one");
    await until("the second call is told of", () => stream.hops.length === 5);
    second.open("two");
    expect(await stream.ended).toBe("ended");
    expect(stream.hops.map(line)).toEqual([
      "admitted stream-root open",
      "admitted stream-leaf open",
      "ended stream-leaf done",
      "rejected stream-root rejected",
      "admitted stream-leaf open",
      "ended stream-leaf done",
      "ended stream-root done",
    ]);
    expect(stream.events.at(-1)?.event).toBe("result");
    const [result] = stream.of("result") as [Result];
    expect(result).toMatchObject({ chainId, output: "two", usage: { hops: 3 } });
    expect(lastOf(stream.hops)).toEqual((await mesh.client.graph(chainId)).hops);
    expect(stream.events.filter(({ event }) => event === "hop").map(({ id }) => id)).toEqual(
      stream.hops.map(({ seq }) => String(seq)),
    );
  });

  test("ends with the problem of a call that failed", async () => {
    await host.agent("stream-fails", () => new Raw(503, JSON.stringify({ detail: "not today" })));
    const stream = await EventReader.invoke(mesh.client, "stream-fails", null);
    expect(await stream.ended).toBe("ended");
    const [problem] = stream.of("problem") as [Problem];
    expect(problem).toMatchObject({
      code: "upstream_error",
      status: 502,
      chainId: stream.headers.get("hopline-chain"),
    });
    expect(problem.detail).toContain("not today");
    expect(stream.of("result")).toEqual([]);
  });

  test("is answered with its status where nothing ran", async () => {
    const missing = await mesh.client.invoke("stream-nobody", null, {}, { headers: { accept: "text/event-stream" } });
    expect(missing.problem).toMatchObject({ status: 404, code: "agent_not_found" });
    const broke = await mesh.client.invoke(
      "echo",
      null,
      { budget: { hops: 0 } },
      { headers: { accept: "text/event-stream" } },
    );
    expect(broke.problem).toMatchObject({ status: 402, code: "budget_exceeded" });
    expect(broke.chainId).toBe(broke.problem.chainId);
  });

  test("is JSON for whoever likes that better", async () => {
    const accept = "application/json, text/event-stream;q=0.5";
    const reply = await mesh.client.invoke("echo", "x", {}, { headers: { accept } });
    expect(reply.result.output).toBe("x");
  });

  test("that is repeated under its Idempotency-Key gets the recorded answer as its result", async () => {
    const headers = { "idempotency-key": "stream-once" };
    const first = (await mesh.client.invoke("echo", "once", {}, { headers })).result;
    const again = await EventReader.open(mesh.client, "/v1/agents/echo/invoke", { body: { input: "once" }, headers });
    expect(await again.ended).toBe("ended");
    expect(again.of("result")).toEqual([expect.objectContaining({ output: "once", hopId: first.hopId })]);
  });

  test("whose client closes it is cancelled within seconds, with all below it", async () => {
    const leaf = await host.agent("left-leaf", silent);
    const root = await host.agent("left-root", (_, call) => call.invoke("left-leaf", null).then((reply) => reply.json));
    const stream = await EventReader.invoke(mesh.client, "left-root", null);
    const { chainId } = await until("the leaf is reached", () => leaf.calls[0]);
    const left = Date.now();
    await stream.close();
    const closed = await until("both callees were left", () => {
      const times = [leaf, root].map(({ calls }) => calls[0]?.closedAt());
      return times.every((at) => at !== undefined) && times;
    });
    for (const at of closed) expect((at ?? 0) - left).toBeLessThan(4_000);
    const chain = await until("the chain has ended", async () => {
      const chain = await mesh.client.chain(chainId);
      return chain.status !== "running" && chain;
    });
    expect(chain).toMatchObject({ status: "cancelled", hops: { cancelled: 2, open: 0 } });
  });

  test("within a chain sends what it causes, and nothing of its siblings", async () => {
    const held = gate();
    await host.agent("sibling", held.handler);
    await host.agent("sub-leaf", (input) => input);
    await host.agent("sub", async (_, call) => (await call.invoke("sub-leaf", 7)).result.output);
    const { value } = await host.within(async (call) => {
      const sibling = call.invoke("sibling", null);
      const stream = await EventReader.invoke(call.client, "sub", null);
      await stream.ended;
      held.open();
      await sibling;
      return stream;
    });
    expect(value.hops.map(line)).toEqual([
      "admitted sub open",
      "admitted sub-leaf open",
      "ended sub-leaf done",
      "ended sub done",
    ]);
    expect(value.of("result")).toEqual([expect.objectContaining({ output: 7 })]);
  });
});

describe("an agent that answers in pieces", () => {
  const write = (events: readonly [string, unknown][]) =>
    new Raw(200, events.map(([event, data]) => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`).join(""), {
      "content-type": "text/event-stream",
    });

  test("streams through to the caller as it goes, and its result is the answer", async () => {
    const go = gate();
    await host.agent("pieces", async (_, { response }) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(': hello\n\nevent: chunk\ndata: {"n":1}\n\n');
      await go.handler(null, {} as never);
      response.write('event: chunk\ndata: "two"\n\n');
      response.end('event: result\ndata: {"output":"all","usage":{"tokens":3}}\n\n');
    });
    const stream = await EventReader.invoke(mesh.client, "pieces", null);
    await until("the first piece is there", () => stream.of("chunk").length === 1);
    expect(stream.of("result")).toEqual([]);
    go.open();
    expect(await stream.ended).toBe("ended");
    expect(stream.of("chunk")).toEqual([{ n: 1 }, "two"]);
    expect(stream.of("result")).toEqual([
      expect.objectContaining({ output: "all", usage: expect.objectContaining({ tokens: 3 }) }),
    ]);
  });

  test("is an agent like any other to a caller that does not stream", async () => {
    await host.agent("pieces-plain", () =>
      write([
        ["chunk", 1],
        ["other", 2],
        ["result", { output: "all" }],
      ]),
    );
    expect((await mesh.client.invoke("pieces-plain", null)).result.output).toBe("all");
  });

  test.each([
    ["no result", write([["chunk", 1]]), "without an event 'result' or 'problem'"],
    ["a problem", write([["problem", { detail: "gave up" }]]), "gave up"],
    ["a result that is none", write([["result", { answer: 1 }]]), 'must answer with {"output"'],
    [
      "a piece that is no JSON",
      new Raw(200, "event: chunk\ndata: {\n\n", { "content-type": "text/event-stream" }),
      "not JSON",
    ],
  ])("and sends %s has failed, and its caller is told why", async (what, answer, why) => {
    const name = `pieces-${what.replaceAll(" ", "-").toLowerCase()}`;
    await host.agent(name, () => answer);
    const { problem } = await mesh.client.invoke(name, null);
    expect(problem).toMatchObject({ code: "upstream_error", status: 502 });
    expect(problem.detail).toContain(why);
  });

  test("and never stops is cut at the size of a body", async () => {
    await host.agent("pieces-endless", async (_, { response, closedAt }) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      const piece = `event: chunk\ndata: "${"x".repeat(100_000)}"\n\n`;
      while (closedAt() === undefined) {
        if (!response.write(piece)) await Promise.race([new Promise((go) => response.once("drain", go)), sleep(20)]);
      }
    });
    const { problem } = await mesh.client.invoke("pieces-endless", null);
    expect(problem).toMatchObject({ code: "upstream_error", status: 502 });
  });
});

describe("the events of a chain", () => {
  test("are those of the whole chain, then the chain itself, also after its end", async () => {
    await host.agent("told-leaf", (input) => input);
    const { chain } = await host.within(async (call) => {
      await Promise.all(Array.from({ length: 10 }, (_, n) => call.invoke("told-leaf", n)));
    });
    const stream = await EventReader.follow(mesh.client, chain.chainId);
    expect(await stream.ended).toBe("ended");
    expectWhole(stream.hops);
    expect(lastOf(stream.hops)).toEqual((await mesh.client.graph(chain.chainId)).hops);
    expect(stream.events.at(-1)).toMatchObject({ event: "chain", id: undefined });
    expect(stream.of("chain")).toEqual([await mesh.client.chain(chain.chainId)]);
  });

  test("go on where Last-Event-ID says: none twice, none missing, however often one comes back", async () => {
    const leaf = await host.agent("back-leaf", () => sleep(10, null));
    const all = host.within(async (call) => {
      for (let n = 0; n < 60; n++) await call.invoke("back-leaf", n);
    });
    const { chainId } = await until("the chain runs", () => leaf.calls[0]);
    const events: HopEvent[] = [];
    let rounds = 0;
    for (let over = false; !over; rounds++) {
      const stream = await EventReader.follow(mesh.client, chainId, events.at(-1)?.seq.toString());
      await until("something has come", () => stream.hops.length >= 7 || stream.of("chain").length === 1);
      over = stream.of("chain").length === 1;
      await stream.close();
      events.push(...stream.hops);
    }
    await all;
    expect(rounds).toBeGreaterThan(5);
    expectWhole(events);
    expect(lastOf(events)).toEqual((await mesh.client.graph(chainId)).hops);
  });

  test("that are no longer to come are refused by name", async () => {
    const { chainId } = await mesh.client.invoke("echo", 1);
    for (const id of ["x", "-1", "1.5", "1e3", "99999999999999999999", "999999999999"]) {
      const reply = await mesh.client.send(`/v1/chains/${chainId}/events`, { headers: { "last-event-id": id } });
      expect(reply.problem).toMatchObject({ status: 400, code: "invalid_request" });
      expect(reply.problem.detail).toContain("Last-Event-ID");
    }
    expect((await mesh.client.send(`/v1/chains/${"0".repeat(32)}/events`)).problem.status).toBe(404);
    const { key } = await mesh.client.createKey(["invoke"]);
    expect((await mesh.client.as(key).send(`/v1/chains/${chainId}/events`)).problem.code).toBe("insufficient_scope");
  });

  test("reach 500 followers at once, who cost nothing while nothing happens", async () => {
    const held = gate();
    const agent = await host.agent("watched", held.handler);
    const running = mesh.client.invoke("watched", null);
    const { chainId } = await until("the chain runs", () => agent.calls[0]);
    const streams = await Promise.all(Array.from({ length: 500 }, () => EventReader.follow(mesh.client, chainId)));
    await until("all have heard of the call", () => streams.every(({ hops }) => hops.length === 1), 30_000);
    held.open("over");
    await running;
    await Promise.all(streams.map(({ ended }) => ended));
    for (const { hops, events } of streams) {
      expect(hops.map(line)).toEqual(["admitted watched open", "ended watched done"]);
      expect(events.at(-1)?.event).toBe("chain");
    }
  });

  // Last: it takes the server down.
  test("are complete over kill -9 and a restart", async () => {
    await host.agent("crash-leaf", () => sleep(10, null), { timeoutMs: 1_000 });
    const caller = await host.agent(
      "crash-caller",
      async (_, call) => {
        for (let n = 0; n < 40; n++) await call.invoke("crash-leaf", n);
      },
      { timeoutMs: 5_000 },
    );
    mesh.client.invoke("crash-caller", null).catch(() => undefined);
    const { chainId } = await until("the chain runs", () => caller.calls[0]);
    const before = await EventReader.follow(mesh.client, chainId);
    await until("half of it is told", () => before.hops.length > 20);
    await mesh.crash();
    expect(await before.ended).toBe("broken");
    await mesh.restart();
    const after = await EventReader.follow(mesh.client, chainId, before.hops.at(-1)?.seq.toString());
    expect(await Promise.race([after.ended, sleep(30_000, "late")])).toBe("ended");
    const events = [...before.hops, ...after.hops];
    expectWhole(events);
    expect(lastOf(events)).toEqual((await mesh.client.graph(chainId)).hops);
    expect(events.filter(({ status }) => status === "lost").length).toBeGreaterThan(0);
  });
});
