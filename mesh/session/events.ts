/**
 * What a session has sent, kept for a client that comes back with Last-Event-ID. A message goes out at once and is written a
 * moment later, with others: waiting for the disk would cost each call more than the rest of its way. What a crash takes in
 * that moment is like a call that it has cut off; its id is not given again.
 */
import type { EventStore, JSONRPCMessage } from "@modelcontextprotocol/server";
import { MCP_EVENT_PART_CHARS, MCP_SESSION_BYTES, MCP_SESSION_EVENTS } from "../limits.ts";
import type { Sql } from "../sql.ts";
import { deleteEventsUpTo, insertEvent, readEventSizes, readEvents } from "./store.ts";

/** An id says its stream, so that it is understood when the event itself is kept no longer. */
const EVENT_ID = /^(\d{1,16})\.([\w-]{1,64})$/;

/** How long a message may wait to be written, in milliseconds. */
const WRITE_AFTER_MS = 20;
/** Ids begin anew with each life of the object, at its time: microseconds leave room for a thousand a millisecond. */
const IDS_PER_MS = 1_000;
/** How often what is kept is looked at: after so many events, or so many bytes. */
const TRIM_EVENTS = 100;
const TRIM_BYTES = MCP_SESSION_BYTES / 4;

export function isEventId(id: string): boolean {
  return EVENT_ID.test(id);
}

export class SessionEvents implements EventStore {
  readonly #sql: Sql;
  #last: number;
  #waiting: { readonly id: number; readonly stream: string; readonly json: string }[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #since = { events: 0, bytes: 0 };
  /** While a session is brought back, what it says was said before. */
  muted = false;

  constructor(sql: Sql, now: number) {
    this.#sql = sql;
    this.#last = now * IDS_PER_MS;
  }

  async storeEvent(stream: string, message: JSONRPCMessage): Promise<string> {
    // The event that opens a stream says nothing but where it begins: after all that was before.
    const opening = !("jsonrpc" in message);
    if (!opening && !this.muted) {
      this.#last += 1;
      this.#waiting.push({ id: this.#last, stream, json: JSON.stringify(message) });
      this.#timer ??= setTimeout(() => this.write(), WRITE_AFTER_MS);
    }
    return `${this.#last}.${stream}`;
  }

  /** @throws {Error} on an id that is none */
  async replayEventsAfter(
    last: string,
    { send }: { send: (id: string, message: JSONRPCMessage) => Promise<void> },
  ): Promise<string> {
    const [, id, stream] = EVENT_ID.exec(last) ?? [];
    if (id === undefined || stream === undefined) throw new Error("This is not the id of an event.");
    this.write();
    for (const { id: next, message } of readEvents(this.#sql, stream, Number(id))) {
      await send(`${next}.${stream}`, JSON.parse(message) as JSONRPCMessage);
    }
    return stream;
  }

  /** Writes what waits. */
  write(): void {
    clearTimeout(this.#timer ?? null);
    this.#timer = undefined;
    for (const { id, stream, json } of this.#waiting.splice(0)) {
      insertEvent(this.#sql, id, stream, partsOf(json));
      this.#since = { events: this.#since.events + 1, bytes: this.#since.bytes + json.length };
    }
    if (this.#since.events >= TRIM_EVENTS || this.#since.bytes >= TRIM_BYTES) this.#trim();
  }

  /** The session is over: what waits goes with it. */
  forget(): void {
    clearTimeout(this.#timer ?? null);
    this.#waiting = [];
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
