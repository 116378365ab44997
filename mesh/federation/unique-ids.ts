/**
 * Request ids that no other client of a session uses. Calls of one isolate share a server's session, and each is a client of
 * its own that counts from nought: the protocol wants an id once in a session.
 */
import type { JSONRPCMessage, Transport, TransportSendOptions } from "@modelcontextprotocol/client";
import { nanoid } from "nanoid";

export class UniqueIds implements Transport {
  readonly #inner: Transport;
  readonly #prefix = `${nanoid()}-`;
  readonly #ids = new Map<string, string | number>();
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: NonNullable<Transport["onmessage"]>;

  constructor(inner: Transport) {
    this.#inner = inner;
  }

  get sessionId(): string | undefined {
    return this.#inner.sessionId;
  }

  get hasPerRequestStream(): boolean {
    return this.#inner.hasPerRequestStream ?? false;
  }

  setProtocolVersion(version: string): void {
    this.#inner.setProtocolVersion?.(version);
  }

  async start(): Promise<void> {
    this.#inner.onclose = () => this.onclose?.();
    this.#inner.onerror = (error) => this.onerror?.(error);
    this.#inner.onmessage = (message, extra) => this.onmessage?.(this.#received(message), extra);
    await this.#inner.start();
  }

  send(message: JSONRPCMessage, options?: TransportSendOptions): Promise<void> {
    return this.#inner.send(this.#sent(message), options);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  #sent(message: JSONRPCMessage): JSONRPCMessage {
    if ("method" in message && "id" in message && message.id !== undefined) {
      const id = `${this.#prefix}${message.id}`;
      this.#ids.set(id, message.id);
      return { ...message, id };
    }
    if ("method" in message && message.method === "notifications/cancelled") {
      const params = message.params as { requestId?: string | number } | undefined;
      return { ...message, params: { ...params, requestId: `${this.#prefix}${params?.requestId}` } } as JSONRPCMessage;
    }
    return message;
  }

  #received(message: JSONRPCMessage): JSONRPCMessage {
    if ("method" in message || !("id" in message) || message.id === undefined) return message;
    const id = this.#ids.get(String(message.id));
    if (id === undefined) return message;
    this.#ids.delete(String(message.id));
    return { ...message, id };
  }
}
