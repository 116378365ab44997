/** Reads server-sent events as a client of the mesh does: one after the other, as they come. */
import { EventSourceParserStream } from "eventsource-parser/stream";
import type { Client, GraphHop, SendOptions } from "./client.ts";

export interface SentEvent {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: unknown;
}

/** A hop event's data. */
export type HopEvent = GraphHop & {
  readonly chainId: string;
  readonly seq: number;
  readonly type: "admitted" | "rejected" | "retried" | "ended" | "late";
  readonly at: number;
};

export class EventReader {
  readonly status: number;
  readonly headers: Headers;
  /** Everything that has come so far. */
  readonly events: SentEvent[] = [];
  /** Comments that have come so far. */
  readonly comments: string[] = [];
  /** Resolves when the stream has ended, in whatever way. */
  readonly ended: Promise<"ended" | "broken">;
  readonly #controller: AbortController;

  private constructor(response: Response, controller: AbortController) {
    this.status = response.status;
    this.headers = response.headers;
    this.#controller = controller;
    this.ended = this.#read(response).then(
      () => "ended" as const,
      () => "broken" as const,
    );
  }

  static async open(client: Client, path: string, options: SendOptions = {}): Promise<EventReader> {
    const controller = new AbortController();
    const { body, headers } = options;
    const response = await fetch(client.url + path, {
      method: body === undefined ? "GET" : "POST",
      headers: {
        authorization: `Bearer ${client.key}`,
        accept: "text/event-stream",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      signal: controller.signal,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return new EventReader(response, controller);
  }

  static invoke(client: Client, agent: string, input: unknown, more: Record<string, unknown> = {}) {
    return EventReader.open(client, `/v1/agents/${agent}/invoke`, { body: { input, ...more } });
  }

  static follow(client: Client, chainId: string, lastEventId?: string) {
    const headers = lastEventId === undefined ? {} : { "last-event-id": lastEventId };
    return EventReader.open(client, `/v1/chains/${chainId}/events`, { headers });
  }

  get hops(): HopEvent[] {
    return this.events.filter(({ event }) => event === "hop").map(({ data }) => data as HopEvent);
  }

  of(event: string): unknown[] {
    return this.events.filter((one) => one.event === event).map(({ data }) => data);
  }

  /** Leaves without a word, as a client that is closed. */
  async close(): Promise<void> {
    this.#controller.abort();
    await this.ended;
  }

  async #read({ body }: Response): Promise<void> {
    if (body === null) return;
    const parser = new EventSourceParserStream({ onComment: (comment) => void this.comments.push(comment) });
    const parsed = body
      .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
      .pipeThrough(parser);
    for await (const { event, id, data } of parsed as unknown as AsyncIterable<{
      event?: string;
      id?: string;
      data: string;
    }>) {
      this.events.push({ event: event ?? "message", id, data: JSON.parse(data) as unknown });
    }
  }
}
