/** What a session has sent, kept for a client that comes back with Last-Event-ID. */
import type { EventStore, JSONRPCMessage } from "@modelcontextprotocol/server";
import { MCP_SESSION_EVENTS } from "../limits.ts";
import type { Sql } from "../sql.ts";
import { deleteEventsUpTo, insertEvent, readEvents } from "./store.ts";

/** An id says its stream, so that it is understood when the event itself is kept no longer. */
const EVENT_ID = /^(\d{1,15})\.([\w-]{1,64})$/;

export function isEventId(id: string): boolean {
  return EVENT_ID.test(id);
}

export class SessionEvents implements EventStore {
  readonly #sql: Sql;
  /** While a session is brought back, what it says was said before. */
  muted = false;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  async storeEvent(stream: string, message: JSONRPCMessage): Promise<string> {
    if (this.muted) return `0.${stream}`;
    const id = insertEvent(this.#sql, stream, JSON.stringify(message));
    // A batch at a time, so that a message costs one statement.
    if (id % 100 === 0) deleteEventsUpTo(this.#sql, id - MCP_SESSION_EVENTS);
    return `${id}.${stream}`;
  }

  /** @throws {Error} on an id that is none */
  async replayEventsAfter(
    last: string,
    { send }: { send: (id: string, message: JSONRPCMessage) => Promise<void> },
  ): Promise<string> {
    const [, id, stream] = EVENT_ID.exec(last) ?? [];
    if (id === undefined || stream === undefined) throw new Error("This is not the id of an event.");
    for (const { id: next, message } of readEvents(this.#sql, stream, Number(id))) {
      const parsed = JSON.parse(message) as JSONRPCMessage;
      // The event that opens a stream says nothing but its id.
      if ("jsonrpc" in parsed) await send(`${next}.${stream}`, parsed);
    }
    return stream;
  }
}
