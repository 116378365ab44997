/**
 * The load generator: a process of its own, so that its work stands in nobody's account. Each connection sends its next
 * request when it has the answer to the last one. It speaks just enough HTTP to cost little beside what it measures.
 */
import { connect, type Socket } from "node:net";
import { quantile } from "./measure.ts";

export interface Order {
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly connections: number;
  /** For how long; no end by default, then `requests` says when. */
  readonly ms?: number;
  /** How many requests in all; no bound by default. */
  readonly requests?: number;
  /** What every answer contains, as ASCII: a system that answers fast and wrongly has not answered. */
  readonly expect: string;
}

export interface Done {
  readonly requests: number;
  /** From the first request to the last answer. */
  readonly ms: number;
  /** Of single requests, from their sending to their whole answer. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Why it was given up. */
  readonly error?: string;
}

function requestOf({ port, path, headers, body }: Order): Buffer {
  const fields = { host: `127.0.0.1:${port}`, "content-length": String(Buffer.byteLength(body)), ...headers };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join("")}\r\n${body}`);
}

/** Whether `received`, as latin1 so that characters are bytes, is a whole answer. @throws when it is not the one expected */
function isWhole(received: string, expect: string): boolean {
  const head = received.indexOf("\r\n\r\n");
  if (head < 0) return false;
  const length = /\r\ncontent-length: *(\d+)/i.exec(received.slice(0, head + 2))?.[1];
  const whole = length === undefined ? received.endsWith("0\r\n\r\n") : received.length >= head + 4 + Number(length);
  if (!whole) return false;
  const right = received.startsWith("HTTP/1.1 200 ") && received.includes(expect, head);
  if (!right) throw new Error(`A request was not answered as expected: ${received.slice(0, 2_000)}`);
  return true;
}

/** How much longer requests are sent; all connections of an order share one. */
interface Rest {
  readonly endsAt: number;
  requests: number;
}

/** @returns how long each request took, in milliseconds */
function closedLoop(order: Order, rest: Rest): Promise<number[]> {
  return new Promise((resolve, reject) => {
    const request = requestOf(order);
    const socket: Socket = connect(order.port, "127.0.0.1", () => send(performance.now()));
    const took: number[] = [];
    let sentAt = 0;
    let received = "";
    const send = (now: number) => {
      if (now < rest.endsAt && rest.requests > 0) {
        rest.requests -= 1;
        sentAt = now;
        return void socket.write(request);
      }
      socket.removeAllListeners("close").destroy();
      resolve(took);
    };
    socket.setNoDelay(true).setEncoding("latin1");
    socket.on("error", reject).on("close", () => reject(new Error("The server closed a connection.")));
    socket.on("data", (chunk: string) => {
      try {
        received += chunk;
        if (!isWhole(received, order.expect)) return;
      } catch (error) {
        socket.destroy();
        return reject(error);
      }
      received = "";
      const now = performance.now();
      took.push(now - sentAt);
      send(now);
    });
  });
}

async function drive(order: Order): Promise<Done> {
  const begin = performance.now();
  const { ms = Number.POSITIVE_INFINITY, requests = Number.POSITIVE_INFINITY } = order;
  const rest: Rest = { endsAt: begin + ms, requests };
  try {
    const took = (await Promise.all(Array.from({ length: order.connections }, () => closedLoop(order, rest)))).flat();
    const all = performance.now() - begin;
    return { requests: took.length, ms: all, p50Ms: quantile(took, 0.5), p99Ms: quantile(took, 0.99) };
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    return { requests: 0, ms: 0, p50Ms: 0, p99Ms: 0, error: said };
  }
}

process.on("message", (order: Order) => void drive(order).then((done) => process.send?.(done)));
process.on("disconnect", () => process.exit());
