import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Answer, Ask, Message } from "../../../mesh/chain/facts.ts";
import { Courier, type Exchange } from "../../../mesh/hop/courier.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function message(hopId: string): Ask {
  return {
    type: "ask",
    chainId: "chain",
    hopId,
    callee: "a",
    skill: "a",
    address: "a",
    inputBytes: 0,
    inputDigest: "",
    estimate: { tokens: 0, costMicros: 0 },
    timeoutMs: 1,
  };
}

/** What a message is answered with: its own hop, so that answers can't be mixed up unnoticed. */
function answerOf(message: Message): Answer {
  return { verdict: "joined", chainId: message.chainId, hopId: message.hopId };
}

/** A ledger that answers flights when it is told to. */
function heldLedger() {
  const flights: { readonly messages: readonly Message[]; answer(): void; fail(error: Error): void }[] = [];
  const ledger: Exchange = {
    exchange: (messages) =>
      new Promise((resolve, reject) => {
        flights.push({ messages, answer: () => resolve(messages.map(answerOf)), fail: reject });
      }),
  };
  return { ledger, flights };
}

const ids = (messages: readonly Message[] | undefined) => messages?.map(({ hopId }) => hopId);
const after = (ms: number, run: () => void) => {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
};
const sender = { defer: () => undefined, after };
/** A turn of the event loop that costs no time. */
const loopTurn = () => Promise.resolve();
const turn = () => vi.advanceTimersByTimeAsync(0);

describe("a courier", () => {
  it("carries together what is sent in one turn, and gives each its own answer", async () => {
    const { ledger, flights } = heldLedger();
    const courier = new Courier(loopTurn);
    const sent = ["a", "b", "c"].map((id) => courier.send(message(id), ledger, sender));
    await turn();
    expect(flights.map(({ messages }) => ids(messages))).toEqual([["a", "b", "c"]]);
    flights[0]?.answer();
    expect(await Promise.all(sent)).toEqual(["a", "b", "c"].map((id) => answerOf(message(id))));
  });

  it("carries together what comes while it is under way, when it is back", async () => {
    const { ledger, flights } = heldLedger();
    const courier = new Courier(loopTurn);
    const first = courier.send(message("a"), ledger, sender);
    await turn();
    const later = ["b", "c"].map((id) => courier.send(message(id), ledger, sender));
    await turn();
    expect(flights).toHaveLength(1);
    flights[0]?.answer();
    await first;
    await turn();
    expect(ids(flights[1]?.messages)).toEqual(["b", "c"]);
    flights[1]?.answer();
    expect(await Promise.all(later)).toHaveLength(2);
  });

  /** Turns of the event loop that a test ends. */
  function heldTurns() {
    const ends: (() => void)[] = [];
    const end = async () => {
      ends.shift()?.();
      await turn();
    };
    return { turn: () => new Promise<void>((resolve) => void ends.push(resolve)), end, count: () => ends.length };
  }

  it("when it is busy it waits for what further turns bring, until four in a row bring nothing", async () => {
    const { ledger, flights } = heldLedger();
    const turns = heldTurns();
    const courier = new Courier(turns.turn);
    const send = (id: string) => void courier.send(message(id), ledger, sender);
    send("a");
    send("b");
    await turn();
    expect(flights).toHaveLength(1);
    flights[0]?.answer();
    await turn();
    send("c");
    await turn();
    for (let empty = 0; empty < 3; empty++) await turns.end();
    send("d");
    await turns.end();
    for (let empty = 0; empty < 3; empty++) await turns.end();
    expect(flights).toHaveLength(1);
    await turns.end();
    expect(ids(flights[1]?.messages)).toEqual(["c", "d"]);
  });

  it("waits for no more than ten turns, and alone for none", async () => {
    const { ledger, flights } = heldLedger();
    const turns = heldTurns();
    const courier = new Courier(turns.turn);
    const send = (id: string) => void courier.send(message(id), ledger, sender);
    send("a");
    send("b");
    await turn();
    flights[0]?.answer();
    await turn();
    const many = Array.from({ length: 12 }, (_, place) => `m${place}`);
    for (const id of many) {
      send(id);
      await turns.end();
    }
    expect(ids(flights[1]?.messages)).toEqual(many.slice(0, 11));
    flights[1]?.answer();
    await turn();
    for (let empty = 0; empty < 4; empty++) await turns.end();
    expect(ids(flights[2]?.messages)).toEqual(many.slice(11));
    flights[2]?.answer();
    await turn();
    send("alone");
    await turn();
    expect(ids(flights[3]?.messages)).toEqual(["alone"]);
    expect(turns.count()).toBe(0);
  });

  it("keeps alive the request whose own message has landed while it carries what others have left", async () => {
    const { ledger, flights } = heldLedger();
    const deferred: Promise<unknown>[] = [];
    const courier = new Courier(loopTurn);
    const sent = courier.send(message("a"), ledger, { defer: (work) => void deferred.push(work), after });
    await turn();
    courier.leave(message("b"), ledger, sender);
    expect(deferred).toHaveLength(0);
    flights[0]?.answer();
    await sent;
    await turn();
    expect(ids(flights[1]?.messages)).toEqual(["b"]);
    let landed = false;
    void deferred[0]?.then(() => {
      landed = true;
    });
    await turn();
    expect([deferred.length, landed]).toEqual([1, false]);
    flights[1]?.answer();
    await turn();
    expect(landed).toBe(true);
  });

  it("takes no more than 500 messages a flight", async () => {
    const { ledger, flights } = heldLedger();
    const courier = new Courier(loopTurn);
    const sent = Array.from({ length: 501 }, (_, n) => courier.send(message(String(n)), ledger, sender));
    await turn();
    expect(flights[0]?.messages).toHaveLength(500);
    flights[0]?.answer();
    await turn();
    expect(ids(flights[1]?.messages)).toEqual(["500"]);
    flights[1]?.answer();
    expect(await Promise.all(sent)).toHaveLength(501);
  });

  it("a flight that fails fails those in it, and the next one flies", async () => {
    const { ledger, flights } = heldLedger();
    const courier = new Courier(loopTurn);
    const failing = courier.send(message("a"), ledger, sender).catch((error: Error) => error.message);
    await turn();
    const next = courier.send(message("b"), ledger, sender);
    flights[0]?.fail(new Error("The object was reset."));
    expect(await failing).toBe("The object was reset.");
    await turn();
    flights[1]?.answer();
    expect(await next).toEqual(answerOf(message("b")));
  });

  it("who waits two seconds for the flight of another request makes the next one itself", async () => {
    const { ledger: dead } = heldLedger();
    const { ledger, flights } = heldLedger();
    const courier = new Courier(loopTurn);
    void courier.send(message("a"), dead, sender);
    await turn();
    const stranded = courier.send(message("b"), ledger, sender);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(flights.map(({ messages }) => messages)).toEqual([[message("b")]]);
    flights[0]?.answer();
    expect(await stranded).toEqual(answerOf(message("b")));
  });

  it("a message that was sent for itself does not travel again, or says that it may be known", async () => {
    const { ledger: dead } = heldLedger();
    const { ledger, flights } = heldLedger();
    const courier = new Courier(loopTurn);
    void courier.send(message("a"), dead, sender);
    await turn();
    const stranded = courier.send(message("b"), ledger, sender);
    await vi.advanceTimersByTimeAsync(2_000);
    flights[0]?.answer();
    await stranded;
    void courier.send(message("c"), ledger, sender);
    await turn();
    expect(ids(flights[1]?.messages)).toContain("c");
    const again = flights[1]?.messages.filter(({ hopId }) => hopId === "b") ?? [];
    for (const repeated of again) expect(repeated).toMatchObject({ resent: true });
  });

  it("a flight that comes back after all does not start a second one beside that of another request", async () => {
    const slow = heldLedger();
    const { ledger, flights } = heldLedger();
    const courier = new Courier(loopTurn);
    void courier.send(message("a"), slow.ledger, sender);
    await turn();
    const stranded = courier.send(message("b"), ledger, sender);
    await vi.advanceTimersByTimeAsync(2_000);
    flights[0]?.answer();
    await stranded;
    const third = courier.send(message("c"), ledger, sender);
    await turn();
    slow.flights[0]?.answer();
    await turn();
    const carried = [...slow.flights, ...flights].flatMap(({ messages }) => ids(messages));
    expect(carried.filter((id) => id === "c")).toHaveLength(1);
    for (const flight of flights) flight.answer();
    expect(await third).toEqual(answerOf(message("c")));
  });

  it("what is left travels with what is sent next, before it, in one flight", async () => {
    const { ledger, flights } = heldLedger();
    const courier = new Courier(loopTurn);
    courier.leave(message("a"), ledger, sender);
    // As many steps as lie between a callee's end and its caller's next call.
    for (let step = 0; step < 40; step++) await undefined;
    courier.leave(message("b"), ledger, sender);
    for (let step = 0; step < 40; step++) await undefined;
    const sent = courier.send(message("c"), ledger, sender);
    await turn();
    expect(flights.map(({ messages }) => ids(messages))).toEqual([["a", "b", "c"]]);
    flights[0]?.answer();
    expect(await sent).toEqual(answerOf(message("c")));
  });

  it("what is left alone is under way before the event loop turns, and keeps its request alive", async () => {
    const { ledger, flights } = heldLedger();
    const deferred: Promise<unknown>[] = [];
    const courier = new Courier(loopTurn);
    courier.leave(message("a"), ledger, { defer: (work) => void deferred.push(work) });
    for (let step = 0; step < 100; step++) await undefined;
    expect(flights.map(({ messages }) => ids(messages))).toEqual([["a"]]);
    expect(deferred).toHaveLength(1);
  });

  it("what is left while others are under way goes after them, with those who wait or without", async () => {
    const { ledger, flights } = heldLedger();
    const courier = new Courier(loopTurn);
    void courier.send(message("a"), ledger, sender);
    await turn();
    courier.leave(message("b"), ledger, sender);
    const waits = courier.send(message("c"), ledger, sender);
    flights[0]?.answer();
    await turn();
    expect(ids(flights[1]?.messages)).toEqual(["b", "c"]);
    courier.leave(message("d"), ledger, sender);
    flights[1]?.answer();
    await waits;
    await turn();
    expect(ids(flights[2]?.messages)).toEqual(["d"]);
    flights[2]?.answer();
    await turn();
    void courier.send(message("e"), ledger, sender);
    await turn();
    expect(ids(flights[3]?.messages)).toEqual(["e"]);
  });

  it("many that were left are no sign of a busy isolate", async () => {
    const { ledger, flights } = heldLedger();
    const turns = heldTurns();
    const courier = new Courier(turns.turn);
    for (const id of ["a", "b"]) courier.leave(message(id), ledger, sender);
    void courier.send(message("c"), ledger, sender);
    await turn();
    flights[0]?.answer();
    await turn();
    void courier.send(message("d"), ledger, sender);
    await turn();
    expect(ids(flights[1]?.messages)).toEqual(["d"]);
    expect(turns.count()).toBe(0);
  });

  it("says when all that was left has landed, or is lost", async () => {
    const { ledger, flights } = heldLedger();
    const courier = new Courier(turn);
    const states: string[] = [];
    const told = (name: string) => courier.landed().then(() => void states.push(name));
    await told("nothing");
    courier.leave(message("a"), ledger, sender);
    void told("a");
    await turn();
    expect(states).toEqual(["nothing"]);
    flights[0]?.answer();
    await turn();
    await turn();
    expect(states).toEqual(["nothing", "a"]);
    const error = vi.spyOn(console, "error").mockImplementation(() => undefined);
    courier.leave(message("b"), ledger, sender);
    void told("b");
    await turn();
    flights[1]?.fail(new Error("The object was reset."));
    await turn();
    await turn();
    expect(states).toEqual(["nothing", "a", "b"]);
    expect(error).toHaveBeenCalledOnce();
    error.mockRestore();
  });
});
