/** What a session has sent, kept for a client that comes back with Last-Event-ID. */
import type { EventStore, JSONRPCMessage } from "@modelcontextprotocol/server";
import { MCP_EVENT_PART_CHARS, MCP_SESSION_BYTES, MCP_SESSION_EVENTS } from "../limits.ts";
import type { Sql } from "../sql.ts";
import { deleteEventsUpTo, insertEvent, readEventSizes, readEvents, readLastEvent } from "./store.ts";

/** An id says its stream, so that it is understood when the event itself is kept no longer. */
const EVENT_ID = /^(\d{1,15})\.([\w-]{1,64})$/;

/** How often what is kept is looked at: after so many events, or so many bytes. */
const TRIM_EVENTS = 100;
const TRIM_BYTES = MCP_SESSION_BYTES / 4;

export function isEventId(id: string): boolean {
  return EVENT_ID.test(id);
}

export class SessionEvents implements EventStore {
  readonly #sql: Sql;
  #last: number | undefined;
  #since = { events: 0, bytes: 0 };
  /** While a session is brought back, what it says was said before. */
  muted = false;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  async storeEvent(stream: string, message: JSONRPCMessage): Promise<string> {
    this.#last ??= readLastEvent(this.#sql);
    // The event that opens a stream says nothing but where it begins: after all that was before.
    const opening = !("jsonrpc" in message);
    if (!opening && !this.muted) this.#last = this.#insert(stream, JSON.stringify(message));
    return `${this.#last}.${stream}`;
  }

  /** @throws {Error} on an id that is none */
  async replayEventsAfter(
    last: string,
    { send }: { send: (id: string, message: JSONRPCMessage) => Promise<void> },
  ): Promise<string> {
    const [, id, stream] = EVENT_ID.exec(last) ?? [];
    if (id === undefined || stream === undefined) throw new Error("This is not the id of an event.");
    for (const { id: next, message } of readEvents(this.#sql, stream, Number(id))) {
      await send(`${next}.${stream}`, JSON.parse(message) as JSONRPCMessage);
    }
    return stream;
  }

  #insert(stream: string, json: string): number {
    const id = insertEvent(this.#sql, stream, partsOf(json));
    this.#since = { events: this.#since.events + 1, bytes: this.#since.bytes + json.length };
    if (this.#since.events >= TRIM_EVENTS || this.#since.bytes >= TRIM_BYTES) this.#trim();
    return id;
  }

  #trim(): void {
    this.#since = { events: 0, bytes: 0 };
    let [events, bytes] = [0, 0];
    for (const { id, bytes: size } of readEventSizes(this.#sql)) {
      events += 1;
      bytes += size;
      if (events > MCP_SESSION_EVENTS || bytes > MCP_SESSION_BYTES) return deleteEventsUpTo(this.#sql, id);
    }
  }
}

/** Never between the halves of a character: a row would not keep them. */
function partsOf(json: string): string[] {
  const parts: string[] = [];
  for (let from = 0, to = 0; from < json.length; from = to) {
    to = Math.min(from + MCP_EVENT_PART_CHARS, json.length);
    if (to < json.length && isFirstHalf(json.charCodeAt(to - 1))) to -= 1;
    parts.push(json.slice(from, to));
  }
  return parts;
}

function isFirstHalf(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}
