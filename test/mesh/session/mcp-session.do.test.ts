/** A session's object: what it remembers when it is evicted, when it forgets, and what it keeps of what it has sent. */
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject, SELF } from "cloudflare:test";
import type { JSONRPCMessage } from "@modelcontextprotocol/server";
import { describe, expect, it } from "vitest";
import { MCP_SESSION_BYTES, MCP_SESSION_EVENTS } from "../../../mesh/limits.ts";
import { migrate } from "../../../mesh/migrations.ts";
import { SessionEvents } from "../../../mesh/session/events.ts";
import type { McpSession } from "../../../mesh/session/mcp-session.ts";
import { SESSION_MIGRATIONS } from "../../../mesh/session/migrations.ts";
import { api } from "../../support/workers/http.ts";
import { bindings } from "../../support/workers/ledger.ts";

const sessions = (bindings as unknown as { MCP_SESSION: DurableObjectNamespace<McpSession> }).MCP_SESSION;
const URL = "http://localhost/mcp";

function send(method: string, session: string | undefined, body?: unknown, headers: Record<string, string> = {}) {
  return SELF.fetch(URL, {
    method,
    headers: {
      authorization: `Bearer ${bindings.HOPLINE_ADMIN_KEY}`,
      accept: "application/json, text/event-stream",
      "content-type": "application/json",
      ...(session === undefined ? {} : { "mcp-session-id": session }),
      ...headers,
    },
    body: body === undefined ? null : JSON.stringify(body),
  });
}

async function opened() {
  const clientInfo = { name: "test", version: "1" };
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo };
  const answer = await send("POST", undefined, { jsonrpc: "2.0", id: 0, method: "initialize", params });
  await answer.text();
  const id = answer.headers.get("mcp-session-id") ?? "";
  return { id, stub: sessions.getByName(`default/${id}`) };
}

/** What was sent is written a moment later. */
const written = () => scheduler.wait(60);
const list = { jsonrpc: "2.0", id: 1, method: "tools/list" };
const tables = (stub: DurableObjectStub<McpSession>) =>
  runInDurableObject(stub, (_, { storage }) =>
    [
      ...storage.sql.exec<{ name: string }>(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\'",
      ),
    ].map(({ name }) => name),
  );

describe("a session", () => {
  it("is taken up where it was after an eviction, and says nothing twice", async () => {
    const { id, stub } = await opened();
    await written();
    const before = await runInDurableObject(
      stub,
      (_, { storage }) => storage.sql.exec("SELECT * FROM event").toArray().length,
    );
    await written();
    await evictDurableObject(stub);
    expect(await (await send("POST", id, { jsonrpc: "2.0", id: 5, method: "ping" })).text()).toContain('"id":5');
    await written();
    const after = await runInDurableObject(
      stub,
      (_, { storage }) => storage.sql.exec("SELECT * FROM event").toArray().length,
    );
    expect(after - before).toBe(1);
  });

  it("replays what was answered before an eviction, to whom comes back for it", async () => {
    const { id, stub } = await opened();
    const text = await (await send("POST", id, list, { "mcp-protocol-version": "2025-11-25" })).text();
    const opening = /^id: (\S+)$/m.exec(text)?.[1] ?? "";
    await written();
    await evictDurableObject(stub);
    const replayed = await (await send("GET", id, undefined, { "last-event-id": opening })).text();
    expect(replayed).toContain('"id":1');
    expect(replayed.match(/^data: .*$/gm)).toEqual(text.match(/^data: .+$/gm));
  });

  it("that is idle is forgotten, with all its rows; its client gets 404", async () => {
    const { id, stub } = await opened();
    expect(await tables(stub)).toContain("session");
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    expect((await send("POST", id, list)).status).toBe(404);
    expect(await tables(stub)).toEqual([]);
  });

  it("that somebody listens to is not idle", async () => {
    const { id, stub } = await opened();
    const stream = await send("GET", id);
    expect(stream.status).toBe(200);
    await runDurableObjectAlarm(stub);
    expect((await send("POST", id, list)).status).toBe(200);
    await stream.body?.cancel();
  });

  it("takes the place of its client's earlier stream: one that has died unnoticed blocks nobody", async () => {
    const { id } = await opened();
    const first = await send("GET", id);
    const second = await send("GET", id);
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(await first.text()).not.toContain("data:");
    await second.body?.cancel();
  });

  it("that nobody has opened leaves no rows, whatever it is asked", async () => {
    const { id } = await opened();
    // Another session's id by the object's name alone: the Worker's check is not asked.
    const stub = sessions.getByName(`default/never-${id}`);
    const caller = { sessionId: "x", mesh: "default", principal: "admin", scopes: ["admin"], deployment: true };
    const headers = { "hopline-session-caller": JSON.stringify(caller) };
    expect((await stub.fetch(URL, { headers })).status).toBe(404);
    expect(await tables(stub)).toEqual([]);
  });

  it("is refused to another principal by the object too", async () => {
    const { id, stub } = await opened();
    const caller = { sessionId: id, mesh: "default", principal: "key:other", scopes: ["admin"], deployment: false };
    const headers = { "hopline-session-caller": JSON.stringify(caller), "mcp-session-id": id };
    expect((await stub.fetch(URL, { headers })).status).toBe(404);
  });

  it("sends no header of the caller's to the inside, whatever a client makes up", async () => {
    const { id } = await opened();
    const key = (await api("POST", "/v1/keys", { body: { name: "small", scopes: ["read"] } })).body.key;
    const forged = { sessionId: id, mesh: "default", principal: "admin", scopes: ["admin"], deployment: true };
    const answer = await SELF.fetch(URL, {
      method: "POST",
      headers: {
        authorization: `Bearer ${key}`,
        accept: "application/json, text/event-stream",
        "content-type": "application/json",
        "mcp-session-id": id,
        "hopline-session-caller": JSON.stringify(forged),
      },
      body: JSON.stringify(list),
    });
    expect(answer.status).toBe(404);
  });
});

describe("what a session has sent", () => {
  const message = (text: string): JSONRPCMessage => ({ jsonrpc: "2.0", method: "x", params: { text } });
  const within = <T>(work: (events: SessionEvents, storage: DurableObjectStorage) => Promise<T>) =>
    runInDurableObject(sessions.get(sessions.newUniqueId()), (_, { storage }) => {
      migrate({ sql: storage.sql, transactionSync: (run) => storage.transactionSync(run) }, SESSION_MIGRATIONS);
      return work(new SessionEvents(storage.sql, Date.now()), storage);
    });
  const replay = async (events: SessionEvents, id: string) => {
    const found: unknown[] = [];
    await events.replayEventsAfter(id, {
      send: async (_, one) => void found.push((one as unknown as { params: { text: string } }).params.text),
    });
    return found;
  };

  it("comes again from a place of its own stream, and of no other", async () => {
    await within(async (events) => {
      const opening = await events.storeEvent("a", {} as JSONRPCMessage);
      const first = await events.storeEvent("a", message("1"));
      await events.storeEvent("b", message("other"));
      await events.storeEvent("a", message("2"));
      expect(await replay(events, opening)).toEqual(["1", "2"]);
      expect(await replay(events, first)).toEqual(["2"]);
    });
  });

  it("is numbered on after a restart, also when the last was not written: no id means two messages", async () => {
    await within(async (events, { sql }) => {
      const lost = await events.storeEvent("a", message("lost in a crash"));
      events.forget();
      const later = new SessionEvents(sql, Date.now() + 1);
      const next = await later.storeEvent("a", message("next"));
      expect(Number.parseInt(next, 10)).toBeGreaterThan(Number.parseInt(lost, 10));
      expect(await replay(later, lost)).toEqual(["next"]);
    });
  });

  it("comes again unharmed when it is larger than a row may be", async () => {
    await within(async (events) => {
      const opening = await events.storeEvent("a", {} as JSONRPCMessage);
      for (const large of ["é😀".repeat(400_000), `x${"é😀".repeat(400_000)}`])
        await events.storeEvent("a", message(large));
      const [one, other] = (await replay(events, opening)) as string[];
      expect([one === "é😀".repeat(400_000), other === `x${"é😀".repeat(400_000)}`]).toEqual([true, true]);
    });
  });

  it("is bounded by number and by bytes, the oldest going first", async () => {
    await within(async (events, { sql }) => {
      const opening = await events.storeEvent("a", {} as JSONRPCMessage);
      for (let place = 0; place < MCP_SESSION_EVENTS + 250; place++)
        await events.storeEvent("a", message(String(place)));
      const kept = await replay(events, opening);
      expect(kept.length).toBeLessThan(MCP_SESSION_EVENTS + 100);
      expect(kept.at(-1)).toBe(String(MCP_SESSION_EVENTS + 249));
      for (let place = 0; place < 12; place++) await events.storeEvent("b", message("x".repeat(3 * 2 ** 20)));
      const [{ bytes }] = sql.exec<{ bytes: number }>("SELECT SUM(bytes) AS bytes FROM event").toArray() as [
        { bytes: number },
      ];
      expect(bytes).toBeLessThan(MCP_SESSION_BYTES + 8 * 2 ** 20);
      const [{ parts }] = sql
        .exec<{ parts: number }>("SELECT COUNT(*) AS parts FROM event_part WHERE event NOT IN (SELECT id FROM event)")
        .toArray() as [{ parts: number }];
      expect(parts).toBe(0);
    });
  });
});
