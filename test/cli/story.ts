/** The events of a small chain, and a server that tells them. */
import type { ServerResponse } from "node:http";
import type { HopEvent } from "../../cli/client.ts";
import { NOW } from "./fake-mesh.ts";

export const CHAIN = "1000d0c3178585e0c67ca5d6019bbf07";
export const ENDED = {
  chainId: CHAIN,
  status: "done",
  root: { agent: "desk", principal: "admin" },
  startedAt: NOW - 1_200,
  endedAt: NOW,
  spent: { hops: 2, tokens: 10, costMicros: 1_200 },
};

export function hop(seq: number, more: Partial<HopEvent> = {}): HopEvent {
  return {
    chainId: CHAIN,
    seq,
    type: "admitted",
    at: NOW,
    hopId: "a",
    parentHopId: null,
    caller: "admin",
    callee: "desk",
    skill: "ask",
    status: "open",
    code: null,
    detail: null,
    path: ["desk"],
    startedAt: NOW - 1_000,
    endedAt: null,
    attempt: 1,
    late: false,
    usage: { hops: 1, tokens: 0, costMicros: 0 },
    ...more,
  };
}

export const STORY = [
  hop(1),
  hop(2, { hopId: "b", parentHopId: "a", caller: "desk", callee: "reader", skill: "read" }),
  hop(3, {
    hopId: "c",
    parentHopId: "a",
    caller: "desk",
    callee: "desk",
    type: "rejected",
    status: "rejected",
    code: "cycle_detected",
    path: ["desk", "desk"],
    usage: { hops: 0, tokens: 0, costMicros: 0 },
  }),
  hop(4, {
    hopId: "b",
    parentHopId: "a",
    caller: "desk",
    callee: "reader",
    skill: "read",
    type: "ended",
    status: "done",
    endedAt: NOW,
  }),
  hop(5, { type: "ended", status: "done", endedAt: NOW }),
];

export function send(response: ServerResponse, events: readonly { event: string; data: unknown; id?: number }[]): void {
  if (!response.headersSent) response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
  response.write(": keep-alive\n\n");
  for (const { event, data, id } of events) {
    response.write(`${id === undefined ? "" : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }
}

export const asEvents = (hops: readonly HopEvent[]) => hops.map((data) => ({ event: "hop", data, id: data.seq }));
export const END = { event: "chain", data: ENDED };
